"""What must hold before the first order, judged from what the venue shows of account and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from errno import EDQUOT, ENOSPC, EROFS

from basis_venues.blame import raised
from basis_venues.errors import (
    BasisError,
    ConfigurationError,
    CredentialError,
    GuardRefused,
    PluginRefused,
    Stopped,
    TryAgainLater,
)
from basis_venues.http import FAILURES

from ..settings import ExchangeSettings
from .account import Setup
from .saying import Proof, Proofs, Said, never_left

_DISK = frozenset({ENOSPC, EROFS, EDQUOT})
"""What no connection ends with."""
_NOT_SERVED, _TURNED_AWAY = 451, 403
"""HTTP statuses about where a request comes from, whoever sent it."""
_CODE = (AttributeError, ImportError, NameError, NotImplementedError)
"""What no answer of a venue leads to; a missing key may be the answer's fault as well as the plugin's."""


def check_setup(venue: str, setup: Setup, settings: ExchangeSettings) -> None:
    """Raises `ConfigurationError` with everything about the account that does not fit, each with what to do about it."""
    problems = [f"{venue}: {problem}" for problem in (*setup.problems, *_problems(setup, settings))]
    if problems:
        raise ConfigurationError(problems)


def _problems(setup: Setup, settings: ExchangeSettings) -> Iterator[str]:
    if not setup.one_way:
        yield "the account is in hedge mode; switch its position mode to one-way (net) at the exchange, without open positions or orders"
    if not setup.may_trade:
        yield "the key may not trade; give it the right to trade spot and futures, or use another key"
    for kind in setup.barred:
        if setup.may_trade and kind in settings.supported_markets:
            yield f"the key may not trade {kind}; give it that right, or leave {kind} out of supported_markets in the venue's YAML"
    if setup.fee_asset is not None and setup.fee_asset not in settings.fee_assets:
        coin = setup.fee_asset
        yield f"fees are taken in {coin}; say `fee_assets: [{coin}]` in the venue's YAML, or switch that discount off at the exchange"
    for symbol, mode in setup.margin.items():
        if mode != settings.margin_mode:
            yield f"{symbol} is in {mode} margin mode, and margin_mode says {settings.margin_mode}; change one of them"
    most = settings.trading_parameters.max_leverage
    for symbol, leverage in setup.leverage.items():
        if most is not None and leverage > most:
            yield f"the leverage of {symbol} is {leverage:f}, above max_leverage {most}; lower it at the exchange"


def check_clock(venue: str, offset: int, uncertainty: int, most: int) -> None:
    """Raises `TryAgainLater` when the machine's clock is too far off the venue's: fences and time windows rest on it."""
    if abs(offset) - uncertainty > most:
        raise TryAgainLater(f"the clock of this machine is {-offset} ms off that of {venue}, more than {most} ms; synchronise it (NTP)")


def withdrawal_note(setup: Setup, settings: ExchangeSettings) -> str | None:
    """What to say of a key that may withdraw although nothing is configured to be withdrawn."""
    if setup.may_withdraw and not settings.destinations:
        return "the key may withdraw, and no destination is configured: take that right from it"
    return None


def leverage_note(setup: Setup, default: Decimal) -> str | None:
    """Where the account's leverage differs from what backtests of this configuration count with."""
    other = {symbol: leverage for symbol, leverage in setup.leverage.items() if leverage != default}
    if not other:
        return None
    return ", ".join(f"{symbol} {leverage:f}" for symbol, leverage in other.items()) + f" (default_leverage: {default})"


def opening_error(venue: str, network: str, error: Exception, proofs: Proofs, foreign: Mapping[str, str]) -> BasisError:
    """What opening raises for a failure: bad credentials, a guard, a disk of our own, or a venue that cannot be reached now.

    `foreign`: codes of keys that belong to another network, with what they prove.
    """
    if isinstance(error, BasisError):
        return error
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _DISK):
        place = error.filename or "the state directory"
        return Stopped(f"{place} cannot be written ({error.strerror}): see to the disk, then start again; {venue} is not the cause")
    if isinstance(error, Said):
        if error.code in foreign:
            return GuardRefused(f"{venue}: {foreign[error.code]} ({error}); this run is on {network}: use the keys made for it")
        if error.status == _NOT_SERVED:
            where = f"run where {venue} may be used, or simulate it in a profile"
            return ConfigurationError(f"{venue} does not serve the place that this machine's address lies in: {error}; {where}")
        if error.status == _TURNED_AWAY and not error.code:
            why = "too many requests, or a place that it does not serve"
            return TryAgainLater(f"{venue} turns this machine's address away: {error}; {why}")
        proof = proofs.of(error)
        if proof is Proof.FATAL:
            check = f"check key, secret, passphrase, rights, allowed addresses and site (regional sites have other hosts) for {network}"
            asked = f" (to {error.asked})" if error.asked and error.code else ""  # which key, where a venue has several
            return CredentialError(f"{venue} refuses the key: {error}{asked}; {check}")
        if proof is Proof.CLOCK:
            return TryAgainLater(f"{venue} refuses our time: {error}; synchronise the clock (NTP)")
        return TryAgainLater(f"{venue} does not answer as it should: {error}")
    if never_left(error):
        return TryAgainLater(f"{venue} cannot be reached: {type(error.__cause__ or error).__name__}")
    if isinstance(error, _CODE):
        return PluginRefused(f"the plugin of {venue} raised {raised(error)} when it opened: mend it there, or compare it with ccxt's class")
    what = "did not answer" if isinstance(error, FAILURES) else "answered what cannot be read"
    return TryAgainLater(f"{venue} {what}: {raised(error)}")
