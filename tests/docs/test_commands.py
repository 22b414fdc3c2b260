"""Commands and options that pages mention exist, and all that exist are mentioned."""

import re

import pytest
import typer

from basis_venues.cli.app import app
from basis_venues.cli.later import Later

OF_OTHERS = {"--basis-level", "--basis-report", "--force-reinstall"}
"""Options of pytest and pip."""


def flattened(command, name=()):
    """Every command of the core that can be typed, by its words, with its options."""
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")} | {"--help"}
    found = {name: options}
    for word, each in getattr(command, "commands", {}).items():
        found |= flattened(each.make() if isinstance(each, Later) else each, (*name, word))
    return found


def elsewhere(command):
    """Every command that other distributions of this repository bring."""
    ours = set(command.commands)
    found = {}
    for word in command.list_commands(None):
        if word not in ours:
            found |= flattened(command.get_command(None, word).make(), (word,))
    return found


@pytest.fixture(scope="module")
def commands():
    """The command line as it is."""
    return flattened(typer.main.get_command(app))


@pytest.fixture(scope="module")
def all_commands(commands):
    """The core's, and those of other distributions."""
    return commands | elsewhere(typer.main.get_command(app))


def snippets(page):
    """What a page has in code: spans of the prose and lines of shell blocks."""
    yield from re.findall(r"`([^`\n]+)`", page.prose)
    for block in page.blocks:
        if block.language in ("", "sh"):
            yield from block.text.splitlines()


def test_commands_that_pages_mention_exist(page, all_commands):
    """Each `basis ...` names a command, and its options are that command's."""
    for snippet in snippets(page):
        typed = re.match(r"(?:\S+hatch run |[A-Z_]+=\w+ )?basis (.+)", snippet)
        if typed is None or not re.match(r"[a-z-]", typed[1]):
            continue
        words = typed[1].split()
        name = max((tuple(words[:length]) for length in (1, 2) if tuple(words[:length]) in all_commands), key=len, default=None)
        if words[0].startswith("--"):
            name = ()
        assert name is not None, f"{page.name}: {snippet}"
        assert set(re.findall(r"--[a-z-]+", snippet)) <= all_commands[name] | all_commands[()], f"{page.name}: {snippet}"


def test_options_that_pages_mention_exist(page, all_commands):
    """An option mentioned by itself belongs to some command."""
    known = OF_OTHERS.union(*all_commands.values())
    for snippet in re.findall(r"`(--[^`\n]+)`", page.prose):
        assert snippet.split()[0] in known, f"{page.name}: {snippet}"


def test_every_command_is_mentioned(pages, commands):
    """No command of the core is left unexplained."""
    text = "\n".join(page.text for page in pages.values())
    groups = {name[:-1] for name in commands}
    missing = [name for name in commands.keys() - groups if f"basis {' '.join(name)}" not in text]
    assert not missing
