"""The strict converter that turns plain data from YAML and TOML into attrs classes and named tuples.

cattrs by default ignores unknown keys, turns `"false"` into `True` and `1.9` into `1`, and its errors carry the values they refuse. This
converter takes each value as it was written or not at all, and raises `Misfit` with everything that is wrong: where, and what was
expected, never what was found. A secret pasted in the wrong place stays unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import is_any_set, is_mapping

from ..amounts import exact
from ..errors import ConfigurationError, InvalidAction
from ..secret import Secret
from .fields import fields_of
from .misfit import Misfit, Path, nearest

Hook = Callable[[Any, Any], Any]


def make_converter() -> cattrs.Converter:
    """A new strict converter, independent of every other. The caller may register hooks of its own on it.

    A class with a class method `structured` makes its instances itself, from the data as it stands.
    """
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook_factory(is_any_set, lambda _: _refuse_set)
    converter.register_structure_hook_factory(_is_list, lambda cls: _list_hook(cls, converter))
    converter.register_structure_hook_factory(is_mapping, lambda cls: _mapping_hook(cls, converter))
    converter.register_structure_hook_factory(_is_record, lambda cls: _record_hook(cls, converter))
    converter.register_structure_hook_func(_is_literal, _choice)
    for kind, hook in _SCALARS.items():
        converter.register_structure_hook(kind, _enums_apart(hook))
    converter.register_structure_hook_func(_is_enum, _member)
    converter.register_structure_hook_factory(_is_optional, lambda cls: _optional_hook(cls, converter))
    converter.register_structure_hook_func(_structures_itself, lambda data, cls: cls.structured(data))
    converter.register_unstructure_hook(Secret, _refuse_secret)
    return converter


def _record_hook(cls: Any, converter: cattrs.Converter) -> Hook:
    """Structures one class by walking its fields: for documents read once, compiling a function for each class costs more."""
    fields = fields_of(cls)

    def structure(data: Any, _: Any) -> Any:
        problems: list[tuple[Path, str]] = []
        arguments: dict[str, Any] = {}
        for name, (kind, required) in fields.items():
            if name in _keyed(data):
                arguments[name] = _part(converter, data[name], kind, name, problems)
            elif required:
                problems.append(((name,), "is missing"))
        for name in data:
            if name not in fields:
                problems.append(((name,), _unknown(name, fields)))
        return _made(cls, arguments, problems)

    return structure


def _unknown(name: object, known: Iterable[str]) -> str:
    return f"is not a known key{nearest(name, known) or '; known here: ' + ', '.join(sorted(known))}"


def _made(cls: Any, arguments: dict[str, Any], problems: list[tuple[Path, str]]) -> Any:
    if problems:
        raise Misfit(*problems)
    try:
        return cls(**arguments)
    except ConfigurationError as error:
        said: tuple[str | tuple[Path, str], ...] = error.problems
    except Exception as error:  # the texts of validators carry values
        blamed = tuple(part.name for part in error.args if isinstance(part, attrs.Attribute))[:1]
        said = ((blamed, f"does not fit the rules of {cls.__name__}"),)
    raise Misfit(*said)


def _optional_hook(cls: Any, converter: cattrs.Converter) -> Hook:
    kind = next(each for each in get_args(cls) if each is not NoneType)
    return lambda data, _: None if data is None else converter.structure(data, kind)


def _list_hook(cls: Any, converter: cattrs.Converter) -> Hook:
    items = get_args(cls) or (Any, ...)
    open_ended = get_origin(cls) is not tuple or items[-1] is ...
    make = tuple if tuple in (cls, get_origin(cls)) else list

    def structure(data: Any, _: Any) -> Any:
        if not isinstance(data, (list, tuple)):
            raise Misfit("expected a list")
        if not open_ended and len(data) != len(items):
            raise Misfit(f"expected a list of {len(items)}")
        problems: list[tuple[Path, str]] = []
        kinds = [items[0]] * len(data) if open_ended else items
        parts = make(_part(converter, each, kind, place, problems) for place, (each, kind) in enumerate(zip(data, kinds, strict=True)))
        if problems:
            raise Misfit(*problems)
        return parts

    return structure


def _mapping_hook(cls: Any, converter: cattrs.Converter) -> Hook:
    key_kind, value_kind = get_args(cls) or (Any, Any)

    def structure(data: Any, _: Any) -> Any:
        problems: list[tuple[Path, str]] = []
        parts = {
            _part(converter, key, key_kind, key, problems): _part(converter, value, value_kind, key, problems)
            for key, value in _keyed(data).items()
        }
        if problems:
            raise Misfit(*problems)
        return parts

    return structure


def _part(converter: cattrs.Converter, value: Any, kind: Any, step: Any, problems: list[tuple[Path, str]]) -> Any:
    """The part at `step`; what is wrong with it is added to `problems`."""
    try:
        return converter.structure(value, kind)
    except Misfit as error:
        problems.extend(error.under(step))
    except ConfigurationError as error:
        problems.extend(((step,), text) for text in error.problems)
    except Exception:  # of a hook that is not ours: its text may carry the value
        problems.append(((step,), f"does not fit {getattr(kind, '__name__', 'what is expected here')}"))
    return None


def _keyed(data: Any) -> dict[Any, Any]:
    if not isinstance(data, dict):
        raise Misfit("expected keys with values")
    return data


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


def _member(value: Any, cls: type[Enum]) -> Enum:
    allowed = [member.value for member in cls]
    return cls(_choice(value, Literal[tuple(allowed)]))


def _is_record(cls: Any) -> bool:
    return attrs.has(cls) or (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_field_defaults"))


def _is_literal(cls: Any) -> bool:
    return get_origin(cls) is Literal


def _is_list(cls: Any) -> bool:
    return cls in (tuple, list) or get_origin(cls) in (tuple, list)


def _is_optional(cls: Any) -> bool:
    return get_origin(cls) in (UnionType, Union) and len(get_args(cls)) == 2 and NoneType in get_args(cls)


def _structures_itself(cls: Any) -> bool:
    return hasattr(cls, "structured")


def _is_enum(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Enum)


def _enums_apart(hook: Hook) -> Hook:
    # cattrs dispatches by inheritance: an enum of text would be taken for text
    return lambda value, cls: _member(value, cls) if _is_enum(cls) else hook(value, cls)


_SCALARS: dict[type, Hook] = {
    str: _text,
    int: _whole,
    bool: _switch,
    Decimal: _amount,
    float: _no_float,
    Secret: _secret,
}
