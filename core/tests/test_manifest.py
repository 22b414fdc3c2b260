from __future__ import annotations

from pathlib import Path

import pytest
from fake_distributions import MANIFEST

from basis_venues.errors import ConfigurationError
from basis_venues.manifest import Capability, Manifest, read_manifest
from basis_venues.network import Network

FULL = """
venue = "kraken"
kind = "cex"
contract = "1.0"
summary = "Kraken spot"

[account]
alias = "kraken"
keeps = true

[actions.cex_spot]
SpotTrade = "full"
[actions.wallet]
Transfer = "not_implemented: the API for it is closed to us"
WrapEther = "unsupported: an exchange"

[[credentials]]
name = "api_key"
variable = "CEX__KRAKEN_API_KEY"
secret = true
needed_for = ["cex_spot"]
networks = ["mainnet"]

[networks.mainnet]
hosts = ["api.kraken.com"]
chain_ids = []
note = "no testnet"

[client_id]
alphabet = "A-Za-z0-9"
length = 18
unique = "always"

[fence]
kind = "header"
milliseconds = 2000

[rate]
requests_per_minute = 60
"""


def read(tmp_path: Path, text: str) -> Manifest:
    file = tmp_path / "manifest.toml"
    file.write_text(text)
    return read_manifest(file)


def test_a_manifest_is_read_whole(tmp_path: Path) -> None:
    """Every table of the format arrives."""
    manifest = read(tmp_path, FULL)
    assert (manifest.venue, manifest.contract_version, manifest.account.alias, manifest.account.lane) == ("kraken", (1, 0), "kraken", None)
    assert manifest.capability("cex_spot", "SpotTrade") == Capability("full")
    assert manifest.capability("wallet", "Transfer") == Capability("not_implemented", "the API for it is closed to us")
    assert manifest.credentials[0].variable == "CEX__KRAKEN_API_KEY"
    rule = manifest.rule(Network.MAINNET)
    assert rule is not None
    assert rule.hosts == ("api.kraken.com",)
    assert manifest.rule(Network.TESTNET) is manifest.rule(Network.SIMULATION) is None
    assert (manifest.client_id.length, manifest.fence.kind, manifest.rate.requests_per_minute) == (18, "header", 60)


def test_what_a_manifest_does_not_mention_is_unsupported(tmp_path: Path) -> None:
    """Silence is no capability."""
    found = read(tmp_path, FULL).capability("lending_execution", "Supply")
    assert not found.usable
    assert "does not list Supply" in found.reason


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('kind = "cex"', 'kind = "dex"'), "kind: expected one of cex, defi, infrastructure; did you mean cex?"),
        (('contract = "1.0"', 'contract = "one"'), "contract: expected MAJOR.MINOR"),
        (('contract = "1.0"', "contract = 1.0"), "contract: expected text: put it in quotes"),
        (('venue = "kraken"', 'venue = "Kraken!"'), "a venue's name is made of"),
        (('SpotTrade = "full"', 'SpotTrade = "fulll"'), "actions.cex_spot.SpotTrade: expected one of full"),
        (('SpotTrade = "full"', 'SpotTrade = "unsupported"'), "every other level needs one"),
        (('SpotTrade = "full"', 'SpotTrade = "full: because"'), "full takes no reason"),
        (("length = 18", 'length = "18"'), "client_id.length: expected a whole number"),
        (("[rate]", "[rates]"), "rates: is not a known key; did you mean rate?"),
        (("[networks.mainnet]", "[networks.holesky]"), "networks.holesky: expected one of testnet, mainnet"),
        (('alias = "kraken"', ""), "account.alias: is missing"),
        (("[account]", "[account"), "is not TOML"),
    ],
)
def test_a_manifest_that_is_not_right_is_refused(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    """Each mistake is named with its key."""
    assert change[0] in FULL
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, FULL.replace(*change))
    assert told in str(caught.value)


def test_little_is_required(tmp_path: Path) -> None:
    """The least manifest has a venue, a kind, a contract and an account."""
    assert read(tmp_path, MANIFEST.format(venue="x", kind="cex", contract="1.0")).credentials == ()
