"""The live side of the smart account: imported by the plugin's client and market data, never by a backtest."""
