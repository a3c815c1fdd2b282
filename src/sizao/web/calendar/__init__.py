"""Market days, school terms, holidays and events as dated data that two people keep."""
