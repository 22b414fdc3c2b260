"""The project's own contracts: their sources lie in `contracts/`, and what they compile to in `contracts/compiled/`."""

from __future__ import annotations

from pathlib import Path

from .artifacts import Artifacts, read_artifacts, write_artifacts
from .solidity import compile_solidity

SOURCES = Path(__file__).with_name("contracts")
"""The folder of the sources."""

_COMPILED = SOURCES / "compiled"


def groups() -> tuple[str, ...]:
    """The groups that the contracts are kept in: one folder of sources and one file of artifacts each."""
    return tuple(sorted(each.name for each in SOURCES.iterdir() if any(each.glob("*.sol"))))


def sources(group: str) -> dict[str, str]:
    """The texts of a group's sources, by unit name."""
    return {f"{group}/{each.name}": each.read_text(encoding="utf-8") for each in sorted((SOURCES / group).glob("*.sol"))}


def own_artifacts() -> Artifacts:
    """All contracts as compiled, by name."""
    return {name: artifact for group in groups() for name, artifact in read_artifacts(compiled_file(group)).items()}


def compiled_file(group: str) -> Path:
    """Where a group's artifacts are kept."""
    return _COMPILED / f"{group}.json"


def compile_group(group: str) -> Artifacts:
    """A group compiled now: the contracts that can be deployed. The compiler's package must have been fetched."""
    return {name: each for name, each in compile_solidity(sources(group)).items() if each.bytecode and each.name != "Calls"}


def compile_all() -> None:
    """Compile every group and keep what comes out, as is done whenever a source changed (`python -m basis_venues_sandbox.chain.own`)."""
    _COMPILED.mkdir(exist_ok=True)
    for group in groups():
        write_artifacts(compile_group(group), compiled_file(group))


if __name__ == "__main__":
    from .packages import fetch, packages

    fetch([packages()["solc"]], print)
    compile_all()
