"""The fields of a class that plain data fills: names, types, and which must be there.

`typing.get_type_hints` compiles every annotation of a class and its bases anew, a fifth of the time that a mode takes to load. Nearly
all annotations repeat (`Decimal`, `str | None`), so each text is evaluated once for each module.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import attrs

_known: dict[tuple[str, str], Any] = {}


def fields_of(cls: Any) -> Mapping[str, tuple[Any, bool]]:
    """Name -> (type, whether it is required) of an attrs class or a named tuple. Raises `NameError` when an annotation names what
    its module does not import at run time."""
    said = {name: (each.__module__, text) for each in reversed(cls.__mro__) for name, text in inspect.get_annotations(each).items()}
    if attrs.has(cls):
        found = [each for each in attrs.fields(cls) if each.init]
        return {each.alias: (_evaluated(*said.get(each.name, ("", Any))), each.default is attrs.NOTHING) for each in found}
    return {name: (_evaluated(*said[name]), name not in cls._field_defaults) for name in cls._fields}


def _evaluated(module: str, said: Any) -> Any:
    """An annotation, in the module of the class that it was written in."""
    text = getattr(said, "__forward_arg__", said)  # a named tuple wraps its annotations
    if not isinstance(text, str):
        return said
    if (module, text) not in _known:
        _known[module, text] = eval(text, vars(sys.modules[module]))  # as typing.get_type_hints does
    return _known[module, text]
