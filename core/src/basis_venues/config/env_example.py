"""`env.unified.example`: every name that the installed plugins read, without a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..manifest import CredentialField, Manifest
from .selection import Environment

FILE = "env.unified.example"

ROWS: Mapping[Environment, tuple[str, str]] = {
    "dev": ("testnet", "Development: BASIS_ENVIRONMENT=dev, which is the default. Test networks."),
    "staging": ("testnet", "Staging: BASIS_ENVIRONMENT=staging. Test networks, with keys of its own."),
    "prod": ("mainnet", "Production: BASIS_ENVIRONMENT=prod. Real money; a run also takes --live and --account."),
}
"""Environment -> the network that it gives, and what a person should know of it."""

_HEAD = """\
# Names of everything that the installed venues read, without values; written by `basis env example`.
# Copy it to env.unified, run chmod 600 env.unified, and fill in what your modes need: `basis check MODE --live` says what is missing.
# A value may be a reference, too: keyring:SERVICE/NAME, or file:PATH of a file that only its owner may read.
"""


def example(manifests: Iterable[Manifest]) -> str:
    """The file's text for venues with these manifests."""
    manifests = sorted(manifests, key=lambda each: each.venue)
    return _HEAD + "".join(_section(environment, manifests) for environment in ROWS)


def names_of(manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """Every credential's variable, for each environment that has its network."""
    manifests = tuple(manifests)
    return tuple(
        f"BASIS_{environment.upper()}__{each.variable}"
        for environment, (network, _) in ROWS.items()
        for manifest in manifests
        for each in manifest.credentials
        if network in each.networks
    )


def _section(environment: Environment, manifests: Iterable[Manifest]) -> str:
    network, title = ROWS[environment]
    groups = [_group(environment, manifest, network) for manifest in manifests]
    return "\n".join((f"\n# ── {title}", *filter(None, groups)))


def _group(environment: Environment, manifest: Manifest, network: str) -> str:
    lines: list[str] = []
    heading = ""
    for each in manifest.credentials:
        if network in each.networks:
            said = f"# {manifest.venue}: {_purpose(each, manifest)}"
            if said != heading:
                lines.append(heading := said)
            lines.append(f"BASIS_{environment.upper()}__{each.variable}=")
    return "\n".join((*lines, "")) if lines else ""


def _purpose(credential: CredentialField, manifest: Manifest) -> str:
    if not credential.needed_for:
        return "may be left out"
    others = ", and for every protocol that acts through it" if manifest.kind == "infrastructure" else ""
    return f"for {', '.join(credential.needed_for)}{others}" + ("" if credential.secret else "; not secret")


def outdated(text: str, manifests: Iterable[Manifest]) -> Iterator[str]:
    """What is wrong with an example's text: names that are missing, strange, or have a value."""
    wanted = dict.fromkeys(names_of(manifests))
    pairs = [line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    there = [name.strip() for name, _, _ in pairs]
    yield from (f"{name} is missing" for name in wanted if name not in there)
    yield from (f"{name} is asked for by no installed plugin" for name in there if name not in wanted)
    yield from (f"{name.strip()} has a value; an example holds none" for name, _, value in pairs if value.strip())
