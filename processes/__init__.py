"""How a desk runs: one preloaded parent forks web, workers and scheduler and looks after Redis."""
