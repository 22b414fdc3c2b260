"""backtrader: one market order on every bar, buying and selling in turn. Prints CPU microseconds an order and how many filled."""

import datetime
import sys
import time

import backtrader


class Feed(backtrader.feed.DataBase):
    """Minute bars that need no file."""

    def __init__(self, count):
        super().__init__()
        self.left = self.count = count

    def _load(self):
        if not self.left:
            return False
        number = self.count - self.left
        self.left -= 1
        when = datetime.datetime(2024, 1, 1) + datetime.timedelta(minutes=number)
        self.lines.datetime[0] = backtrader.date2num(when)
        price = 50_000.0 + number % 100
        self.lines.open[0] = self.lines.high[0] = self.lines.low[0] = self.lines.close[0] = price
        self.lines.volume[0] = 100.0
        return True


class Turner(backtrader.Strategy):
    """Buys and sells in turn."""

    def __init__(self):
        self.filled = self.sent = 0

    def next(self):
        self.sent += 1
        self.buy(size=0.001) if self.sent % 2 else self.sell(size=0.001)

    def notify_order(self, order):
        self.filled += order.status == order.Completed


def main(count):
    cerebro = backtrader.Cerebro()
    cerebro.adddata(Feed(count))
    cerebro.addstrategy(Turner)
    cerebro.broker.setcash(1e9)
    cerebro.broker.setcommission(commission=0.001)
    begun = time.process_time()
    (strategy,) = cerebro.run(runonce=False)
    spent = time.process_time() - begun
    print(f"{spent / count * 1e6:.3f} {strategy.filled}")


main(int(sys.argv[1]))
