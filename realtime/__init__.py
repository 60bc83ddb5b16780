"""A committed event becomes bytes on sockets."""
