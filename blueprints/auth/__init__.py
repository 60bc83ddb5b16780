"""Signing in, the first administrator, one's own profile."""
