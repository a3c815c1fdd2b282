"""What the supervised fleet did on the roads, added up each night; never a vehicle."""
