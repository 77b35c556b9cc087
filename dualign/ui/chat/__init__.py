"""The chat page: a comparison of policies, what was said, its safety panel, blind votes, exports."""
