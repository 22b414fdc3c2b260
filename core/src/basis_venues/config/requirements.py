"""`venue_requirements.yaml`: which venues a mode must and may have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import NamedTuple

from ..findings import Told
from .document import Document
from .misfit import nearest
from .yaml_file import read_yaml


class Requirement(NamedTuple):
    """The venues of one mode: those it cannot do without, and those it may use."""

    required_venues: tuple[str, ...] = ()
    optional_venues: tuple[str, ...] = ()


class _File(NamedTuple):
    strategy_requirements: Mapping[str, Requirement] = MappingProxyType({})


class Requirements(NamedTuple):
    """The file's content; a mode that it does not mention is free."""

    document: Document
    modes: Mapping[str, Requirement]

    def of(self, mode: str) -> Requirement:
        """What is required of a mode."""
        return self.modes.get(mode, Requirement())

    def unmet(self, mode: str, subscribed: Collection[str]) -> Iterator[str]:
        """A problem for each required venue that the mode does not have."""
        for venue in self.of(mode).required_venues:
            if venue not in subscribed:
                path = ("strategy_requirements", mode, "required_venues")
                yield self.document.problem(path, f"the mode {mode} requires {venue}, and its file does not subscribe to it")

    def misspelt(self, modes: Collection[str]) -> Iterator[str]:
        """A problem for each entry that no mode has for its name, where a mode without an entry has nearly the same."""
        without = [mode for mode in modes if mode not in self.modes]
        for name in self.modes:
            hint = nearest(name, without) if name not in modes else ""
            if hint:
                yield self.document.problem(("strategy_requirements", name), f"there is no such mode{hint}")

    def needless(self, mode: str, subscribed: Collection[str]) -> Iterator[Told]:
        """A warning for each venue that the mode has and does not need by this file."""
        wanted = self.of(mode)
        if mode in self.modes:
            for venue in subscribed:
                if venue not in wanted.required_venues + wanted.optional_venues:
                    text = f"the mode {mode} subscribes to {venue}, which {self.document.file} neither requires nor allows for it"
                    yield Told(text, "nothing needless")


def read_requirements(file: FilePath) -> Requirements:
    """Read the file; without one, nothing is required. Raises `ConfigurationError` with every problem found."""
    if not file.exists():
        return Requirements(Document(str(file), {}), {})
    document = read_yaml(file)
    modes = document.fit(_File).strategy_requirements
    both = [
        (("strategy_requirements", mode, "optional_venues"), f"{venue} is required already")
        for mode, requirement in modes.items()
        for venue in requirement.optional_venues
        if venue in requirement.required_venues
    ]
    if both:
        raise document.error(both)
    return Requirements(document, modes)
