"""Conversations: cases and their live part, the chats; who writes in them, what is said, and when they end."""
