"""The strict converter that turns plain data from YAML and TOML into attrs classes.

cattrs by default ignores unknown keys, turns `"false"` into `True` and `1.9` into `1`. This one takes each value as it was written or not
at all, and what it raises says what was expected and never what was found: a secret pasted in the wrong place stays unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import Any, Literal, NoReturn, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import is_any_set, is_mapping, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn

from ..amounts import exact
from ..errors import InvalidAction
from ..secret import Secret


class Misfit(ValueError):
    """A value that is not what its place asks for. The text says what is expected and never shows the value."""


def make_converter() -> cattrs.Converter:
    """A new strict converter, independent of every other. The caller may register hooks of its own on it."""
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
    tuple_of = converter.get_structure_hook(tuple[Any, ...])

    def a_tuple(value: Any, cls: Any) -> Any:
        return tuple_of(_listed(value), cls)

    converter.register_structure_hook_func(lambda cls: cls is tuple or get_origin(cls) is tuple, a_tuple)
    converter.register_structure_hook_factory(is_mapping, lambda cls: _keyed(mapping_structure_factory(cls, converter)))
    converter.register_structure_hook_factory(attrs.has, lambda cls: _keyed(make_dict_structure_fn(cls, converter)))
    converter.register_structure_hook_func(is_any_set, _refuse_set)
    converter.register_structure_hook_func(lambda cls: get_origin(cls) is Literal, _choice)
    for kind, hook in _SCALARS.items():
        converter.register_structure_hook(kind, _enums_apart(hook))
    converter.register_structure_hook_func(_is_enum, _member)
    converter.register_unstructure_hook(Secret, _refuse_secret)
    return converter


def nearest(word: object, known: Iterable[object]) -> str:
    """`; did you mean X?` for the known name that is closest to `word`, or nothing. `word` itself is not shown."""
    names = [str(name) for name in known]
    found = get_close_matches(word, names, 1) if isinstance(word, str) else []
    return f"; did you mean {found[0]}?" if found else ""


def _text(value: Any, _: Any) -> str:
    if type(value) is not str:
        raise Misfit("expected text" + ("" if isinstance(value, (dict, list)) or value is None else ": put it in quotes"))
    return value


def _whole(value: Any, _: Any) -> int:
    if type(value) is not int:
        raise Misfit("expected a whole number, without quotes")
    return value


def _switch(value: Any, _: Any) -> bool:
    if type(value) is not bool:
        raise Misfit("expected true or false, without quotes")
    return value


def _amount(value: Any, _: Any) -> Decimal:
    if type(value) in (Decimal, int, str):
        try:
            return exact(value)
        except InvalidAction:
            pass
    raise Misfit("expected a finite number, such as 0.25")


def _no_float(_value: Any, _: Any) -> NoReturn:
    raise Misfit("is declared as a float; settings classes use Decimal or int")


def _secret(value: Any, cls: Any) -> Secret:
    return Secret(_text(value, cls))


def _refuse_secret(_value: Any) -> NoReturn:
    raise TypeError("a secret is never turned into plain data")


def _refuse_set(_value: Any, _: Any) -> NoReturn:
    raise Misfit("is declared as a set; settings classes use tuple[..., ...], which keeps the order")


def _choice(value: Any, cls: Any) -> Any:
    allowed = get_args(cls)
    for choice in allowed:
        if type(choice) is type(value) and choice == value:
            return choice
    raise Misfit(f"expected one of {', '.join(map(str, allowed))}{nearest(value, allowed)}")


def _is_enum(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Enum)


def _enums_apart(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    # cattrs dispatches by inheritance: an enum of text would be taken for text
    return lambda value, cls: _member(value, cls) if _is_enum(cls) else hook(value, cls)


def _member(value: Any, cls: type[Enum]) -> Enum:
    allowed = [member.value for member in cls]
    return cls(_choice(value, Literal[tuple(allowed)]))


def _listed(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise Misfit("expected a list")
    return value


def _keyed(structure: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(value: Any, cls: Any) -> Any:
        if not isinstance(value, dict):
            raise Misfit("expected keys with values")
        return structure(value, cls)

    return checked


_SCALARS: dict[type, Callable[[Any, Any], Any]] = {
    str: _text,
    int: _whole,
    bool: _switch,
    Decimal: _amount,
    float: _no_float,
    Secret: _secret,
}
