"""What integration tests and the demo run in: the real operator process, and ways to watch it."""
