"""RQ's entry points, thin: they look up what to do and call the domain."""
