"""What `selftest` checks of an installation: access, resource type, endpoints."""
