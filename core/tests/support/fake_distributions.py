"""Distributions as an installer leaves them: a metadata folder and a module, written into a folder of the path."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

MANIFEST = """
venue = "{venue}"
kind = "{kind}"
contract = "{contract}"

[account]
alias = "{venue}"
keeps = true

[actions.cex_spot]
SpotTrade = "full"
"""

PLUGIN = """
from basis_venues.hookspecs import hookimpl
"""


def install(
    site: Path,
    venue: str,
    *,
    distribution: str | None = None,
    module: str | None = None,
    code: str = PLUGIN,
    manifest: str | None = None,
    settings: str | None = None,
    group: str = "basis.venues",
    kind: str = "cex",
    contract: str = "1.0",
    version: str = "0.1.0",
) -> Path:
    """Install a fake plugin for `venue` into `site` and answer the folder of its module."""
    distribution = distribution or f"basis-venues-{venue}"
    module = module or f"fake_{distribution.replace('-', '_')}"
    metadata = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {distribution}\nVersion: {version}\n\nName: not this\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{venue} = {module}\n")
    folder = site / module
    folder.mkdir()
    (folder / "__init__.py").write_text(dedent(code))
    text = MANIFEST.format(venue=venue, kind=kind, contract=contract) if manifest is None else dedent(manifest)
    (folder / "manifest.toml").write_text(text)
    if settings is not None:
        (folder / "venue.yaml").write_text(dedent(settings))
    return folder
