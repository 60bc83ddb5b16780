"""Our own website chat. Its socket and its pages are ours, so nothing passes through the inbox or the outbox."""
