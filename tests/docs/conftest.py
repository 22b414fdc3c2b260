"""The documentation as its tests see it: pages and the code blocks in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"(?:^\*\*`(?P<title>[^`]+)`\*\*\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.yaml)\n")


class Block(NamedTuple):
    """A code block. `file` is the path that the page gives it: in bold above it, or in its first line as a comment."""

    language: str
    text: str
    file: str | None


class Page(NamedTuple):
    """One page of Markdown."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> list[Block]:
        """Its code blocks, in order."""
        found = []
        for match in _BLOCK.finditer(self.text):
            commented = _FILE.match(match["text"])
            found.append(Block(match["language"], match["text"], match["title"] or (commented[1] if commented else None)))
        return found

    @property
    def prose(self) -> str:
        """What is outside of code blocks."""
        return _BLOCK.sub("", self.text)


def read_pages() -> dict[str, Page]:
    """All pages by name."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    return {page.name: page for page in (Page(file, file.read_text(encoding="utf-8")) for file in files)}


@pytest.fixture(scope="session")
def pages() -> dict[str, Page]:
    """All pages by name."""
    return read_pages()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One case for each page; for `runnable`, each page with something to run."""
    found = read_pages()
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", list(found.values()), ids=list(found))
    if "runnable" in metafunc.fixturenames:
        with_code = {name: page for name, page in found.items() if _is_runnable(page)}
        metafunc.parametrize("runnable", list(with_code.values()), ids=list(with_code))


def _is_runnable(page: Page) -> bool:
    return any(block.language in ("python", "sh") for block in page.blocks)
