"""The rules of a trail as checks that run in tests: on any FastAPI application, given a scenario of requests."""

from greenroom.kit.trail.rules.attempts import alterations
from greenroom.kit.trail.rules.laws import LAWS, Violation, unexercised, violations
from greenroom.kit.trail.rules.parity import differences, normalised
from greenroom.kit.trail.rules.recorder import Recorder, Step

__all__ = ["LAWS", "Recorder", "Step", "Violation", "alterations", "differences", "normalised", "unexercised", "violations"]
