"""Three applications that sign in all the time with a secret that is rotated under them.

Each is a program of its own, as a user would write it; none of them knows the operator's package.
"""
