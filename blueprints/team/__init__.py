"""Settings → Team: agents and groups."""
