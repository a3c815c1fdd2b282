"""Other platforms (JT/T 809): what they said, what we told them, texts they sent to vehicles."""
