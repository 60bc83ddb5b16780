"""The team: agents, their access, roles and groups; who joins, who leaves, and who takes over."""
