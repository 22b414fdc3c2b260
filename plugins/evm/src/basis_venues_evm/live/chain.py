"""`EvmChain`: everything that the venues of one wallet on one chain share."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from basis_venues.actions import Action
from basis_venues.contract import ClientContext
from basis_venues.errors import ConfigurationError, CredentialError, GuardRefused, TryAgainLater
from basis_venues.guard import LOCAL_CHAINS, check_chain, check_host
from basis_venues.keys import Key
from basis_venues.orders import Effect, Outgoing, Prepared, Report, Snapshot, Step
from basis_venues.secret import Secret

from ..settings import ChainSettings, TransactionSettings
from .abi import address, number
from .effects import Effects
from .history import History
from .lookup import pool_request, waiting
from .mined import Mined
from .multicall import ADDRESS as MULTICALL
from .multicall import Call
from .reading import LAGGING_PAUSE_MS, LAGGING_READS, Behind, Reading, Views
from .registry import BALANCES, Registry, values_of
from .reverts import Reverts
from .rpc import Answer, Request, Rpc, RpcUnavailable
from .signing import Signer
from .simulating import around, in_sequence, last_reverted, simulated, simulation
from .tokens import DECIMALS, ERRORS, Tokens
from .transactions import Transactions, Wanted, WouldRevert

NAMES = {1: "mainnet", 11155111: "sepolia", 560048: "hoodi"}
"""Chain id -> what its contracts are filed under; every chain of this machine is `local`."""
LOCAL = "local"


class EvmChain:
    """RPC, one signing lane, reads and decoded effects of one wallet on one chain. Implements `basis_venues.contract.ChainAccess`.

    The context is that of the wallet's venue: its account signs, its settings say which tokens there are. Without a key it reads and
    cannot send. Every user opens it, and closes it again; the connections go with the last one.
    """

    def __init__(self, context: ClientContext, urls: Sequence[Secret], signer: Signer | None, settings: TransactionSettings) -> None:
        for url in urls:
            check_host(context.venue, url.reveal(), context.allowed_hosts)
        self._venue = context.venue
        self._allowed = context.allowed_chains
        self.chain_id = _expected(context.allowed_chains)
        self._clock = context.clock
        self._settings: ChainSettings = context.settings
        self.rpc = Rpc(context.venue, urls, context.clock, settings.timeout_ms)
        self.reverts = Reverts()
        self.registry = Registry()
        self.tokens = Tokens(self.registry)
        self._reading = Reading(context.venue, self.rpc, self.reverts)
        self._effects = Effects(self.registry, self._reading)
        self._history = History(context.venue, self.rpc, self.registry, self._effects, settings.log_blocks)
        self._signer = signer
        self._transactions: Transactions | None = None
        self._opening = asyncio.Lock()
        self._users = 0
        self._told: Mapping[str, Any] | None = None
        self._unjudged: set[Wanted] = set()
        """What would have been reverted when it was weighed."""
        self.reverts.know(ERRORS)
        self.registry.add_reads(BALANCES, lambda parts: self.tokens.balance(parts.account, parts.instrument))
        if signer is not None:
            self.registry.add_account(context.account.alias, signer.address)
            self._transactions = Transactions(
                context.venue, self.rpc, signer, self.registry, self.reverts, self._reading, self._effects, settings, self._allowed,
                context.clock,
            )  # fmt: skip

    # life

    async def open(self) -> None:
        """Connect and check the chain. Raises `GuardRefused` on another chain than allowed, `TryAgainLater` where none answers, and
        `ConfigurationError` on a chain that cannot be read in one call, or that has a token with other decimals than configured."""
        async with self._opening:
            self._users += 1
            if self._users > 1:
                return
            try:
                await self.rpc.open()
                await self._check()
                where = f"contracts in {self._venue}.yaml"
                self.tokens.add(self._settings.tokens, await self.contracts(self._venue, self._settings), where)
                await self._check_decimals()
            except BaseException:
                self._users = 0
                await self.rpc.close()
                raise

    async def close(self) -> None:
        """Let the connections go, with the last user."""
        self._users = max(self._users - 1, 0)
        if not self._users:
            await self.rpc.close()

    async def _check(self) -> None:
        chain, code = await self.rpc.batch((Request("eth_chainId"), Request("eth_getCode", (MULTICALL, "latest"))))
        if chain.fault is not None or code.fault is not None:
            raise ConfigurationError(f"{self._venue}: what answers at the RPC endpoint is no Ethereum node")
        self.chain_id = self._same(int(chain.result, 16))
        for host, other in await self.rpc.others(Request("eth_chainId")):
            if other.fault is None and other.result != chain.result:
                raise GuardRefused(f"{self._venue}: {host} answers for chain {other.result}, and the endpoint before it for {chain.result}")
        if len(code.result) <= 2:
            raise ConfigurationError(f"{self._venue}: chain {self.chain_id} has no Multicall3 at {MULTICALL}; positions are read with it")
        self._stay_on(self.chain_id)

    def _stay_on(self, chain: int) -> None:
        """From now on no other chain will do, though it be allowed as well: contracts, accounts and nonces are those of this one."""
        self.rpc.stay_on(chain)
        self._allowed = frozenset({chain})
        if self._transactions is not None:
            self._transactions.allowed = self._allowed

    async def _check_decimals(self) -> None:
        """With other decimals than the token's own, amounts of it would be off by powers of ten. One that does not say is not judged."""
        asked = {placed: Call(placed.address, DECIMALS()) for placed in self.tokens.placed()}
        told = (await self.views(asked.values())).answers
        for (symbol, _, token), call in asked.items():
            answer = told[call]
            if answer is not None and number(answer) != token.decimals:
                raise ConfigurationError(
                    f"tokens in {self._venue}.yaml: {symbol} has {number(answer)} decimals on chain {self.chain_id}, not {token.decimals}"
                )

    def _same(self, chain: int) -> int:
        check_chain(self._venue, chain, self._allowed)
        return chain

    async def check(self) -> Mapping[str, str]:
        """One cheap look, as words for a person: the chain, its head, and transactions of the wallet that wait in the pool and are none
        of this run's. Raises as `open` does."""
        requests = [Request("eth_chainId"), Request("eth_blockNumber")]
        if self._signer is not None:
            requests.append(pool_request(self._signer.address, local=self.chain_id in LOCAL_CHAINS))
        *told, pool = [*await self.rpc.batch(requests), Answer(None)][:3]
        chain, head = (int(_required(answer, self._venue), 16) for answer in told)
        self._same(chain)
        strange = waiting(pool, self._signer.address, self._effects.ours) if self._signer is not None else []
        return {"chain": str(chain), "block": str(head), **({"waiting in the pool": ", ".join(strange)} if strange else {})}

    # what venues ask while they open

    async def contracts(self, venue: str, settings: ChainSettings) -> Mapping[str, str]:
        """The addresses of the venue's contracts on this chain, from its YAML; those of a local chain that tells them itself. Raises
        `ConfigurationError` where there are none, naming the networks that have some."""
        name = LOCAL if self.chain_id in LOCAL_CHAINS else NAMES.get(self.chain_id, str(self.chain_id))
        found = settings.contracts.get(name) or (await self.sandbox_addresses()).get(venue)
        if not found:
            known = ", ".join(settings.contracts) or "none"
            raise ConfigurationError(f"{venue} has no contracts on {name} (chain {self.chain_id}); it is on {known}")
        return {each: text for each, text in found.items() if isinstance(text, str)}

    async def addresses(self, venue: str, settings: ChainSettings, needed: Collection[str]) -> dict[str, str]:
        """As `contracts`, each checked and in lower case. Raises `ConfigurationError` also where one is no address, or one of `needed` is
        missing."""
        where = f"contracts in {venue}.yaml"
        found = {name: address(text, f"{where}: {name}") for name, text in (await self.contracts(venue, settings)).items()}
        missing = set(needed) - found.keys()
        if missing:
            raise ConfigurationError(f"{where}: {', '.join(sorted(missing))} of chain {self.chain_id} are missing")
        return found

    async def sandbox_addresses(self) -> Mapping[str, Any]:
        """What a local chain of the sandbox tells of its contracts (the method `sandbox_addresses`), by venue; nothing elsewhere."""
        if self.chain_id not in LOCAL_CHAINS:
            return {}
        if self._told is None:
            (answer,) = await self.rpc.batch((Request("sandbox_addresses"),))
            told = answer.result if isinstance(answer.result, dict) else {}
            self._told = {**told, "alchemy": told.get("tokens", {})}
        return self._told

    async def views(self, calls: Collection[Call], at: int = 0, *, exact: bool = False) -> Views:
        """The views at one block, `at` or later, in one request with all that is asked at this moment; `exact`: at `at` itself. Asked for
        again where the node is behind our last transaction: without a figure an action is denied for good. Raises `RpcUnavailable`."""
        for _ in range(LAGGING_READS):
            try:
                return await self._reading.views(calls, at, exact=exact)
            except Behind:
                await self._clock.sleep(LAGGING_PAUSE_MS)
        return await self._reading.views(calls, at, exact=exact)

    async def view(self, call: Call) -> str:
        """What one view answers at the latest block. Raises `RpcUnavailable`, also where the contract does not answer."""
        answer = (await self.views((call,))).answers[call]
        if answer is None:
            raise RpcUnavailable(f"{self._venue}: the contract {call.to} does not answer; nothing was sent")
        return answer

    # accounts and their positions

    def address_of(self, account: str) -> str:
        """The address of an account, in lower case. Raises `Denied` where it is not known."""
        return self.registry.address(account)

    def identity_of(self, account: str) -> str:
        """What the account's locks and journal are named after: chain id and address."""
        return f"{self.chain_id}:{self.registry.address(account)}"

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """The positions at one block, `at` or later; one that cannot be read is left out."""
        reads = {key: self.registry.read(key) for key in keys}
        views = await self._reading.views([read.call for read in reads.values() if read.call is not None], at)
        return Snapshot(views.block, values_of(reads, views.answers))

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> list[Effect]:
        """Everything that changed the positions (none named: all) after block `since` up to `until` (0: now)."""
        return await self._history.effects(keys, since, until)

    # transactions

    async def prepare(self, step: Step, attempt_key: str, wanted: Wanted) -> Prepared:
        """Simulate and sign a transaction of the wallet. Raises `Denied`, `GuardRefused`, `TryAgainLater`; nothing has left then."""
        unjudged = wanted in self._unjudged
        self._unjudged.discard(wanted)
        prepared = await self._sending().prepare(step, attempt_key, wanted)
        if unjudged:
            raise TryAgainLater(
                f"{self._venue}: a moment ago it would have been reverted, so nobody has seen what it does; nothing was sent"
            )
        return prepared

    async def weigh(self, wanted: Wanted, at_risk: str, parts: Collection[Action] = ()) -> Mined | None:
        """The wallet's transaction as if it were mined now; None where the node does not offer it (`eth_simulateV1`). Lenders judge what
        becomes of the account `at_risk`, where one is named, by its `parts` where it cannot be simulated. Raises what a `Watch` raises,
        and `RpcUnavailable`."""
        sender, watches = self._sending().address, tuple(self.registry.watches.values()) if at_risk else ()
        views = [watch.standing(self.address_of(at_risk)) for watch in watches]
        (answer,) = await self.rpc.batch((simulation(sender, wanted, views),))
        run = simulated(answer, sender, wanted)
        if run is None:
            for watch in watches:
                await watch.judge_blindly(at_risk, parts)
            return None
        counted_on = 0 if self.chain_id in LOCAL_CHAINS else 1  # anvil gives the simulated block the number of the head
        if run.block < self._reading.head + counted_on:
            raise RpcUnavailable(f"{self._venue}: the node simulates on a block older than was seen; nothing was sent")
        for watch, (before, after) in zip(watches, around(answer), strict=True):
            watch.judge(at_risk, before, after)
        if not run.ok:  # what is reverted brings nobody nearer to liquidation, and changes nothing that was not planned
            self._unjudged.add(wanted)
        return run

    async def check_next(self, first: Wanted, following: Wanted) -> None:
        """Raises `WouldRevert` where the second of two transactions of the wallet would be reverted after the first, as things stand. A
        node that does not simulate (`eth_simulateV1`) says nothing of it."""
        (answer,) = await self.rpc.batch((in_sequence(self._sending().address, (first, following)),))
        refused = last_reverted(answer)
        if refused is not None:
            raise WouldRevert(f"the chain would refuse what follows it: {self.reverts.reason(*refused)}; nothing was sent")

    async def foresee(self, wanted: Wanted, at_risk: str = "", parts: Collection[Action] = ()) -> tuple[Effect, ...] | None:
        """What the wallet's transaction would do now but for its gas, decoded as when it is mined: nothing where it would be reverted,
        None where the node does not offer it. Raises as `weigh`."""
        run = await self.weigh(wanted, at_risk, parts)
        return None if run is None else tuple(effect for effect in await self._effects.of(run) if effect.kind != "gas")

    async def show(self, step: Step, attempt_key: str, wanted: Wanted, ahead: int) -> Outgoing:
        """The same, for a person, with `ahead` transactions before it. Raises as `prepare`."""
        return await self._sending().show(step, attempt_key, wanted, ahead)

    async def send(self, prepared: Prepared) -> Report:
        """Broadcast its bytes, once."""
        return await self._sending().send(prepared)

    async def lookup(self, prepared: Prepared) -> Report:
        """What became of it."""
        return await self._sending().lookup(prepared)

    async def replace(self, prepared: Prepared) -> Prepared | None:
        """The same at a higher fee, when it is stuck; to be journalled before it is sent."""
        return await self._sending().replace(prepared)

    def _sending(self) -> Transactions:
        if self._transactions is None:
            raise CredentialError(f"{self._venue} has no private key and signs nothing; set BASIS_{{ENV}}__ALCHEMY__PRIVATE_KEY")
        return self._transactions


def evm_chain(context: ClientContext) -> EvmChain:
    """The chain that the context carries. Raises `ConfigurationError` where there is none: no wallet is subscribed."""
    if not isinstance(context.chain, EvmChain):
        raise ConfigurationError(f"{context.venue} acts through a wallet, and the mode has none: subscribe alchemy, under wallet")
    return context.chain


def _expected(allowed: Collection[int]) -> int:
    """The chain that an answer is expected from, before there is one. Raises `GuardRefused` where no chain is allowed."""
    if not allowed:
        raise GuardRefused("no chain is allowed here")
    return max(allowed)


def _required(answer: Answer, venue: str) -> Any:
    if answer.fault is not None:
        raise ConfigurationError(f"{venue}: the node refuses a question every node answers: {answer.fault.message}")
    return answer.result
