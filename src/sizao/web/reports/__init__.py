"""Reports from people: citizens, road staff, village persuaders. Open311 in, pages to work them."""
