"""What the kit does with a protocol that an author puts on the sandbox's chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import SimpleNamespace

import pytest

from basis_venues_sandbox.chain import ChainControl, available, running_chain
from basis_venues_sandbox.chain.own import own_artifacts
from basis_venues_sandbox.deployment import Deployment
from basis_venues_testkit.doubles.chain.view import ChainView

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not available(), reason=available().reason or "the chain can run")]

TOKENS = {"ACME": SimpleNamespace(shares=False), "OTHER": SimpleNamespace(shares=False)}
SOMEBODY = "0x00000000000000000000000000000000000000aa"


class Acme(Deployment):
    """A token with six digits, which its owner mints, and another contract."""

    proceeded = 0

    def deploy(self, chain: ChainControl) -> Mapping[str, str]:
        made = own_artifacts()
        self.token = chain.owner.deploy(made["Tether"])
        return {"ACME": self.token, "feed": chain.owner.deploy(made["Feed"], 1)}

    def give(self, chain: ChainControl, asset: str, account: str, amount: int) -> None:
        assert asset == "ACME"
        chain.owner.send(self.token, "mint(address,uint256)", account, amount)

    def proceed(self, chain: ChainControl) -> None:
        self.proceeded += 1


class Stingy(Acme):
    give = Deployment.give


@pytest.fixture(scope="module")
def control() -> Iterator[ChainControl]:
    with running_chain() as chain:
        yield chain.control


def test_a_token_of_the_deployment_is_watched_and_given_in_its_own_digits(control: ChainControl) -> None:
    """What is missing to the amount is given by the deployment; other contracts of it are no tokens, and the chain's own stay."""
    acme = Acme()
    view = ChainView(control, TOKENS, acme)
    assert (view.decimals["ACME"], "feed" in view.decimals, "OTHER" in view.decimals) == (6, False, False)
    for amount in ("2.5", "4", "3"):
        view.top_up("ACME", SOMEBODY, Decimal(amount))
    assert control.owner.read(acme.token, "balanceOf(address)(uint256)", SOMEBODY) == 4_000_000
    assert view.held("ACME", SOMEBODY) == 4
    view.top_up("USDC", SOMEBODY, Decimal(7))
    assert (control.balance("USDC", SOMEBODY), view.held("ETH", SOMEBODY)) == (7_000_000, 0)


def test_what_others_do_between_two_actions_is_asked_of_the_deployment(control: ChainControl) -> None:
    """An oracle of its own has its turn with those of the chain."""
    acme = Acme()
    ChainView(control, TOKENS, acme).proceed()
    assert acme.proceeded == 1


def test_a_deployment_that_cannot_give_says_which_token_and_where_to_write_it(control: ChainControl) -> None:
    """The author is told what the sample needs."""
    with pytest.raises(NotImplementedError, match=r"a sample holds ACME: let Stingy\.give"):
        ChainView(control, TOKENS, Stingy()).top_up("ACME", SOMEBODY, Decimal(1))
