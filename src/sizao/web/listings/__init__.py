"""Listed supervision (挂牌督办): decisions by two people, documents, interim reports, panels."""
