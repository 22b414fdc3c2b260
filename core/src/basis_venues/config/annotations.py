"""The type that a field is annotated with.

`typing.get_type_hints` compiles every annotation of a class and its bases anew, a fifth of the time a mode takes to load. Nearly all
annotations repeat (`Decimal`, `str | None`), so each text is evaluated once for each module.
"""

from __future__ import annotations

import sys
from typing import Any

import attrs

_known: dict[tuple[str, str], Any] = {}


def annotation(cls: type, field: attrs.Attribute[Any]) -> Any:
    """The type of a field of an attrs class, evaluated where the class that declares it was written. Raises `NameError` when the
    annotation names what its module does not import at run time."""
    if not isinstance(field.type, str):
        return field.type
    module = next((each.__module__ for each in cls.__mro__ if field.name in each.__dict__.get("__annotations__", ())), cls.__module__)
    place = (module, field.type)
    if place not in _known:
        _known[place] = eval(field.type, vars(sys.modules[module]))  # as typing.get_type_hints does
    return _known[place]
