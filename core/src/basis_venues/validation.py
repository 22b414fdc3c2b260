"""The requirement's three lists of checks, each item by a name of its own. Nothing here connects to anything.

What cannot even be loaded is an error of `Settings.load` or `EnvironmentManager`; `check_of` says which item of the lists it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import attrs

from .config.settings import Settings
from .config.venues import Timing, VenueSettings
from .conformance import told_of
from .environment import EnvironmentManager
from .errors import BasisError, CredentialError, GuardRefused, PluginRefused
from .factory import VenueClientFactory
from .findings import Finding, Told
from .manifest import Capability, Manifest
from .network import Network
from .registry import Installed, unmet

CHECKS = {
    "configuration of venues": ("required venues", "venue clients", "environment variables", "credentials", "static limits"),
    "the mode": ("mode file", "venue requirements", "optional venues", "nothing needless", "action types", "allocations"),
    "the environment": ("environment", "networks", "mixed environments", "from simulation to live"),
}
"""The lists of the requirement, and the names of their items."""


def check_of(error: BasisError, problem: str) -> str:
    """Which item of the lists a problem fails."""
    if isinstance(error, CredentialError):
        return "credentials"
    if isinstance(error, GuardRefused):
        return "networks"
    if isinstance(error, PluginRefused):
        return "venue clients"
    return item_of(problem)


def item_of(told: str) -> str:
    """Which item of the lists a warning or problem says that it belongs to; `configuration` where it says none."""
    return (told.check if isinstance(told, Told) else "") or "configuration"


def of_settings(settings: Settings) -> Iterator[Finding]:
    """What follows from the settings alone."""
    yield from _required(settings)
    yield from _needless(settings)
    yield from _action_types(settings)
    yield from _allocations(settings)
    yield from _static_limits(settings)
    yield from _selected(settings)
    yield from _ladder(settings)


def of_environment(settings: Settings, environment: EnvironmentManager) -> Iterator[Finding]:
    """What follows from networks and credentials: nothing here fails any more, because making the manager would have."""
    simulated = [venue for venue, network in settings.networks.items() if network is Network.SIMULATION]
    read = {venue: len(environment.credentials(venue)) for venue in settings.networks if venue not in simulated}
    if settings.profile.throwaway_keys:
        yield Finding("pass", "credentials", "made up for this machine's sandbox; real ones are not looked at")
    else:
        said = ", ".join(f"{venue}: {count}" for venue, count in read.items())
        yield Finding(
            "pass", "credentials", f"set for {settings.selection.environment}: {said}" if read else "none are read in a simulation"
        )
    yield Finding("pass", "networks", ", ".join(f"{venue}: {network.value}" for venue, network in settings.networks.items()))
    yield _mixed(settings, simulated)


def of_clients(settings: Settings, factory: VenueClientFactory) -> Iterator[Finding]:
    """Whether every plugin makes its model and, where it is not simulated, its client on the network that was asked for."""
    for venue in settings.mode.execution_venues:
        try:
            factory.model(venue)
            client = factory.client(venue)
        except BasisError as error:
            yield from (Finding("fail", _check_of_client(error), line, _mend_of_client(error, line)) for line in error.problems)
        else:
            made = "a model; the core's own client" if client is None else f"a model and a client on {client.network.value}"
            yield Finding("pass", "venue clients", f"{venue}: {made}")


def _check_of_client(error: BasisError) -> str:
    return "credentials" if isinstance(error, CredentialError) else "venue clients"


def _mend_of_client(error: BasisError, problem: str) -> str:
    """A credential that makes no client is not the plugin's fault."""
    return "correct it in env.unified or where it is exported" if isinstance(error, CredentialError) else mend_of(problem)


def mend_of(refusal: str) -> str:
    """What to do about a plugin that was refused in these words."""
    named = "pip " in refusal or "basis venues trust" in refusal
    return "run the command that it names" if named else "set the venue to simulation in a profile, or mend the plugin"


def of_plugins(settings: Settings) -> Iterator[Finding]:
    """What the venues' wheels say of themselves: the level that the conformance kit found, and what of ours they require."""
    for venue, installed in _shipped(settings):
        least = 1 if settings.networks[venue] is Network.SIMULATION else 2
        kept = told_of(installed)
        if kept.holds is None or kept.holds < least:
            wanted = f"{venue} is not shown to keep level {least} of the conformance kit, {_LEVELS[least]}: its wheel says {kept}"
            yield Finding("warn", "venue clients", wanted, _proving(kept.holds, least))
        for problem in unmet(installed.entry.distribution):
            yield Finding("warn", "venue clients", problem, mend_of(problem))


