"""The intake: an HTTP process for feeds whose senders bring records and not a byte stream."""
