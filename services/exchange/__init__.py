"""Exchange: channels, what comes in through them and what is owed to them."""
