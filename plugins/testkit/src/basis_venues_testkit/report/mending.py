"""What to do about a broken promise: one sentence for each, or for what its evidence says, shown beside it."""

from __future__ import annotations

from collections.abc import Mapping

MENDING: Mapping[str, str] = {
    "L0-1": 'Name the venue in `[project.entry-points."basis.venues"]` as in the manifest, and uninstall what else claims that name.',
    "L0-2": "Correct manifest.toml as the message says; `venue` there and the entry point's name are the same.",
    "L0-3": "Write the contract version of this core into manifest.toml, or upgrade basis-venues.",
    "L0-4": "Move the imports that are named into the hooks or the client's modules, so that a model needs none of them.",
    "L0-5": "Take what is needed from the context that the hooks are given; do nothing while a module is imported.",
    "L0-6": "Leave only functions marked with @hookimpl in the entry module, spelled as in the hook reference.",
    "L0-7": "Make settings_class answer a class with @attrs.frozen(kw_only=True) that extends VenueSettings and fits venue.yaml.",
    "L0-8": "Put the missing file beside the manifest, inside the package, so that the wheel takes it in.",
    "L0-9": "Mark every key, secret, token and URL in [[credentials]] with secret = true, under a variable such as CEX__ACME_API_KEY.",
    "L0-10": "List bare host names, and chain ids for a protocol, under [networks.mainnet] and [networks.testnet].",
    "L0-11": "Say in [client_id] and [fence] what the venue really takes; one that takes no 26 characters of a-z and 0-9 cannot be added.",
    "L0-12": "Move the class under an action type that it belongs to, or correct its spelling; classes are the core's.",
    "L1-1": "Add a Sample of that action to the suite, or declare it as 'not_implemented: why' or 'unsupported: why'.",
    "L1-2": "Raise not_supported(...) first in plan for every other action; spot alone, on ccxt's model: `supported_markets: [spot]`.",
    "L1-3": "Compare the lines of `effects` with what `touches` names; the difference is shown key by key.",
    "L1-4": "Let `touches` name every key that plan reads or effects change.",
    "L1-5": "Write figures as text or Decimal; never divide or multiply by a float.",
    "L1-6": "Build keys as account:kind:instrument, on the order's account, with the venue's name first where the venue answers for them.",
    "L1-7": "Build effect ids as f'{ref.id}:0', f'{ref.id}:1', and give every effect ref.id as its order.",
    "L1-8": "Use market.now() for the time, and nothing that is not handed to the model; do not change `view`.",
    "L1-9": "Number the steps f'{order.id}/{number}' from 0, each with the order and at least one action.",
    "L1-10": "Use tuples and text in actions and bounds, so that a step is the same after JSON.",
    "L1-11": "Answer the lot and the bounds in `limits`, and raise Denied in `plan` for what breaks them.",
    "L1-12": "Raise Denied with a sentence for what must not be tried, StepFails for what the venue would refuse.",
    "L1-13": "Let `accruals` count an event once: after `since`, up to and including `until`, with an id made from its time.",
    "L1-14": "Let `next_accrual` answer the time of the very next event, and None where there is none.",
    "L1-15": "Let `series` name every market figure that plan and effects ask for.",
    "L2-1": "Send the attempt's key as the client order id, in one request.",
    "L2-2": "Answer UNKNOWN, or raise, for whatever is not on the venue's list of proven refusals.",
    "L2-3": "Answer UNKNOWN where the reply has no order id or cannot be read; the core looks it up.",
    "L2-4": "Switch off retries in the client and in the library under it; the core sends again when that is safe.",
    "L2-5": "Look the order up by client id, then among the orders that are over, then among fills.",
    "L2-6": "Answer ABSENT only for the venue's own answer that there is no such order, and UNKNOWN for every failed read.",
    "L2-7": "Put the venue's code on the list of proven refusals, and hand its words on as the reason.",
    "L2-8": "Take the state from the venue's status and the effects from its fills, never from what was asked for.",
    "L2-9": "Build effect ids from the venue's own ids of fills, in one place for send, look-up and history.",
    "L2-10": "Check the venue's filters in prepare and raise Denied with both figures; never round a quantity.",
    "L2-11": "Build the request in prepare from step and key alone; send it in send.",
    "L2-12": "Never log requests or headers; hide every credential in words that come from the venue.",
    "L2-13": "Cancel by client id, or replace under the same nonce, in one request; what waits is ACCEPTED, what was taken back CANCELLED.",
    "L2-14": "Name in [networks] the hosts that the client really asks, and in its wire the class of ccxt that leads to them.",
    "L2-15": "Send the attempt's key with the move where the venue takes one, else look for the id that its answer named.",
    "L3-1": "Put into the payload of prepare all that look-up and send need: nothing else of the process is there after a crash.",
    "L3-2": "Let a look-up change nothing, and answer the same from a client that was just made.",
    "L3-3": "Give every write a fence that the venue keeps, say in the manifest how long it is, and answer ABSENT only from the venue.",
    "L3-4": "Measure the venue's time, send its window with every write, and take the refusal for a wrong time for a proof.",
    "L3-5": "Answer a look-up from the chain as it is now, never from what was seen before.",
    "L3-6": "Run the seed that is named alone, and mend the single promise that breaks with it.",
    "L3-7": "Answer each look-up by the attempt's own name, and reckon what an order brought from the position after the one before it.",
}

