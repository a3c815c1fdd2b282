"""The handover note (交接班): what is open, signed by the outgoing and the incoming person."""
