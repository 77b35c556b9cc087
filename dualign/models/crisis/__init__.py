"""The crisis detector: reads what a user typed before any model does, in plain Python and numpy."""

from dualign.models.crisis.detector import URGENCY, CrisisSignal, detect

__all__ = ["URGENCY", "CrisisSignal", "detect"]
