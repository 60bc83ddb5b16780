"""Walks through the open points of chatra.md (§10, §11) with an account's own keys."""
