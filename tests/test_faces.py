"""The face of every distribution: what it exports is what it says it exports, in order, and each name says what it is for."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest

ROOT = Path(__file__).parents[1]
VENUES = tuple(
    f"basis_venues_{file.parent.name.removeprefix('basis_venues_')}" for file in sorted(ROOT.glob("plugins/*/src/*/manifest.toml"))
)
FACES = (
    "basis_venues",
    "basis_venues_ccxt",
    "basis_venues_ccxt.live",
    "basis_venues_evm",
    "basis_venues_evm.live",
    "basis_venues_sandbox",
    "basis_venues_sandbox.chain",
    "basis_venues_sandbox.exchange",
    "basis_venues_testkit",
    *VENUES,
)
FIGURE = re.compile(r"^(int|Decimal|Amount)\b")
"""Types of fields that need a unit or a meaning."""
TIMES = {"now", "at", "since", "until", "milliseconds"}
"""Parameters that are moments or lengths of time: a text that has them says in which unit, or leaves it to the class's."""


def face(module: str) -> tuple[str, ...]:
    return tuple(importlib.import_module(module).__all__)


def everything() -> list[tuple[str, str]]:
    return [(module, name) for module in FACES for name in face(module)]


def in_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@cache
def source(module: str) -> ast.Module:
    return ast.parse(Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8"))


def exported(module: str) -> set[str]:
    """The public names that the module's text brings from its own distribution, or defines; also those that are looked up when used."""
    found: set[str] = set()
    for node in ast.walk(source(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            found |= {alias.asname or alias.name for alias in node.names}
    for node in source(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("module", FACES)
def test_the_face_is_exact_and_sorted(module: str) -> None:
    """`__all__` has each public name of the module once, and no other; each can be had."""
    names = face(module)
    assert list(names) == sorted(set(names), key=in_order)
    loaded = importlib.import_module(module)
    assert not [name for name in names if not hasattr(loaded, name)]
    hidden = {name for name in exported(module) if module in VENUES and not hasattr(getattr(loaded, name, None), "basis_venues_impl")}
    lazily = {name for name in exported(module) if not hasattr(loaded, name) or inspect.ismodule(getattr(loaded, name))}
    assert exported(module) - hidden - lazily == set(names) - hidden


@pytest.mark.parametrize(("module", "name"), everything())
def test_every_public_name_is_documented(module: str, name: str) -> None:
    """A text of its own: the docstring of a class or function and of each of its public methods, or the text below a constant."""
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value):
        assert own_doc(value), name
        assert not [each for each, method in methods(value) if not inspect.getdoc(method)]
    elif inspect.isroutine(value):
        assert inspect.getdoc(value), name
    else:
        assert name in explained(module, name), name


@pytest.mark.parametrize(("module", "name"), everything())
def test_errors_are_named(module: str, name: str) -> None:
    """What raises an error in its own body says so in its text, or the class's text does."""
    value = getattr(importlib.import_module(module), name)
    silent = [
        f"{each}: {error}"
        for each, function in functions(value)
        for error in raised(function)
        if not re.search(rf"{error}|[Rr]aises|[Rr]aised", f"{inspect.getdoc(function)} {inspect.getdoc(value)}")
    ]
    assert not silent


@pytest.mark.parametrize(("module", "name"), everything())
def test_figures_and_times_are_explained(module: str, name: str) -> None:
    """Each figure of a record is explained by its class, in words or by name; a moment or a length of time says its unit."""
    value = getattr(importlib.import_module(module), name)
    text = f"{inspect.getdoc(value)} {class_text(value)}"
    assert not [field for field in fields(value) if not mentioned(field, text)]
    silent = [
        each
        for each, function in functions(value)
        if TIMES & set(inspect.signature(function).parameters)
        and not re.search(
            r"\bms\b|second|time|block|moment|day|minute|hour|since|until|now|when", f"{inspect.getdoc(function)} {text}", re.I
        )
    ]
    assert not silent


def said(value: Any, name: str) -> str:
    """What a function says, or the same one of the classes that it stands in for."""
    owners = [each for each in inspect.getmro(value) if name in vars(each)] if inspect.isclass(value) else []
    return " ".join(inspect.getdoc(vars(each)[name]) or "" for each in owners)


def own_doc(value: type) -> str:
    """A class's own text, not one that is inherited or made by attrs or NamedTuple."""
    doc = vars(value).get("__doc__") or ""
    return "" if doc.startswith(f"{value.__name__}(") else doc


def methods(value: type) -> Iterator[tuple[str, Any]]:
    """The public functions and properties that a class defines itself."""
    for name, each in vars(value).items():
        function = each.fget if isinstance(each, property) else getattr(each, "__func__", each)
        if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == value.__module__:
            yield name, getattr(value, name) if not isinstance(each, property) else function


def functions(value: Any) -> Iterator[tuple[str, Any]]:
    if inspect.isclass(value):
        yield from methods(value)
    elif inspect.isfunction(value):
        yield value.__name__, value


def raised(function: Any) -> set[str]:
    """The classes of errors that a function's own body raises by name."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return set()
    calls = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name) and call.func.id[0].isupper()}


def fields(value: Any) -> list[str]:
    """The public fields of a record that it defines itself and that hold figures."""
    if not inspect.isclass(value):
        return []
    own = vars(value).get("__annotations__", {})
    if attrs.has(value) or hasattr(value, "_fields"):
        return [name for name, kind in own.items() if not name.startswith("_") and FIGURE.search(str(kind))]
    return []


def mentioned(field: str, text: str) -> bool:
    """By its name, or by the words that it is made of."""
    words = [word for word in field.lower().split("_") if len(word) > 2] or [field.lower()]
    return all(word.rstrip("s") in text.lower() for word in words)


@cache
def class_text(value: Any) -> str:
    """The texts below the fields of a class."""
    if not inspect.isclass(value):
        return ""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    except (OSError, TypeError, SyntaxError):
        return ""
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return " ".join(
        f"{one.target.id} {text}" for one, text in texts(body) if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    )


def texts(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    for one, following in pairwise(body):
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant) and isinstance(following.value.value, str):
            yield one, following.value.value


def explained(module: str, name: str) -> set[str]:
    """Constants of the distribution that are followed by a text, in whichever of its modules."""
    package = Path(str(importlib.import_module(module).__file__)).parent
    found: set[str] = set()
    for file in package.rglob("*.py"):
        content = file.read_text(encoding="utf-8")
        if name in content:
            for one, _ in texts(ast.parse(content).body):
                targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
