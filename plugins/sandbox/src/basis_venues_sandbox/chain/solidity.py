"""Compiling Solidity with solcjs: sources and what they import, to artifacts."""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .artifacts import Artifact, Artifacts
from .errors import ChainBroken
from .node import node_environment, node_program
from .packages import packages

SETTINGS: Mapping[str, Any] = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "cancun",
    "metadata": {"bytecodeHash": "none"},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences"]}},
}
"""Compiler settings of everything that is compiled here. Without the metadata's hash, the same source gives the same bytes."""

_PATIENCE = 600
_IMPORT = re.compile(r"""^\s*import\s+(?:[^;"']*?\bfrom\s+)?["']([^"']+)["']""", re.MULTILINE)


def compile_solidity(sources: Mapping[str, str]) -> Artifacts:
    """Compile `sources` (unit name to text), which must hold all that they import.

    Raises `ChainBroken` with the compiler's own words.
    """
    question = json.dumps({"language": "Solidity", "sources": {k: {"content": v} for k, v in sources.items()}, "settings": SETTINGS})
    program = Path(__file__).with_name("compile.js")
    command = [node_program("node"), str(program), str(packages()["solc"].folder / "soljson.js")]
    done = subprocess.run(
        command, input=question, capture_output=True, encoding="utf-8", timeout=_PATIENCE, env=node_environment(), check=False
    )
    if done.returncode:
        raise ChainBroken(f"the Solidity compiler ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    answer = json.loads(done.stdout)
    complaints = [each["formattedMessage"] for each in answer.get("errors", ()) if each["severity"] == "error"]
    if complaints:
        raise ChainBroken("\n".join(complaints))
    return _artifacts(answer["contracts"])


def with_imports(entries: Iterable[str], roots: Mapping[str, Path]) -> dict[str, str]:
    """The text of the units `entries` and of everything they import, by unit name.

    A unit's name starts with a key of `roots`, whose value is the folder that stands for it; the longest key counts.
    """
    found: dict[str, str] = {}
    waiting = list(entries)
    while waiting:
        unit = waiting.pop()
        if unit in found:
            continue
        found[unit] = _read(unit, roots)
        waiting.extend(_absolute(unit, each) for each in _IMPORT.findall(found[unit]))
    return dict(sorted(found.items()))


def _absolute(importer: str, imported: str) -> str:
    if not imported.startswith("."):
        return imported
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), imported))


def _read(unit: str, roots: Mapping[str, Path]) -> str:
    for prefix in sorted(roots, key=len, reverse=True):
        if unit.startswith(prefix):
            return (roots[prefix] / unit.removeprefix(prefix)).read_text(encoding="utf-8")
    raise ChainBroken(f"no package holds the source {unit}")


def _artifacts(contracts: Mapping[str, Mapping[str, Any]]) -> Artifacts:
    """By name; where two units have a contract of one name, the one that can be deployed."""
    found: dict[str, Artifact] = {}
    for unit in contracts.values():
        for name, each in unit.items():
            bytecode = each["evm"]["bytecode"]
            if name not in found or not found[name].bytecode:
                found[name] = Artifact(name, each["abi"], bytecode["object"], bytecode["linkReferences"])
    return found
