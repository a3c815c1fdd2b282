"""Rules over passages, weighings and other records, one file each."""
