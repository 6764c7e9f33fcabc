"""Fakes of the ports, builders of views, and a small world that puts the fakes together."""
