"""What an author needs to put the contracts of a protocol on the sandbox's chain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from .chain import ChainControl
from .chain.artifacts import Artifact, Artifacts, published_artifact
from .chain.packages import fetch, packages
from .chain.solidity import compile_solidity

__all__ = ["Artifact", "ChainControl", "Deployment", "compiled", "published_artifact"]


class Deployment(ABC):
    """A protocol that the sandbox's chain does not have. It lies beside the tests of the plugin that acts on it.

    `chain` is the control of a chain that runs: its node's accounts `owner` and `whale` make contracts, call and read them.
    """

    @abstractmethod
    def deploy(self, chain: ChainControl) -> Mapping[str, str]:
        """Put the contracts on the chain. Their addresses by name, as the venue's YAML has them under `contracts`. What is named after one
        of its `tokens` is that token."""

    def give(self, chain: ChainControl, asset: str, account: str, amount: int) -> None:
        """Add so many base units of one of these tokens to what an account has: asked for where a sample holds some of it."""
        raise NotImplementedError(f"a sample holds {asset}: let {type(self).__name__}.give say how an account gets some")

    def proceed(self, chain: ChainControl) -> None:
        """Do what others do between a sample's `first` and the sample, such as an oracle that reports. Nothing by itself."""
        return


def compiled(file: Path) -> Artifacts:
    """The contracts of a file in Solidity that imports nothing, by name; the compiler is fetched with the first.

    Raises `ChainUnavailable` where it cannot be had, and `ChainBroken` with its words where it refuses the file.
    """
    fetch([packages()["solc"]], print)
    return compile_solidity({file.name: file.read_text(encoding="utf-8")})
