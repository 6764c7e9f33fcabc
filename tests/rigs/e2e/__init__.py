"""The whole of it on a real node: image, chart, applications, rotations, and what happens beside.

`python -m e2e` runs it; `make e2e` is the door.
"""
