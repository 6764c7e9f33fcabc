"""The core: what is so, what follows from it. Pure; no clock, randomness, client or logging."""
