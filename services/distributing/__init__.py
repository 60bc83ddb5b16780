"""Distributing: the line of chats that wait, giving them to agents, and taking them back."""
