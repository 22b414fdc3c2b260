"""Carrying actions out: the tight loop, settling of unknown outcomes, recovery, and the `ExecutionManager` that puts them together."""
