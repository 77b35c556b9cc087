"""The page Evaluate in parts: cached data, one policy at the lens, its replies, the experiments."""
