from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from fake_venues import load, write
from hypothesis import given
from hypothesis import strategies as st
from spec_snippets import BTC_BASIS_HEDGE, BTC_BASIS_SUBSCRIPTIONS, ETH_STAKING, PURE_LENDING, REQUIREMENTS

from basis_venues.actions import AtomicBundle, PerpTrade, SpotTrade, Supply, Unwind
from basis_venues.config.modes import Entry, Mode, _Top
from basis_venues.config.routes import Route, Wish, resolve
from basis_venues.errors import ConfigurationError

D = Decimal
SIMPLE = "venues: {execution_subscriptions: {cex_spot: [binance]}}"


def mode(tmp_path: Path, text: str, requirements: str = "strategy_requirements: {}", name: str = "m") -> Mode:
    return load(write(tmp_path, venue_requirements=requirements, **{f"modes__{name}": text}), name).mode


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        mode(tmp_path, text)
    return str(caught.value)


@pytest.mark.parametrize("key", ["mode", "share_class", "asset"])
@pytest.mark.parametrize("said", ["../x", "btc_basis ", "", "B\\nTC"])
def test_names_are_one_word(key: str, said: str, tmp_path: Path) -> None:
    """A blank or a slash is a slip of the hand, and what compares with the name would pass it by."""
    assert f"{key}: must be one word" in refused(tmp_path, f'{key}: "{said}"\n{SIMPLE}')


def test_subscriptions_alone_route_to_the_first_venue_with_a_note(tmp_path: Path) -> None:
    """The requirement's btc_basis loads; what is not divided by weights goes to the first venue, which is worth a warning."""
    settings = load(write(tmp_path, modes__btc_basis=BTC_BASIS_SUBSCRIPTIONS), "btc_basis")
    routes = settings.mode.routes
    assert routes["cex_spot"] == Route(("binance",), (D(1),))
    assert routes["cex_futures"] == routes["hedge_execution"]
    assert (routes["cex_futures"].venues, routes["cex_futures"].weights) == (("binance", "bybit", "okx"), (D(1), D(0), D(0)))
    assert settings.mode.execution_venues == ("binance", "bybit", "okx", "alchemy")
    assert settings.mode.data_venues == ("binance", "bybit", "okx")
    assert (
        "the mode btc_basis: cex_futures: binance takes the whole, because it is listed first; give an allocation or a primary"
        in settings.warnings
    )


def test_the_entry_shape_takes_its_name_from_the_file(tmp_path: Path) -> None:
    """The requirement's pure_lending loads, and gets its wallet from venue_requirements.yaml alone."""
    found = mode(tmp_path, PURE_LENDING, REQUIREMENTS, "pure_lending")
    assert found.name == "pure_lending"
    assert found.execution_venues == ("aave", "alchemy") == found.data_venues
    assert found.routes == {"lending_execution": Route(("aave",), (D(1),)), "wallet": Route(("alchemy",), (D(1),))}
    assert found.on_chain_leverage_venue == "aave"


def test_a_hedge_without_a_second_venue_routes_only_its_share(tmp_path: Path) -> None:
    """The requirement's hedge_allocation 0.5 with one venue sends half, and says so."""
    route = mode(tmp_path, BTC_BASIS_HEDGE, REQUIREMENTS, "btc_basis").routes["cex_futures"]
    assert (route.venues, route.weights) == (("binance",), (D("0.5"),))
    assert "only 0.5 of a quantity is routed" in route.notes[0]


def test_staking_options_are_resolved(tmp_path: Path) -> None:
    """The requirement's eth_staking loads with all its keys."""
    found = mode(tmp_path, ETH_STAKING, REQUIREMENTS, "eth_staking")
    assert (found.lst_type, found.use_flash_loan, found.unwind_mode) == ("lido", True, "flash_loan")
    assert found.execution_venues == ("lido", "instadapp", "alchemy")


def test_both_shapes_together_divide_the_rest_in_equal_parts(tmp_path: Path) -> None:
    """The primary of the entry gets its share, the other subscribed venues the rest."""
    both = BTC_BASIS_SUBSCRIPTIONS + "  hedge_execution:\n    primary: bybit\n    hedge_allocation: 0.5\n"
    route = mode(tmp_path, both, name="btc_basis").routes["hedge_execution"]
    assert dict(zip(route.venues, route.weights, strict=True)) == {"bybit": D("0.5"), "binance": D("0.25"), "okx": D("0.25")}
    assert route.venues[0] == "bybit"


def test_an_allocation_divides_by_its_weights(tmp_path: Path) -> None:
    """Weights are taken as they are; 0 keeps a venue for actions that name it."""
    text = BTC_BASIS_SUBSCRIPTIONS + "allocation:\n  hedge_execution: {okx: 0.6, binance: 0.4, bybit: 0}\n"
    route = mode(tmp_path, text, name="btc_basis").routes["cex_futures"]
    assert dict(zip(route.venues, route.weights, strict=True)) == {"binance": D("0.4"), "bybit": D(0), "okx": D("0.6")}
    assert route.notes == ()


