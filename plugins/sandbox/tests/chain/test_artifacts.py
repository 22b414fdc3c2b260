"""Compiled contracts are read as the tools write them."""

from __future__ import annotations

import json
from pathlib import Path

from basis_venues_sandbox.chain.artifacts import published_artifact

PLACE = {"src/Maths.sol": {"Maths": [{"start": 2, "length": 20}]}}
CODE = "6073" + "__$" + "0" * 34 + "$__" + "63"
LIBRARY = "0x" + "ab" * 20


def test_hardhats_and_foundrys_files_of_a_contract_are_the_same_contract(tmp_path: Path) -> None:
    """Hardhat has name, code and links side by side; Foundry has code and links together, and the name in the file's."""
    hardhat, foundry = tmp_path / "hardhat.json", tmp_path / "Vault.json"
    hardhat.write_text(json.dumps({"contractName": "Vault", "abi": [], "bytecode": "0x" + CODE, "linkReferences": PLACE}), encoding="utf-8")
    foundry.write_text(json.dumps({"abi": [], "bytecode": {"object": "0x" + CODE, "linkReferences": PLACE}}), encoding="utf-8")
    read = published_artifact(hardhat)
    assert (read.name, read.linked({"Maths": LIBRARY})) == ("Vault", "6073" + "ab" * 20 + "63")
    assert published_artifact(foundry) == read
