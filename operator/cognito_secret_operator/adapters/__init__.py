"""Adapters: each module implements a port for one outside system; translation, no decisions."""
