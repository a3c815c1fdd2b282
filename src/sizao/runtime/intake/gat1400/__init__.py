"""GA/T 1400 over HTTP: receiver, subscriber, and server of other platforms' subscriptions."""
