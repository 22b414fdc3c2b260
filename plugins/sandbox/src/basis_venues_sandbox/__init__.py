"""A local exchange that speaks the wire of Binance, Bybit and OKX, and a local chain with the protocols on it."""

from __future__ import annotations

from .exchange import Control, Running, running_sandbox

__all__ = ["Control", "Running", "running_sandbox"]
