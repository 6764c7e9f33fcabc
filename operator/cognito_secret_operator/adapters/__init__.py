"""The ports fulfilled, one outside system a module: translation, and no decisions."""
