"""Attendance: who is there, in which status, and what the vendors are told of it."""
