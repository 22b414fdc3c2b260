"""A sample carried out in simulation, as a backtest does it."""
