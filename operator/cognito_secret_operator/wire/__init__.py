"""The texts that others read and write: the resource, its status, the journal."""
