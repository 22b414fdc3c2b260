"""What a start is spared."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage inside. A start makes classes and settings that all stay: to look through them again and again, as Python
    does after every few hundred of them, finds nothing and is a tenth of the whole. Leaves a collector alone that is off already."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
