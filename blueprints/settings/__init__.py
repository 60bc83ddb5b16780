"""What administrators change."""
