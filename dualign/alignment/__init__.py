"""Training the policy for a chosen lam: MoCAN, PeCAN, RLOO and GRPO, resumable, on one reference.

torch is imported when something is trained, never with this package.
"""

from dualign.alignment.estimate import Estimate, Expected, Interval, estimate, expectation
from dualign.alignment.launch import job_spec, launch
from dualign.alignment.objective import Objective, policy_names, resolve
from dualign.alignment.off_policy import OffPolicy, off_policy
from dualign.alignment.outcome import Stopped
from dualign.alignment.preferences import (
    Preferences,
    hard_preferences,
    preference_probability,
    soft_preferences,
)
from dualign.alignment.spec import METHODS, AlignSpec, Method, TrainOptions
from dualign.alignment.train import TrainResult, train

__all__ = [
    "METHODS",
    "AlignSpec",
    "Estimate",
    "Expected",
    "Interval",
    "Method",
    "Objective",
    "OffPolicy",
    "Preferences",
    "Stopped",
    "TrainOptions",
    "TrainResult",
    "estimate",
    "expectation",
    "hard_preferences",
    "job_spec",
    "launch",
    "off_policy",
    "policy_names",
    "preference_probability",
    "resolve",
    "soft_preferences",
    "train",
]
