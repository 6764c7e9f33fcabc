"""The process: kopf's watch, the queue of passes, probes, logs, and the quota limiter."""
