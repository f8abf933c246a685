"""Real engines for tests: one of each for all workers of a run, started by the first that asks."""
