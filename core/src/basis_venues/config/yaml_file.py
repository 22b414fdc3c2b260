"""YAML as this library reads it: a strict subset, with the line of every key.

Numbers with a fraction become `Decimal` of their text. Only `true` and `false` are switches, only plain decimal digits are whole numbers;
what YAML 1.1 would make of `no`, `1:30`, `010`, `0xAB` or `2024-01-01` stays text. Duplicate keys, tags and aliases are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import yaml

from ..errors import ConfigurationError
from .document import Document
from .misfit import Path

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's loader is nine times faster

_CORE = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_TEXT_TAGS = frozenset(_CORE + kind for kind in ("str", "int", "float", "bool", "timestamp", "value", "merge"))
_DIGITS = 100
"""The longest whole number; uint256 has 78 digits."""
_PRIVATE_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def read_yaml(file: FilePath, *, shipped: bool = False) -> Document:
    """Read a YAML file. `shipped` files come inside a plugin and may hold 32-byte constants, which elsewhere look like private keys.

    Raises `ConfigurationError` with all problems found; a file that cannot be read, too.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8 text") from None
    return parse_yaml(text, str(file), shipped=shipped)


def parse_yaml(text: str, file: str, *, shipped: bool = False) -> Document:
    """The same for text that was read already; `file` is what problems name."""
    root = _compose(text, file)
    if root is None:
        return Document(file, {})
    builder = _Builder(shipped)
    data = builder.build(root, ())
    document = Document(file, data, lambda path: _line(root, path))
    if builder.problems:
        raise document.error(builder.problems)
    return document


def _compose(text: str, file: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()  # type: ignore[no-any-return]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        reason = re.sub(r"""['"].*['"]""", "...", str(error.problem or error.context), flags=re.DOTALL)
    except yaml.YAMLError:
        where, reason = file, "it holds characters that YAML does not allow"
    finally:
        loader.dispose()
    raise ConfigurationError(f"{where}: is not YAML: {reason}")


class _Builder:
    """Builds plain data from nodes and notes what it refuses."""

    def __init__(self, shipped: bool) -> None:
        self.problems: list[tuple[Path, str]] = []
        self._shipped = shipped
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._seen:
            self.problems.append((path, "repeats another part by an alias; write it out"))
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
            return [self.build(item, (*path, place)) for place, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
            return self._mapping(node, path)
        self.problems.append((path, "has a YAML tag; tags are not read here"))
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        data: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append((path, "has a key that is not text"))
                continue
            key = self._scalar(key_node, path)
            place = (*path, str(key))
            if key in data:
                self.problems.append((place, f"stands here and again on line {key_node.start_mark.line + 1}; keep one"))
            lines[key] = key_node.start_mark.line
            data[key] = self.build(value_node, place)
        return data

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind, text = node.tag, node.value
        if kind == _CORE + "null":
            return None
        if kind == _CORE + "int" and _WHOLE.fullmatch(text):
            if len(text) > _DIGITS:
                self.problems.append((path, f"is a number of {len(text)} digits"))
                return 0
            return int(text)
        if kind == _CORE + "float" and _FRACTION.fullmatch(text):
            return Decimal(text)
        if kind == _CORE + "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind not in _TEXT_TAGS:
            self.problems.append((path, "has a YAML tag; tags are not read here"))
        elif not self._shipped and _PRIVATE_KEY.fullmatch(text):
            self.problems.append((path, "looks like a private key; secrets belong into env.unified, never into YAML"))
        return text


def _line(root: yaml.Node, path: Path) -> int | None:
    node, line = root, root.start_mark.line + 1
    for step in path:
        found = next((pair for pair in _children(node) if pair[0] == str(step)), None)
        if found is None:
            return None
        _, line, node = found
    return line


def _children(node: yaml.Node) -> Iterator[tuple[str, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield str(place), item.start_mark.line + 1, item
