"""Every command's help ends with lines that can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from command_line import basis, process, shipped

from basis_venues.cli.app import app
from basis_venues.cli.later import Later


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be typed, with its words; those of other distributions as well."""
    made = command.make() if isinstance(command, Later) else command
    names = made.list_commands(None) if hasattr(made, "list_commands") else []
    if not names or made.invoke_without_command:
        yield path, made
    for name in names:
        yield from commands(made.get_command(None, name), *path, name)


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_all_commands_are_looked_at() -> None:
    """Those with commands below them, and those of the sandbox and the conformance kit, are among them."""
    assert {("run",), ("journal", "show"), ("venues",), ("venues", "trust"), ("sandbox", "control"), ("conformance",)} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_help_ends_with_examples_of_its_command(path: tuple[str, ...]) -> None:
    """Each is shown as it is typed, on one line, and its options and arguments are the command's."""
    shown = basis(*path, "--help").out
    _, _, after = shown.partition("\n  Example:\n")
    examples = [line.strip() for line in after.partition("\n\n")[0].splitlines()]
    assert examples
    for example in examples:
        program, *words = shlex.split(example)
        assert (program, *words[: len(path)]) == ("basis", *path)
        COMMANDS[path].make_context(path[-1], words[len(path) :])  # reads them, and raises where they are wrong


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_json(path: tuple[str, ...]) -> None:
    """Programs read whatever people read."""
    assert "\n  --json " in basis(*path, "--help").out


@pytest.mark.parametrize("path", sorted({path[:-1] for path in COMMANDS}), ids=" ".join)
def test_no_line_in_a_list_of_commands_is_cut(path: tuple[str, ...]) -> None:
    """What a command does is said in its first sentence, which fits into eighty columns."""
    _, _, listed = basis(*path, "--help").out.partition("\nCommands:\n")
    assert listed
    assert "..." not in listed.partition("\n\n")[0]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("run btc_", "btc_basis"),
        ("check ", "eth_staking"),
        ("run btc_basis --plan pure", "pure_lending"),
        ("halt --profile sand", "sandbox"),
    ],
)
def test_a_shell_completes_names_of_the_configuration(words: str, named: str, tmp_path: Path) -> None:
    """Modes, plans and profiles, of the directory that was named."""
    command, *rest = words.split(" ")
    typed = " ".join(("basis", command, "--configs", str(shipped(tmp_path)), *rest))
    asked = {"_BASIS_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    assert named in process(env=asked).out.splitlines()


def test_the_help_of_control_shows_each_control_as_it_is_typed() -> None:
    """Nobody has to find the page first."""
    from basis_venues_sandbox.steering import CONTROLS, usage

    shown = basis("sandbox", "control", "--help").out
    assert all(f"\n  {usage(name)}\n" in shown for name in CONTROLS)
    assert "drill.md" in shown


def test_the_list_of_commands_says_what_those_of_other_distributions_are() -> None:
    """In the words of their metadata, with whose they are."""
    listed = " ".join(basis("--help").out.split())
    assert "sandbox A local exchange" in listed
    assert "(of basis-venues-sandbox)" in listed