HEDGE = "venues:\n  execution_subscriptions:\n    cex_futures: [binance, okx]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("venues:\n  hedge_execution: {primary: bybit}\n  execution_subscriptions: {cex_futures: [okx]}", "the primary bybit is not among"),
        ("venues:\n  hedge_execution: {primary: bybit}\n  cex_futures: {primary: okx}", "each has another primary"),
        ("venues:\n  execution_subscriptions: {cex_futures: [okx], hedge_execution: [bybit]}", "each has another list of venues"),
        (HEDGE + "allocation: {cex_futures: {binance: 0.5, okx: 0.4}}", "m.yaml:4: allocation.cex_futures: the weights"),
        (HEDGE + "allocation: {cex_futures: {binance: 1.5, okx: -0.5}}", "a weight of the allocation is below zero"),
        (HEDGE + "allocation: {cex_futures: {bybit: 1}}", "allocation.cex_futures.bybit: is not among the venues"),
        (
            HEDGE + "allocation: {cex_fuures: {binance: 1}}",
            "m.yaml:4: allocation.cex_fuures: is not an action type; did you mean cex_futures?",
        ),
        (HEDGE + "allocation: {cex_spot: {binance: 1}}", "no venue is named"),
        (HEDGE + "  hedge_execution: {hedge_allocation: 0.4}\nallocation: {cex_futures: {binance: 1}}", "keep one"),
        ("venues:\n  hedge_execution: {primary: okx, hedge_allocation: 1.5}", "a fraction above 0 and at most 1"),
        ("venues:\n  staking_execution: {primary: lido, hedge_allocation: 0.5}", "belongs under hedge_execution or cex_futures"),
        ("venues:\n  cex_spot: {primary: lido}", "m.yaml:2: venues.cex_spot: lido does not take cex_spot; it takes staking_execution"),
        ("venues:\n  execution_subscriptions: {wallet: [alchemy, alchemy]}", "names a venue twice"),
        ("venues:\n  execution_subscriptons: {wallet: [alchemy]}", "did you mean execution_subscriptions?"),
        ("venues: {}\ndata: history", "data: is not a known key"),
        ("venues:\n  flash_loan_execution: {}", "no venue is named"),
        ("asset: BTC", "venues: is missing"),
    ],
)
def test_a_mode_that_contradicts_itself_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """Each contradiction is an error that says what is wrong and where."""
    assert told in refused(tmp_path, text)


def test_all_problems_of_a_mode_come_at_once(tmp_path: Path) -> None:
    """Three mistakes are three lines of one error."""
    told = refused(tmp_path, "venues:\n  cex_spot: {primry: okx}\n  wallet: [alchemy]\n  execution_subscriptions: {wallett: [alchemy]}")
    assert [line.split(": ")[1] for line in told.splitlines()] == [
        "venues.cex_spot.primry",
        "venues.wallet",
        "venues.execution_subscriptions.wallett",
    ]


@given(st.integers(1, 7), st.decimals("0.000001", "1", places=6))
def test_a_hedge_over_several_venues_sums_to_the_whole_exactly(others: int, share: Decimal) -> None:
    """However many venues divide the rest, nothing of it is lost to rounding, and their parts are equal to the 18th digit."""
    venues = tuple(f"v{number}" for number in range(others + 1))
    route = resolve(Wish(listed=venues, primary="v0", hedge_allocation=share))
    assert sum(route.weights) == 1
    assert route.weights[0] == share
    assert max(route.weights[1:]) - min(route.weights[1:]) < Decimal("1e-17")


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 100), min_size=1).filter(lambda weights: sum(weights.values()))
)
def test_an_allocation_that_sums_to_one_is_kept_weight_for_weight(parts: dict[str, int]) -> None:
    """Every venue gets its own weight, whatever the order of the two lists."""
    # hundredths, the last venue taking what is missing, so that they sum to 1 or more
    names = list(parts)
    weights = {name: Decimal(parts[name]) / 100 for name in names[:-1]}
    weights[names[-1]] = 1 - sum(weights.values(), Decimal(0))
    if min(weights.values()) < 0:
        return
    route = resolve(Wish(listed=("d", "c", "b", "a"), allocation=weights))
    assert {venue: weight for venue, weight in zip(route.venues, route.weights, strict=True) if weight} == {
        venue: weight for venue, weight in weights.items() if weight
    }
    assert route.weights[0] > 0


# What each key of a mode's file does: the table in docs/MODES.md.

