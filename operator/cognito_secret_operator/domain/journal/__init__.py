"""The operator's own record of a client: its values, and each change that it can go through."""
