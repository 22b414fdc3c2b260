"""Level 0: the plugin can be found, read, and loaded, and says truly what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from basis_venues.actions import Action, action_classes
from basis_venues.attempts import LENGTH
from basis_venues.config.document import Document
from basis_venues.config.misfit import nearest
from basis_venues.config.venues import VenueSettings
from basis_venues.config.yaml_file import read_yaml
from basis_venues.contract import VenueModel
from basis_venues.distributions import entry_points
from basis_venues.errors import BasisError, ConfigurationError, PluginRefused
from basis_venues.hookspecs import ENTRY_POINT_GROUP
from basis_venues.manifest import CredentialField, Manifest, NetworkRule, read_manifest
from basis_venues.plugins import Plugins
from basis_venues.registry import FIRST_PARTY, Registry, check_contract, module_folder, unmet

from ..promises import blocked_by, broken, none_of, promise
from ..report.judging import IMPORT_MS
from ..subject import make_model, shipped_settings
from ..suite import Suite

SECRET = re.compile(r"auth|key|mnemonic|pass|private|secret|seed|token|url", re.IGNORECASE)
"""What the name of a field looks like that gives access. A URL counts: providers put their keys into it."""

_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_{1,2}[A-Z0-9]+)*")
_NO_KEYS = "such an exchange cannot be added yet; do not declare what it does not take, its orders could not be found again"
_IN_TIME = ("recv_window", "header")
"""Kinds of fences that have a length."""
_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


class Loads(Suite):
    """The promises of level 0."""

    @promise("L0-1")
    def test_l0_1_the_name_is_its_own(self) -> None:
        """L0-1 Name: exactly one installed distribution claims the venue's name, and the name is free for it.

        Two claims disable each other, and a first-party name from elsewhere is refused: an operator must know whose code moves money.
        """
        claims = self.subject.claims
        if not claims:
            hint = nearest(self.venue, {entry.name for entry in entry_points((ENTRY_POINT_GROUP,))}) or "."
            broken(
                f"no installed distribution has the entry point {self.venue!r} in basis.venues{hint} Its name in pyproject.toml, and "
                "`venue` in manifest.toml and the suite, are the same; then pip install -e ."
            )
        if len(claims) > 1:
            broken(f"{' and '.join(claim.distribution.name for claim in claims)} both claim {self.venue!r}: uninstall one of them")
        owner = claims[0].distribution.name
        if FIRST_PARTY.get(self.venue, owner) != owner:
            broken(f"{self.venue!r} belongs to {FIRST_PARTY[self.venue]}, not to {owner}: choose another name")
        try:
            module_folder(claims[0])
        except PluginRefused as error:
            broken(str(error))

    @promise("L0-2")
    def test_l0_2_the_manifest_is_valid_and_read_without_import(self) -> None:
        """L0-2 Manifest: it is valid, names the venue as the entry point does, and is read without running the plugin.

        Whether a plugin may be loaded is decided from it, before any of its code runs.
        """
        try:
            manifest = read_manifest(self.subject.folder / "manifest.toml")
        except ConfigurationError as error:
            broken(str(error))
        if manifest.venue != self.subject.entry.name:
            broken(f"the entry point is named {self.subject.entry.name!r} and the manifest says {manifest.venue!r}")
        if _contract_fits(manifest) and self.subject.probed.get("imported_early"):
            broken("reading the manifest imported the plugin")

    @promise("L0-3")
    def test_l0_3_the_contract_fits(self) -> None:
        """L0-3 Contract: the plugin is written for a contract version that this core has.

        An older or newer contract gives the same names another meaning. What it requires of ours is installed in such a version.
        """
        try:
            check_contract(self.subject.manifest, self.subject.entry.distribution.name, self.subject.entry.distribution.version)
        except PluginRefused as error:
            broken(str(error))
        none_of(unmet(self.subject.entry.distribution))

    @promise("L0-4")
    def test_l0_4_importing_it_is_light(self, record_property: Callable[[str, object], None]) -> None:
        """L0-4 Light: the module imports, and neither that nor making the model imports a client's libraries.

        A backtest needs none of them, and they cost seconds at every start. How long the import took is reported, not judged.
        """
        probed = self.subject.probed
        if "error" in probed:
            broken(f"importing the plugin ended with {probed['error']}\n{probed['printed']}")
        record_property(IMPORT_MS, probed["import_ms"])
        early, late = probed["heavy_on_import"], probed["heavy_with_model"]
        if early:
            broken(f"importing the plugin imports {', '.join(early)}: import what is heavy inside the hooks that need it")
        if late:
            broken(f"making the model imports {', '.join(late)}: only create_client, chain_access and market_data may")

    @promise("L0-5")
    def test_l0_5_importing_it_is_quiet(self) -> None:
        """L0-5 Quiet: neither importing it nor making the model prints, reads the environment, or touches files, network or threads.

        What a plugin needs is handed to it; what it takes by itself escapes the guards and the redaction.
        """
        probed = self.subject.probed
        if "error" in probed:
            blocked_by("L0-4")
        printed = probed["printed"].strip()
        none_of([*probed["deeds"], *([f"prints {printed[:200]!r}"] if printed else [])])

    @promise("L0-6")
    def test_l0_6_its_hooks_are_right(self) -> None:
        """L0-6 Hooks: the module holds implementations of known hooks and nothing else, and create_model answers with a model.

        A misspelt hook would never be called, and nobody would notice until the day it is needed.
        """
        plugins = _loaded(self.subject.probed, self.venue)
        module: Any = __import__(self.subject.entry.module, fromlist=["__name__"])
        own = {name: value for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__}
        stray = [name for name, value in own.items() if not name.startswith("_") and not hasattr(value, "basis_venues_impl")]
        none_of([
            *(f"{name} is no hook: mark it with @hookimpl, or move it into a module of its own" for name in stray),
            *(f"the hook {hook} is missing" for hook in ("settings_class", "create_model") if not plugins.implements(self.venue, hook)),
        ])  # fmt: skip
        try:
            settings = shipped_settings(plugins, self.venue)
        except (BasisError, AssertionError):
            return  # L0-7 and L0-8 say why
        try:
            model = make_model(plugins, self.venue, settings)
        except BasisError as error:
            broken(f"create_model: {error}{_cause(error)}")
        if not isinstance(model, VenueModel):
            broken(f"create_model answers with a {type(model).__name__}, which is no VenueModel")

    @promise("L0-7")
    def test_l0_7_the_shipped_settings_fit_strictly(self) -> None:
        """L0-7 Settings: settings_class is a frozen attrs class that venue.yaml fills, and an unknown key is refused.

        A misspelt limit that is silently ignored is no limit.
        """
        file = self.subject.folder / "venue.yaml"
        if not file.is_file():
            blocked_by("L0-8")
        cls = self.subject.plugins.call(self.venue, "settings_class")
        if not (isinstance(cls, type) and issubclass(cls, VenueSettings) and attrs.has(cls)):
            broken(f"settings_class answers with {cls!r}, which is no attrs class that extends VenueSettings")
        document = read_yaml(file, shipped=True)
        try:
            settings: Any = document.fit(cls)
        except ConfigurationError as error:
            broken(str(error))
        try:
            settings.venue_type = "cex"
        except attrs.exceptions.FrozenInstanceError:
            pass
        else:
            broken(f"{cls.__name__} can be changed: decorate it with @attrs.frozen")
        try:
            Document("misspelt", {"no_such_key_": 1}).over(document).fit(cls)
        except ConfigurationError:
            return
        broken(f"{cls.__name__} takes keys that it does not know")

    @promise("L0-8")
    def test_l0_8_it_ships_what_belongs_to_it(self) -> None:
        """L0-8 Files: the default settings and the mark of a typed package lie beside the manifest.

        Without venue.yaml the venue has no defaults, without py.typed nobody can check code that uses it.
        """
        none_of(
            f"{name} is missing in {self.subject.folder.name}: add it to the package, and to what the wheel takes in"
            for name in ("manifest.toml", "venue.yaml", "py.typed")
            if not (self.subject.folder / name).is_file()
        )

    @promise("L0-9")
    def test_l0_9_credentials_are_declared(self) -> None:
        """L0-9 Credentials: every field that looks secret is marked so, and names are unique, well-formed and of use.

        Only what is marked secret is kept out of logs, journals and error texts.
        """
        none_of(_wrong_credentials(self.subject.manifest))

    @promise("L0-10")
    def test_l0_10_networks_say_what_may_be_reached(self) -> None:
        """L0-10 Networks: each names bare hosts, and chain ids where the venue is on a chain; no chain is both test and mainnet.

        The guards let a venue reach exactly these.
        """
        none_of(_wrong_networks(self.subject.manifest))

    @promise("L0-11")
    def test_l0_11_client_ids_and_fence_can_be_used(self) -> None:
        """L0-11 Ids: the venue's rule for client ids takes the core's attempt keys, and a fence in time has a time.

        The id is how an order is found again after a crash, and the fence tells when it can no longer arrive.
        """
        manifest = self.subject.manifest
        rule, fence = manifest.client_id, manifest.fence
        problems = []
        if rule.unique != "nonce":
            if rule.length < LENGTH:
                problems.append(f"client_id.length is {rule.length}, and attempt keys have {LENGTH} characters: {_NO_KEYS}")
            if not re.fullmatch(f"[{rule.alphabet}]+", "abcdefghijklmnopqrstuvwxyz0123456789"):
                problems.append(f"client_id.alphabet {rule.alphabet!r} does not take the a-z and 0-9 of attempt keys: {_NO_KEYS}")
        if (fence.kind in _IN_TIME) != (fence.milliseconds > 0):
            mend = "say how long it is, or kind = none" if fence.kind in _IN_TIME else "say milliseconds = 0, or the window's kind"
            problems.append(f"a fence of the kind {fence.kind} has {fence.milliseconds} ms: {mend} ({' or '.join(_IN_TIME)} have a length)")
        none_of(problems)

    @promise("L0-12")
    def test_l0_12_declared_actions_exist(self) -> None:
        """L0-12 Actions: every declared action class is known and belongs to the action type it stands under.

        The router finds venues by type: a class under a wrong one is never reached.
        """
        loaded = self.subject.plugins.manifest(self.venue)
        known = action_classes()
        none_of(
            f"actions.{kind}: {name} is no action class of this type; it {_belongs(known.get(name))}"
            for kind, classes in loaded.actions.items()
            for name in classes
            if name not in known or kind not in known[name].action_types
        )


def _contract_fits(manifest: Manifest) -> bool:
    try:
        check_contract(manifest, manifest.venue)
    except PluginRefused:
        return False
    return True


def _loaded(probed: Any, venue: str) -> Plugins:
    if "error" in probed:
        blocked_by("L0-4")
    plugins = Plugins(Registry())
    try:
        plugins.load((venue,))
    except PluginRefused as error:
        broken(str(error))
    return plugins


def _cause(error: BaseException) -> str:
    return "" if error.__cause__ is None else f": {error.__cause__}"


def _belongs(action: type[Action] | None) -> str:
    unknown = f"is not known at all: action classes are the core's, {', '.join(sorted(action_classes()))}"
    return unknown if action is None else f"belongs to {', '.join(action.action_types) or 'no type'}"


def _wrong_credentials(manifest: Manifest) -> Iterator[str]:
    names = [each.name for each in manifest.credentials]
    variables = [each.variable for each in manifest.credentials]
    yield from (f"two credentials are named {name!r}" for name in {*names} if names.count(name) > 1)
    yield from (f"two credentials are read from {name}" for name in {*variables} if variables.count(name) > 1)
    for credential in manifest.credentials:
        yield from _wrong_credential(credential, manifest)


def _wrong_credential(credential: CredentialField, manifest: Manifest) -> Iterator[str]:
    if not credential.secret and (SECRET.search(credential.name) or SECRET.search(credential.variable)):
        yield f"{credential.name} looks secret and is not marked so: secret = true"
    if not _VARIABLE.fullmatch(credential.variable):
        yield f"{credential.name}: {credential.variable!r} is not the name of a variable, such as CEX__ACME_API_KEY"
    for kind in credential.needed_for:
        if kind not in manifest.actions:
            yield f"{credential.name} is needed for {kind}, which the venue does not offer"
    for network in credential.networks:
        if network not in manifest.networks:
            yield f"{credential.name} is for {network}, where the venue does not exist"


def _wrong_networks(manifest: Manifest) -> Iterator[str]:
    if not manifest.networks:
        yield "no network is declared: name testnet, mainnet or both"
    for name, rule in manifest.networks.items():
        yield from _wrong_network(name, rule, manifest.kind != "cex")
    testnet, mainnet = manifest.networks.get("testnet", NetworkRule()), manifest.networks.get("mainnet", NetworkRule())
    for chain in {*testnet.chain_ids} & {*mainnet.chain_ids}:
        yield f"chain {chain} is declared as testnet and as mainnet"


def _wrong_network(name: str, rule: NetworkRule, on_chain: bool) -> Iterator[str]:
    if not rule.hosts:
        yield f"networks.{name} names no host"
    for host in rule.hosts:
        if not _HOST.fullmatch(host):
            yield f"networks.{name}: {host!r} is not a bare host in lower case, such as api.acme.com"
    if on_chain and not rule.chain_ids:
        yield f"networks.{name} names no chain id"
    yield from (f"networks.{name}: {chain} is not a chain id" for chain in rule.chain_ids if chain <= 0)