BUNDLE = AtomicBundle(id="b", flash_asset="WETH", flash_amount="1", legs=(Supply(asset="WETH", amount="1"),))


def test_use_flash_loan_false_denies_bundles(tmp_path: Path) -> None:
    """A mode that says so sends no atomic bundle."""
    text = "venues:\n  flash_loan_execution: {primary: instadapp, use_flash_loan: %s}"
    assert mode(tmp_path, text % "true").refusal(BUNDLE) is None
    assert "use_flash_loan: false" in (mode(tmp_path, text % "false").refusal(BUNDLE) or "")


def test_unwind_mode_queue_denies_unwinding_by_flash_loan(tmp_path: Path) -> None:
    """A mode that leaves by the withdrawal queue refuses Unwind and names the actions for it."""
    text = "venues:\n  unwind_execution: {primary: instadapp, unwind_mode: %s}"
    assert mode(tmp_path, text % "flash_loan").refusal(Unwind(id="u")) is None
    assert "RequestUnstake and ClaimUnstake" in (mode(tmp_path, text % "queue").refusal(Unwind(id="u")) or "")


def test_unwinding_by_flash_loan_needs_flash_loans(tmp_path: Path) -> None:
    """The two keys may not contradict each other."""
    text = "venues:\n  flash_loan_execution: {primary: instadapp, use_flash_loan: false}\n  unwind_execution: {primary: instadapp}"
    assert "m.yaml:2: venues.flash_loan_execution.use_flash_loan: is false, but unwind_execution" in refused(tmp_path, text)


def test_lst_type_must_be_the_venue_that_stakes(tmp_path: Path) -> None:
    """A mode cannot hold another venue's staking token."""
    assert "must be the venue that stakes, lido" in refused(tmp_path, "venues:\n  staking_execution: {primary: lido, lst_type: rocketpool}")


def test_on_chain_leverage_venue_must_lend_in_the_mode(tmp_path: Path) -> None:
    """Lending legs of a bundle can only go to a venue that is subscribed for lending."""
    text = "venues:\n  lending_execution: {primary: aave, on_chain_leverage_venue: morpho}"
    assert "must be a venue subscribed for lending_execution: aave" in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("symbol", "perp", "allowed"),
    [("BTC/USDT", False, True), ("BTC/USDT:USDT", True, True), ("ETH/USDT", False, False), ("BTC/USDC", False, False)],
)
def test_asset_and_share_class_bound_what_is_traded(tmp_path: Path, symbol: str, perp: bool, allowed: bool) -> None:
    """A mode trades its own asset only, and is never left with a quote that it does not count in."""
    found = mode(tmp_path, BTC_BASIS_SUBSCRIPTIONS)
    trade = (PerpTrade if perp else SpotTrade)(id="t", symbol=symbol, side="buy", quantity="1")
    assert (found.refusal(trade) is None) is allowed


def test_a_mode_that_counts_in_its_asset_may_trade_it_against_anything(tmp_path: Path) -> None:
    """ETH against dollars is how a mode in ETH hedges."""
    found = mode(tmp_path, "share_class: ETH\nasset: ETH\nvenues: {hedge_execution: {primary: okx}}")
    assert found.refusal(PerpTrade(id="t", symbol="ETH/USDT:USDT", side="sell", quantity="1")) is None


@pytest.mark.parametrize("said", ["halt", "continue"])
def test_on_leg_failure_is_one_of_two_words(tmp_path: Path, said: str) -> None:
    """The key is taken as it is said, and halt where it is not."""
    assert mode(tmp_path, f"on_leg_failure: {said}\n{PURE_LENDING}").on_leg_failure == said
    assert mode(tmp_path, PURE_LENDING).on_leg_failure == "halt"
    assert "on_leg_failure: expected one of halt, continue" in refused(tmp_path, f"on_leg_failure: retry\n{PURE_LENDING}")


def test_mode_names_the_mode(tmp_path: Path) -> None:
    """The key wins over the file's name, and the mode is found by either."""
    configs = write(tmp_path, modes__file_name=f"mode: other_name\n{PURE_LENDING}")
    assert load(configs, "file_name").mode.name == "other_name"
    assert load(configs, "other_name").mode.name == "other_name"
    with pytest.raises(ConfigurationError, match="there is no such mode; there are: file_name; did you mean file_name"):
        load(configs, "file_nme")


def test_the_page_about_modes_names_a_test_for_every_key() -> None:
    """Each key that a mode's file may have is in the table of docs/MODES.md, with tests that exist."""
    page = (Path(__file__).parents[2] / "docs" / "MODES.md").read_text()
    keys = [field for field in (*Entry._fields, *_Top._fields) if field != "venues"]
    assert [key for key in keys if f"{key}` |" not in page] == []
    assert set(re.findall(r"`(test_\w+)`", page)) <= set(globals())
