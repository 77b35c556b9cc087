"""The Align page: choose what to train, see what to expect, launch it, watch it, compare and delete jobs."""
