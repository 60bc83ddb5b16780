"""All cases that are no active chats."""
