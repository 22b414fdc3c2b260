"""JSON Schemas (draft-07) of the configuration files, for editors: the same classes that read the files, walked field by field.

What editors show of a key is the class's docstring. A schema is as strict as the reader about names and types; rules that hold between
keys stay with the reader.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import attrs

from ..actions import Action, FromLeg, action_classes
from ..market.settings import DataSettings
from . import environments, limits, modes, requirements
from .fields import fields_of
from .routes import TWINS

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
FOLDER = "schemas"
_SCALARS: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": ["number", "string"]},
    NoneType: {"type": "null"},
    FromLeg: {"type": "object", "properties": {"from_leg": {"type": "integer"}}, "required": ["from_leg"], "additionalProperties": False},
    Any: {},
}


class Known(NamedTuple):
    """What is installed: the venues, the action types, and each venue's settings class."""

    venues: tuple[str, ...]
    action_types: tuple[str, ...]
    settings: Mapping[str, type]


def schemas(known: Known) -> dict[str, Schema]:
    """Every schema, by the name of its file without `.json`."""
    made = {
        "mode": _mode(known),
        "environment": _named(environments._File, known),
        "requirements": _named(requirements._File, known),
        "limits": schema_of(limits._File),
        "data": schema_of(DataSettings),
        "plan": _plan(),
    }
    made |= {f"venue-{name}": schema_of(cls, overlay=True) for name, cls in known.settings.items()}
    return {name: {"$schema": DRAFT, "title": _TITLES.get(name.partition("-")[0], name), **schema} for name, schema in made.items()}


_TITLES = {
    "mode": "a strategy's mode, configs/modes/NAME.yaml",
    "environment": "a profile, configs/environments/NAME.yaml",
    "requirements": "venue_requirements.yaml",
    "limits": "spend limits, limits.yaml",
    "data": "data settings, configs/data/NAME.yaml",
    "plan": "a plan, configs/plans/NAME.yaml",
    "venue": "a venue's static settings, configs/venues/NAME.yaml",
}


def schema_of(kind: Any, overlay: bool = False) -> Schema:
    """The schema of a type. `overlay`: what is written is laid over defaults, so that nothing must be there."""
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return _either([schema_of(each, overlay) for each in arguments])
    if origin in (tuple, list) or kind in (tuple, list):
        return _array(arguments, overlay)
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1], overlay)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    return _record(kind, overlay)


def _either(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _array(arguments: tuple[Any, ...], overlay: bool) -> Schema:
    if not arguments:
        return {"type": "array"}
    if arguments[-1] is ... or len(arguments) == 1:
        return {"type": "array", "items": schema_of(arguments[0], overlay)}
    items = [schema_of(each, overlay) for each in arguments]
    return {"type": "array", "items": items, "minItems": len(items), "maxItems": len(items)}


def _record(cls: Any, overlay: bool) -> Schema:
    fields = fields_of(cls)
    schema: Schema = {
        "type": "object",
        **({"description": words} if (words := _words(cls)) else {}),
        "properties": {name: _with_default(cls, name, schema_of(kind, overlay)) for name, (kind, _) in fields.items()},
        "additionalProperties": False,
    }
    required = [name for name, (_, needed) in fields.items() if needed and not overlay]
    return {**schema, "required": required} if required else schema


def _with_default(cls: Any, name: str, schema: Schema) -> Schema:
    """The schema, with the default that a plain value has."""
    defaults = {each.alias: each.default for each in attrs.fields(cls)} if attrs.has(cls) else getattr(cls, "_field_defaults", {})
    default = defaults.get(name)
    if isinstance(default, Decimal):
        return {**schema, "default": str(default)}
    return {**schema, "default": default} if isinstance(default, (str, int, bool)) else schema


def _words(cls: Any) -> str:
    """The class's docstring as one text; of a private class, nothing."""
    said = "" if cls.__name__.startswith("_") else inspect.getdoc(cls) or ""
    return " ".join(said.split())


def _names(known: Iterable[str]) -> Schema:
    return {"enum": list(known)}


def _named(cls: Any, known: Known) -> Schema:
    """The schema of a class whose keys or lists are venues: `venues` by name, `..._venues` as lists."""
    schema = schema_of(cls)
    venues = schema["properties"].get("venues")
    if venues is not None:
        each = venues.pop("additionalProperties")
        venues |= {"properties": dict.fromkeys(known.venues, each), "additionalProperties": False}
    for part in _objects(schema):
        for name in ("required_venues", "optional_venues"):
            if name in part.get("properties", {}):
                part["properties"][name]["items"] = _names(known.venues)
    return schema


def _objects(schema: Schema) -> Iterable[Schema]:
    yield schema
    for part in (*schema.get("properties", {}).values(), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from _objects(part)


def _mode(known: Known) -> Schema:
    """A mode's keys: those of the reader's classes, with the installed venues and action types as names."""
    types = tuple(dict.fromkeys(name for each in known.action_types for name in (each, TWINS.get(each, each))))
    venues = _names(known.venues)
    listed = {"type": "array", "items": venues, "uniqueItems": True}
    entries = {each: _entry(each, venues) for each in types}
    schema = schema_of(modes._Top)
    schema["properties"]["venues"] = {
        "type": "object",
        "description": "Which venues the strategy can use: lists of subscriptions, entries by action type, or both.",
        "properties": {
            "data_subscriptions": listed,
            "execution_subscriptions": {"type": "object", "properties": dict.fromkeys(types, listed), "additionalProperties": False},
            **entries,
        },
        "additionalProperties": False,
    }
    weights = {"type": "object", "properties": dict.fromkeys(known.venues, schema_of(Decimal)), "additionalProperties": False}
    schema["properties"]["allocation"] = {"type": "object", "properties": dict.fromkeys(types, weights), "additionalProperties": False}
    return schema


def _entry(action_type: str, venues: Schema) -> Schema:
    schema = schema_of(modes.Entry)
    for option, homes in modes._OPTIONS.items():
        if action_type not in homes:
            del schema["properties"][option]
    for name in ("primary", "on_chain_leverage_venue", "lst_type"):
        if name in schema["properties"]:
            schema["properties"][name] = venues
    return schema


def _plan() -> Schema:
    from ..run.plan import _File

    schema = schema_of(_File)
    timed = [_action(cls, timed=True) for _, cls in sorted(action_classes().items()) if cls.action_types]
    schema["properties"]["actions"] = {"type": "array", "items": {"anyOf": timed}}
    return schema


def _action(cls: type[Action], timed: bool = False) -> Schema:
    """An action as a plan writes it; `timed`: with its moment and id, which the legs of a bundle do not have."""
    schema = _record(cls, overlay=False)
    properties = schema["properties"]
    properties["action"] = {"const": cls.__name__}
    if "good_for" in properties:
        properties["good_for"] = {"type": ["integer", "string"]}
    if "legs" in properties:
        legs = [_action(each) for _, each in sorted(action_classes().items()) if each is not cls]
        properties["legs"] = {"type": "array", "items": {"anyOf": legs}, "minItems": 1}
    needed = ("at", "id", "action") if timed else ("action",)
    if timed:
        properties["at"] = {"type": "string", "description": "start, start+30d, end-1h, or a time such as 2024-08-01T00:00:00Z"}
    schema["required"] = list(dict.fromkeys((*needed, *schema.get("required", ()))))
    return schema
