"""Which route answers a path, and which numbers are numbers."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from basis_venues_sandbox.dialect import Call, Refused, Route
from basis_venues_sandbox.exchange.wire.call import route_of

ONE, ALL, ANY = (Route(name, lambda call: None) for name in ("order.latest", "orders", "order.read"))
ROUTES = {("GET", "/orders"): ALL, ("GET", "/orders/latest"): ONE, ("GET", "/orders/{id}"): ANY}


def test_a_word_in_braces_stands_for_any_and_a_path_of_its_own_goes_first() -> None:
    """Ids in paths need no route each; another method, or a longer path, is not the route's."""
    found = [route_of(ROUTES, "GET", path) for path in ("/orders", "/orders/latest", "/orders/17")]
    assert found == [ALL, ONE, ANY]
    assert [route_of(ROUTES, *asked) for asked in (("DELETE", "/orders/17"), ("GET", "/orders/17/fills"), ("GET", "/fills/17"))] == [
        None
    ] * 3


@pytest.mark.parametrize(
    ("text", "number"), [("0.00008", Decimal("0.00008")), ("8e-05", None), ("8E-05", None), ("NaN", None), ("x", None)]
)
def test_an_exponent_is_no_number_to_an_exchange(text: str, number: Decimal | None) -> None:
    """It is what a float makes of a small amount."""
    exchange: Any = SimpleNamespace()
    call = Call(method="GET", target="/", body=b"", headers={}, exchange=exchange, now=0, params={"size": text})
    if number is not None:
        assert call.number("size") == number
        return
    with pytest.raises(Refused):
        call.number("size")
