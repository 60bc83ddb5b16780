"""Signing in: passwords, second factors, and the browsers that are signed in."""
