"""Expected against measured: what policies do on held-out prompts, and how far predictions held."""
