"""Compiled contracts: ABI, creation code, and the libraries that the code must be linked to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from .errors import ChainBroken

_PLACEHOLDER = "__$"


@frozen
class Artifact:
    """A compiled contract. `bytecode`: its creation code as hex without 0x; `links`: by source and library, where addresses go in."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: str
    links: Mapping[str, Mapping[str, list[dict[str, int]]]]

    def linked(self, libraries: Mapping[str, str]) -> str:
        """The creation code with the addresses of the libraries, by name, put in."""
        code = self.bytecode
        for source in self.links.values():
            for library, places in source.items():
                for place in places:
                    start = 2 * place["start"]
                    code = code[:start] + libraries[library].removeprefix("0x").lower() + code[start + 40 :]
        if not code or _PLACEHOLDER in code:
            raise ChainBroken(f"{self.name} cannot be deployed: {'a library is not linked' if code else 'it has no code'}")
        return code


Artifacts = Mapping[str, Artifact]
"""Compiled contracts by name."""


def write_artifacts(artifacts: Artifacts, file: Path) -> None:
    """Keep them in `file`, one contract a line."""
    lines = (f"{json.dumps(name)}: {_json(artifacts[name])}" for name in sorted(artifacts))
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def read_artifacts(file: Path) -> Artifacts:
    """What `write_artifacts` kept."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return {name: Artifact(name, each["abi"], each["bytecode"], each["links"]) for name, each in content.items()}


def published_artifact(file: Path) -> Artifact:
    """A contract as Hardhat or Foundry writes it; Foundry has code and links together, and the name in the file's."""
    content = json.loads(file.read_text(encoding="utf-8"))
    code = content["bytecode"] if isinstance(content["bytecode"], dict) else {**content, "object": content["bytecode"]}
    return Artifact(content.get("contractName", file.stem), content["abi"], code["object"].removeprefix("0x"), code["linkReferences"])


def _json(artifact: Artifact) -> str:
    return json.dumps({"abi": artifact.abi, "bytecode": artifact.bytecode, "links": artifact.links}, separators=(",", ":"), sort_keys=True)
