"""Reference pages say all that the code has, as the code has it."""

import ast
import inspect
import re
import subprocess
import sys
from itertools import pairwise

import attrs

import basis_venues
from basis_venues import errors, hookspecs, keys
from basis_venues.actions import action_classes
from basis_venues.contract import VenueClient, VenueModel
from basis_venues.journal import events
from basis_venues.market.settings import SeriesRule
from basis_venues.states import State, Verdict
from basis_venues_ccxt import live
from basis_venues_sandbox.exchange.faults.verbs import VERBS
from basis_venues_sandbox.exchange.wire.binance import Binance
from basis_venues_sandbox.exchange.wire.bybit import Bybit
from basis_venues_sandbox.exchange.wire.okx import Okx
from basis_venues_sandbox.steering import CONTROLS, usage


def signature(function):
    """`name(parameter: Type, ...) -> Type`, as it is written in the code."""
    found = inspect.signature(function)
    parameters = [f"{each.name}: {each.annotation}" for each in found.parameters.values() if each.name != "self"]
    return f"{function.__name__}({', '.join(parameters)}) -> {found.return_annotation}"


def functions(owner):
    """The public functions that a class or module defines itself."""
    return [each for name, each in vars(owner).items() if inspect.isfunction(each) and not name.startswith("_")]


def test_every_hook_and_method_is_documented_with_its_signature(pages):
    """The headings of hooks.md are exactly the hooks and the methods of models and clients."""
    hooks = [each for each in functions(hookspecs) if hasattr(each, f"{hookspecs.PROJECT}_spec")]
    wanted = {signature(each) for each in (*hooks, *functions(VenueModel), *functions(VenueClient))}
    assert set(re.findall(r"^### `(.+)`$", pages["docs/hooks.md"].text, re.MULTILINE)) == wanted


def test_required_methods_are_named(pages):
    """hooks.md says which methods a model and a client must have."""
    text = pages["docs/hooks.md"].text
    for owner in (VenueModel, VenueClient):
        required = sorted(
            re.findall(r"`(\w+)`", re.search(rf"## {owner.__name__}.*?^Required are (.+?)\.$", text, re.DOTALL | re.MULTILINE)[1])
        )
        assert required == sorted(owner.__abstractmethods__)


def test_every_error_class_is_in_the_table(pages):
    """errors.md has each class with its base and exit code, and no other."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \|", pages["docs/errors.md"].text, re.MULTILINE)
    classes = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, errors.BasisError)]
    assert sorted(rows) == sorted((each.__name__, each.__base__.__name__, str(each.exit_code)) for each in classes)


def test_errors_defined_elsewhere_are_mentioned(pages, root):
    """A plugin's own kind of error is on the page, too, with where it is; the core has none outside `basis_venues.errors`."""
    known = {name for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, errors.BasisError)}
    for file in [*(root / "core" / "src").rglob("*.py"), *(root / "plugins").rglob("src/**/*.py")]:
        for name, base in re.findall(r"^class ([A-Z]\w+)\((\w+)\):", file.read_text(encoding="utf-8"), re.MULTILINE):
            if base in known and name not in known:
                module = ".".join(file.with_suffix("").parts[file.parts.index("src") + 1 :])
                assert f"| `{name}` (`{module}`) | `{base}` |" in pages["docs/errors.md"].text


def test_exit_codes_are_those_of_the_command(pages):
    """errors.md lists the codes that `basis --help` lists."""
    said = subprocess.run([sys.executable, "-m", "basis_venues", "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    codes = re.findall(r"^ +(\d+) {2,}\S", said.partition("Exit codes")[2], re.MULTILINE)
    section = pages["docs/errors.md"].text.partition("## Exit codes")[2]
    assert re.findall(r"^\| (\d+) \|", section, re.MULTILINE) == codes
    assert codes


def test_states_kinds_and_rows_are_explained(pages):
    """Every state, verdict, position kind and kind of journal row stands on its page."""
    concepts, journal = pages["docs/concepts.md"].text, pages["docs/how-to/read-the-journal.md"].text
    missing = [each for each in (*State, *Verdict) if f"`{each}`" not in concepts]
    missing += [kind for kind in keys.KINDS if f"| `{kind}` |" not in concepts]
    missing += [events.kind_of(cls) for cls in events.Event.__args__ if f"`{events.kind_of(cls)}`" not in journal]
    assert not missing


def test_every_action_is_in_the_glossary(pages):
    """The glossary's table has each action type with its actions; parts of bundles are named below it."""
    text = pages["docs/glossary.md"].text.partition("## Actions")[2]
    rows = {line.split("|")[1]: line for line in text.splitlines() if line.startswith("| `")}
    for name, cls in action_classes().items():
        if cls.__module__ != "basis_venues.actions":
            continue
        assert f"`{name}`" in text, name
        for action_type in cls.action_types:
            row = next(line for head, line in rows.items() if f"`{action_type}`" in head)
            assert f"`{name}`" in row, name


def test_every_key_of_a_series_is_explained(pages):
    """The table of data-settings.md has each field of a series' rule."""
    table = re.findall(r"^\| (`.+?`) \|", pages["docs/how-to/data-settings.md"].text, re.MULTILINE)
    assert {field.name for field in attrs.fields(SeriesRule)} <= set(re.findall(r"`(\w+)`", " ".join(table)))


def test_every_public_name_is_documented(root):
    """Each name of `basis_venues` has a docstring of its own, or, where it is no class or function, a text below it."""
    source = root / "core" / "src" / "basis_venues"
    for name in basis_venues.__all__:
        value = getattr(basis_venues, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert vars(value)["__doc__"] if inspect.isclass(value) else value.__doc__, name
        else:
            assert name in {target for file in source.glob("*.py") for target in explained(file)}, name


def explained(file):
    """Names assigned in a module that are followed by a text."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for one, following in pairwise(body):
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_every_control_and_fault_of_the_sandbox_is_in_the_drill_s_tables(pages):
    """The tables have each control as it is typed, each verb with its arguments and stage, and the endpoints by name."""
    text = pages["docs/how-to/drill.md"].text.partition("## What control can do")[2]
    controls, faults = text.split("### Faults")
    assert re.findall(r"^\| `(.+?)` \|", controls, re.MULTILINE) == [usage(name) for name in CONTROLS]
    verbs = [
        (" ".join((name, *(f"{k}={'' if v is None else v}" for k, v in of.arguments.items()))), of.stage) for name, of in VERBS.items()
    ]
    assert re.findall(r"^\| `(.+?)` \| (\w+) \|", faults, re.MULTILINE) == verbs
    endpoints = {route.endpoint for dialect in (Binance, Bybit, Okx) for route in dialect.routes.values()}
    assert endpoints <= set(re.findall(r"`([a-z_.]+)`", faults.partition("| verb")[0]))


def test_every_class_of_the_exchanges_live_side_is_on_its_page(pages):
    """An author finds each public name, and each field of what is passed about, on the page about an exchange of its own protocol."""
    text = pages["docs/how-to/an-exchange-of-its-own-protocol.md"].text
    assert not [name for name in live.__all__ if not re.search(rf"\b{name}\b", text)]
    for cls in (live.Ask, live.Seen, live.Fill, live.Listing, live.Move, live.Holdings, live.Happened, live.Figures, live.Page):
        assert not [name for name in cls._fields if not re.search(rf"\b{name}\b", text)], cls
    assert not [each.name for each in attrs.fields(live.Setup) if not re.search(rf"\b{each.name}\b", text)]
