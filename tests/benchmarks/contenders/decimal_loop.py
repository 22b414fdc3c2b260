"""The yardstick: plain functions over a dict ledger, in Decimal, one market order a tick, the touched keys compared.

Its code is pinned: results are stated as multiples of it. Prints CPU microseconds an order.
"""

import sys
import time
from decimal import Decimal

FEE = Decimal("0.001")


def order(ledger, side, quantity, price):
    """Check funds, compute cost and fee, apply three deltas, compare the three keys with what was expected."""
    cost = quantity * price
    fee = cost * FEE
    if side == "buy":
        if ledger["USDT"] < cost + fee:
            raise ValueError("not enough funds")
        deltas = (("USDT", -cost - fee), ("BTC", quantity), ("fees", fee))
    else:
        if ledger["BTC"] < quantity:
            raise ValueError("not enough funds")
        deltas = (("USDT", cost - fee), ("BTC", -quantity), ("fees", fee))
    expected = {key: ledger[key] + amount for key, amount in deltas}
    for key, amount in deltas:
        ledger[key] += amount
    for key, amount in expected.items():
        if ledger[key] != amount:
            raise ValueError("the ledger is off")


def main(count):
    ledger = {"USDT": Decimal(100_000_000), "BTC": Decimal(10), "fees": Decimal(0)}
    prices = [Decimal(50_000 + n % 100) for n in range(100)]
    quantity = Decimal("0.001")
    begun = time.process_time()
    for n in range(count):
        order(ledger, "buy" if n % 2 else "sell", quantity, prices[n % 100])
    print(f"{(time.process_time() - begun) / count * 1e6:.3f} {count}")


main(int(sys.argv[1]))
