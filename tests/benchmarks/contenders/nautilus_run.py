"""NautilusTrader: one market buy on every quote tick. Prints CPU microseconds an order and how many filled."""

import sys
import time
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy


class Buyer(Strategy):
    """Buys 0.001 on every tick."""

    def __init__(self, instrument):
        super().__init__()
        self.instrument = instrument

    def on_start(self):
        self.subscribe_quote_ticks(self.instrument.id)

    def on_quote_tick(self, tick):
        quantity = self.instrument.make_qty(Decimal("0.001"))
        self.submit_order(self.order_factory.market(self.instrument.id, OrderSide.BUY, quantity))


def main(count):
    instrument = TestInstrumentProvider.btcusdt_binance()
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(1_000_000_000, USDT), Money(1_000, BTC)],
    )
    engine.add_instrument(instrument)
    ticks = [
        QuoteTick(
            instrument.id,
            Price.from_str(f"{50_000 + n % 100}.00"),
            Price.from_str(f"{50_001 + n % 100}.00"),
            Quantity.from_str("10.000000"),
            Quantity.from_str("10.000000"),
            n * 1_000_000_000,
            n * 1_000_000_000,
        )
        for n in range(1, count + 1)
    ]
    engine.add_data(ticks)
    engine.add_strategy(Buyer(instrument))
    begun = time.process_time()
    engine.run()
    spent = time.process_time() - begun
    filled = sum(1 for order in engine.cache.orders() if order.is_closed)
    print(f"{spent / count * 1e6:.3f} {filled}")


main(int(sys.argv[1]))
