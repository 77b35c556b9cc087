"""Training the policy for a chosen lam: MoCAN, PeCAN, RLOO and GRPO, resumable, on one reference."""
