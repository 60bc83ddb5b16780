"""Adapters: what each channel says, translated to what Deskbell means. They never touch the database."""
