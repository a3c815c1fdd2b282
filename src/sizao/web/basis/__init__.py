"""What a warning rested on and does not any more: withdrawn, corrected, cleared, cancelled."""
