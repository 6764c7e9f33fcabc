"""The resource on the wire -> values, with every default filled in."""
# ruff: noqa: A005 - the domain's word; imports are relative, so the standard library's keeps its name
