"""The live chats: list, thread, panel and what an agent does there."""
