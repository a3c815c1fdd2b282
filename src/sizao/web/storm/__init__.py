"""The inbox in a storm: load per operator, groups, one signature for many."""
