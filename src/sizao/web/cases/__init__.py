"""Cases: the joint response to warnings, with clocks and a timeline."""
