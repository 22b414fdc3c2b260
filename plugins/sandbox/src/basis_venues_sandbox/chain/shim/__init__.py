"""The proxy in front of the node: counts, and scripted faults."""

from __future__ import annotations

from .faults import VERBS, Fault, fault
from .server import Shim

__all__ = ["VERBS", "Fault", "Shim", "fault"]