def _proving(level: int | None, least: int) -> str:
    """What to do about a level that is too low. Level 2 is shown on a double, which not every venue has."""
    alone = "; where the sandbox does not speak its protocol, prove it on its test network, and begin live with small limits"
    return f"in its sources: basis conformance . --level {least}" + (alone if (level, least) == (1, 2) else "")


_LEVELS = {1: "which a backtest asks for", 2: "which a live venue asks for"}


def _shipped(settings: Settings) -> Iterator[tuple[str, Installed]]:
    """The run's venues that are installed; others were added by whoever embeds the library."""
    registry = settings.plugins.registry
    yield from ((venue, registry.venue(venue)) for venue in settings.networks if venue in registry.names())


def _required(settings: Settings) -> Iterator[Finding]:
    name, execution, requirements = settings.mode.name, settings.mode.execution_venues, settings.requirements
    wanted = requirements.of(name)
    if name not in requirements.modes:
        yield Finding("pass", "required venues", f"{', '.join(execution)}; {requirements.document.file} asks nothing of this mode")
        return
    there = [f"{venue} ({settings.networks[venue].value})" for venue in wanted.required_venues]
    yield Finding("pass", "required venues", f"{', '.join(there) or 'none'}: installed, configured")
    yield Finding("pass", "venue requirements", f"every venue that {requirements.document.file} requires is subscribed")
    optional = [venue for venue in execution if venue in wanted.optional_venues]
    strangers = [venue for venue in execution if venue not in (*wanted.required_venues, *wanted.optional_venues)]
    if not strangers:
        yield Finding(
            "pass", "optional venues", f"{', '.join(optional) or 'none'} in use, of {', '.join(wanted.optional_venues) or 'none'}"
        )
    for venue in strangers:
        mend = f"add it to optional_venues of {name}, or take it out of the mode"
        yield Finding("warn", "optional venues", f"{venue} is used, and is neither required nor marked as optional", mend)


def _needless(settings: Settings) -> Iterator[Finding]:
    """Venues of the mode that no action type goes to, and that no account of another venue is kept by."""
    routed = {venue for route in settings.mode.routes.values() for venue in route.venues}
    lanes = {alias for each in settings.manifests.values() for alias in (each.account.alias, each.account.lane)}
    idle = [
        venue
        for venue in settings.mode.execution_venues
        if venue not in routed and not (settings.manifests[venue].account.keeps and settings.manifests[venue].account.alias in lanes)
    ]
    for venue in idle:
        yield Finding("warn", "nothing needless", f"no action goes to {venue}", "take it out of the mode's file")
    if not idle:
        yield Finding("pass", "nothing needless", "every venue of the mode has something to do")


def _action_types(settings: Settings) -> Iterator[Finding]:
    for action_type, route in settings.mode.routes.items():
        for venue in route.venues:
            lacking = [f"{name} ({each.reason})" for name, each in _listed(settings.manifests[venue], action_type) if not each.usable]
            if lacking:
                text = f"{venue} does not do all of {action_type}: {', '.join(lacking)}"
                yield Finding("warn", "action types", text, "do without them, or use another venue")
    yield Finding("pass", "action types", ", ".join(f"{name} → {'/'.join(route.venues)}" for name, route in settings.mode.routes.items()))


def _listed(manifest: Manifest, action_type: str) -> Iterable[tuple[str, Capability]]:
    return manifest.actions.get(action_type, {}).items()


def _allocations(settings: Settings) -> Iterator[Finding]:
    divided = {name: route for name, route in settings.mode.routes.items() if len(route.venues) > 1}
    for name, route in divided.items():
        total = sum(route.weights, Decimal(0))
        if total != 1:
            text = f"{name}: {total:f} of a quantity is routed, the rest is reported as unallocated"
            yield Finding("warn", "allocations", text, "subscribe another venue, or say hedge_allocation: 1")
    said = (f"{name}: " + ", ".join(f"{v} {w:f}" for v, w in zip(r.venues, r.weights, strict=True)) for name, r in divided.items())
    yield Finding("pass", "allocations", "; ".join(said) or "no quantity is divided")