_BY_EVIDENCE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "L0-1": (("its module", "Let the entry point in pyproject.toml name the package as it lies under src."),),
    "L0-3": ((" requires ", "Write into `dependencies` the versions that are installed, or install those that it asks for."),),
    "L1-3": (
        ("float", "Write figures as text or Decimal; never divide or multiply by a float."),
        ("changes no position", "Answer in `effects` what the action debits and credits; idle=True is for a Sample that does nothing."),
        ("Error", "Mend the exception that is shown; `pytest` shows where it comes from."),
        ("PluginRefused", "Mend the exception that is shown; `pytest` shows where it comes from."),
        ("ended DENIED", "Give the Sample what the action needs (`holds`, `market`), or mend what `plan` refuses."),
        ("ended RE", "Give the Sample what the action needs (`holds`, `market`), or mend what `effects` refuses."),
    ),
    "L2-1": (
        ("does not open", "Mend what `create_client` or `open` raises; it is shown with the last line of the plugin in it."),
        ("cannot be prepared: Denied", "Give the Sample what the action needs (`holds`), or mend what `prepare` refuses."),
        ("cannot be prepared", "Mend what `prepare` raises; it is shown with the last line of the plugin in it."),
        ("cannot be led", "Mend what is shown; the sample's `first` and `holds` lead the double to where its action begins."),
        ("its gas was", "Write under `gas` in venue.yaml what such a transaction uses; a receipt's gasUsed says it."),
        ("was asked for", "Send the quantity that was asked for, to the last digit; what the venue does not take is refused."),
    ),
    "L2-2": (
        ("that nobody knows", "Take the code off the list of proven refusals: the exchange says itself that the order may stand."),
        ("of that name already", "Leave its code or its words out of the proofs: the exchange has the order, as a look-up then shows."),
    ),
    "L2-3": (("listed late", "Answer in `filled` how much the exchange says was filled: the order is over when its fills come to that."),),
    "L2-8": (("stays in the book", "Send a market order so that what is not there at once lapses (IOC), as `rest` of the order says."),),
    "L2-9": (
        ("page after page", "Read every list to its end, in the pages and windows of time that the exchange's documentation names."),
        ("is told at", "Answer the exchange's own time in milliseconds."),
        ("told as of", "Answer a moment that the exchange's clock has reached: `at_least` of the desk."),
        ("was a float", "Build every Decimal from the text of the answer, never from a float."),
    ),
    "L2-13": (
        ("with it another order", "Take back the one order, by its client id."),
        ("while an order rests", "Read what is held: what the venue shows as free, and what it keeps aside for orders."),
        ("recent_effects", "Tell orders that rest in `History.since`, by their client ids."),
    ),
}
"""By promise: words of the evidence, and what to do where it has them."""


def mending(promise: str, evidence: str) -> str:
    """What to do about a promise that was broken in this way."""
    return next((advice for words, advice in _BY_EVIDENCE.get(promise, ()) if words in evidence), MENDING.get(promise, ""))
