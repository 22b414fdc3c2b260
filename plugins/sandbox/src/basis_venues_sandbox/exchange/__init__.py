"""The local exchange: one matching core, three real dialects, scripted faults."""

from __future__ import annotations

from .control.client import Control, ControlFailed
from .running import Running, running_sandbox

__all__ = ["Control", "ControlFailed", "Running", "running_sandbox"]
