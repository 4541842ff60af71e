"""The ways a worker is started."""
