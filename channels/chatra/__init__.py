"""Chatra: a live chat whose conversations come by webhook and whose answers go out by REST (chatra.md)."""
