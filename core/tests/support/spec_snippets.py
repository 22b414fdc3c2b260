"""The configuration that the requirement shows, letter by letter."""

BINANCE = """\
venue_type: "cex"
supported_markets:
  - spot
  - futures
trading_parameters:
  min_order_size_usd: 10
  max_leverage: 125
  tick_size: 0.01
  min_size: 0.001
"""

BTC_BASIS_SUBSCRIPTIONS = """\
mode: "btc_basis"
share_class: "USDT"
asset: "BTC"

# Venue subscriptions - which venues this strategy can use
venues:
  data_subscriptions:
    - binance  # Market data
    - bybit    # Market data
    - okx      # Market data
  
  execution_subscriptions:
    cex_spot:
      - binance  # BTC spot trades
    cex_futures:
      - binance  # 40% hedge allocation
      - bybit    # 30% hedge allocation
      - okx      # 30% hedge allocation
    wallet:
      - alchemy  # On-chain wallet transfers
"""

PURE_LENDING = """\
venues:
  lending_execution:
    primary: "aave"
    on_chain_leverage_venue: "aave"
  # No hedge_execution, staking_execution, flash_loan_execution needed
"""

BTC_BASIS_HEDGE = """\
venues:
  hedge_execution:
    primary: "binance"
    hedge_allocation: 0.5
  # No staking_execution, lending_execution needed
"""

ETH_STAKING = """\
venues:
  staking_execution:
    primary: "lido"
    lst_type: "lido"
  flash_loan_execution:
    primary: "instadapp"
    use_flash_loan: true
  unwind_execution:
    primary: "instadapp"
    unwind_mode: "flash_loan"
  # No hedge_execution, lending_execution needed
"""

MIXED_TESTNET = """\
venues:
  binance:
    environment: "testnet"  # Use testnet for CEX execution
  
  aave:
    environment: "simulation"  # Use simulation for on-chain execution
  
  alchemy:
    environment: "testnet"  # Use testnet for wallet transfers
"""

REQUIREMENTS = """\
strategy_requirements:
  pure_lending:
    required_venues: ["aave", "alchemy"]
    optional_venues: []
  
  btc_basis:
    required_venues: ["binance", "alchemy"]
    optional_venues: ["bybit", "okx"]
  
  eth_staking:
    required_venues: ["lido", "instadapp", "alchemy"]
    optional_venues: []
  
  eth_leveraged:
    required_venues: ["aave", "lido", "instadapp", "alchemy"]
    optional_venues: ["binance", "bybit", "okx"]
"""

ENV_UNIFIED = """\
# Development Environment
BASIS_DEV__ALCHEMY__PRIVATE_KEY=
BASIS_DEV__ALCHEMY__RPC_URL=
BASIS_DEV__ALCHEMY__WALLET_ADDRESS=
BASIS_DEV__CEX__BINANCE_SPOT_API_KEY=
BASIS_DEV__CEX__BINANCE_SPOT_SECRET=

# Production Environment  
BASIS_PROD__ALCHEMY__PRIVATE_KEY=
BASIS_PROD__ALCHEMY__RPC_URL=
BASIS_PROD__ALCHEMY__WALLET_ADDRESS=
BASIS_PROD__CEX__BINANCE_SPOT_API_KEY=
BASIS_PROD__CEX__BINANCE_SPOT_SECRET=
"""

OLDER_ENV = {
    "simulation": """\
# .env.dev (for local development)
ENVIRONMENT=simulation
BINANCE_TESTNET_API_KEY=your_testnet_key
BINANCE_TESTNET_SECRET_KEY=your_testnet_secret
ALCHEMY_TESTNET_RPC_URL=your_testnet_rpc_url
ALCHEMY_TESTNET_API_KEY=your_testnet_api_key
""",
    "testnet": """\
# .env.testnet (for testnet deployment)
ENVIRONMENT=testnet
BINANCE_TESTNET_API_KEY=your_testnet_key
BINANCE_TESTNET_SECRET_KEY=your_testnet_secret
ALCHEMY_TESTNET_RPC_URL=your_testnet_rpc_url
ALCHEMY_TESTNET_API_KEY=your_testnet_api_key
""",
    "live": """\
# .env.live (for live deployment)
ENVIRONMENT=live
BINANCE_LIVE_API_KEY=your_live_key
BINANCE_LIVE_SECRET_KEY=your_live_secret
ALCHEMY_LIVE_RPC_URL=your_live_rpc_url
ALCHEMY_LIVE_API_KEY=your_live_api_key
""",
}