def _static_limits(settings: Settings) -> Iterator[Finding]:
    wrong = [(venue, problem) for venue, said in settings.venues.items() for problem in _insane(said)]
    for venue, problem in wrong:
        yield Finding("fail", "static limits", f"{venue}: {problem}", f"change it in configs/venues/{venue}.yaml")
    hasty = [(venue, needed) for venue in settings.venues if (needed := _needed_patience(settings, venue))]
    for venue, needed in hasty:
        text = f"{venue}: timing: a lost write is sure to be lost after {needed} ms; patience_ms is less, and a person is asked each time"
        yield Finding("warn", "static limits", text, f"let patience_ms be more in configs/venues/{venue}.yaml")
    if not wrong and not hasty:
        yield Finding("pass", "static limits", f"sizes, leverage and timing of {', '.join(settings.venues)} make sense")


def _needed_patience(settings: Settings, venue: str) -> int:
    """After how many ms a lost write is known to be lost, where the venue's patience ends before that; else 0."""
    fence, timing = settings.manifests[venue].fence, settings.venues[venue].timing
    needed = fence.milliseconds + fence.grace_milliseconds + timing.fence_margin_ms + timing.absent_reads * timing.poll_ms
    return needed if fence.milliseconds and timing.patience_ms < needed else 0


_NOT_NEGATIVE = ("min_", "max_", "tick_", "maximum_")


def _insane(settings: VenueSettings) -> Iterator[str]:
    yield from _timing(settings.timing)
    parameters = getattr(settings, "trading_parameters", None)
    for holder in (settings, parameters):
        if holder is None or not attrs.has(type(holder)):
            continue
        for field in attrs.fields(type(holder)):
            value = getattr(holder, field.name)
            if isinstance(value, Decimal) and field.name.startswith(_NOT_NEGATIVE) and value < 0:
                yield f"{field.name} is below zero; 0 stands for none"
    leverage = getattr(parameters, "max_leverage", None)
    if leverage is not None and leverage < 1:
        yield "max_leverage is under 1"


def _timing(timing: Timing) -> Iterator[str]:
    if min(timing.poll_ms, timing.absent_reads, timing.patience_ms, timing.verify_within_ms) <= 0:
        yield "timing has a value that is not above zero"
    if timing.verify_within_ms < timing.poll_ms:
        yield "timing: verify_within_ms is under poll_ms, so that an account is read once only"


def _selected(settings: Settings) -> Iterator[Finding]:
    chosen = settings.selection
    if not chosen.live:
        yield Finding("pass", "environment", "backtest, which is the default")
    else:
        how = "typed" if chosen.typed else "exported"
        yield Finding("pass", "environment", f"live ({how}) in {chosen.environment}: {chosen.network.value} at most")
    yield Finding("pass", "environment variables", "what is set is known and does not contradict itself")


def _mixed(settings: Settings, simulated: list[str]) -> Finding:
    if not settings.selection.live or not simulated:
        return Finding("pass", "mixed environments", "every venue is on the same footing")
    others = [venue for venue in settings.networks if venue not in simulated]
    text = f"{', '.join(simulated)} simulated over what {', '.join(others)} show; their market figures come from recorded data"
    return Finding("pass" if others else "warn", "mixed environments", text, "" if others else "without --live it is the same run")


def _ladder(settings: Settings) -> Iterator[Finding]:
    """Whether the mode can climb from simulation over testnets to mainnet."""
    manifests = [settings.manifests[venue] for venue in settings.mode.execution_venues]
    nowhere = [each.venue for each in manifests if each.rule(Network.MAINNET) is None]
    untested = [each.venue for each in manifests if each.rule(Network.TESTNET) is None]
    gaps = [f"{venue} has no testnet" for venue in untested]
    chains = [rule.chain_ids for each in manifests if each.kind != "cex" and (rule := each.rule(Network.TESTNET))]
    if chains and not set(chains[0]).intersection(*chains[1:]):
        gaps.append("the protocols' testnets are different chains")
    for venue in nowhere:
        yield Finding("warn", "from simulation to live", f"{venue} has no mainnet", "the mode stays on testnets")
    in_the_sandbox = {venue for venue, installed in _shipped(settings) if venue in untested and told_of(installed).in_the_sandbox}
    if not gaps:
        yield Finding("pass", "from simulation to live", "the same mode runs simulated, on testnets, and live")
    elif not in_the_sandbox.issuperset(untested):
        yield Finding("warn", "from simulation to live", "; ".join(gaps), "simulate it, then begin live with small limits")
    elif (settings.configs / "environments" / "sandbox.yaml").is_file():
        yield Finding("pass", "from simulation to live", f"simulated, in the sandbox (--profile sandbox), and live; {'; '.join(gaps)}")
    else:
        yield Finding("warn", "from simulation to live", "; ".join(gaps), "copy the profile sandbox: basis init DIR")
