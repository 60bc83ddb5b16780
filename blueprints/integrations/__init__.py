"""Channels: connected, watched, mended."""
