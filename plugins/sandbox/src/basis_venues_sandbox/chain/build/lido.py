"""The stand-in for Lido."""

from __future__ import annotations

from ..addresses import LidoAddresses
from ..artifacts import Artifacts
from ..deploy import Sender
from .market import INITIAL_STAKE


def deploy_lido(keeper: Sender, own: Artifacts, treasury: str) -> LidoAddresses:
    """Token, wrapper, queue and locator. The keeper owns them and is their oracle."""
    steth = keeper.deploy(own["StETH"], keeper.address, value=INITIAL_STAKE)
    wsteth = keeper.deploy(own["WstETH"], steth)
    queue = keeper.deploy(own["WithdrawalQueue"], steth, wsteth)
    locator = keeper.deploy(own["LidoLocator"], steth, wsteth, queue, treasury)
    keeper.send(steth, "connect(address)", locator)
    return LidoAddresses(locator=locator, steth=steth, wsteth=wsteth, queue=queue)
