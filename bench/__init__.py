"""What `make bench` runs: the desk as `make run` starts it, measured beside raw figures of the same machine."""
