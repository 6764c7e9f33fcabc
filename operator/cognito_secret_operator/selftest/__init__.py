"""Checks of an installation by the command `selftest`: access, resource type, endpoints."""
