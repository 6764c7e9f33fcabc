"""The main job, watched: two rotations of one client on a real API server."""
