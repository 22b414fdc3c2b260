"""The functions, logs and errors of the smart account and its connectors, by their signatures (the ABIs of `dsa-connect`)."""

from __future__ import annotations

from basis_venues_evm.live import Method

ETHER_ADDRESS = "0x" + "ee" * 20
"""What stands for ETH in the connectors' arguments."""
NOBODY = "0x" + "00" * 20
"""The origin of accounts and casts: whom Instadapp credits for them."""
ACCOUNT_VERSION = 2
VARIABLE = 2
"""The only rate mode that there is."""
AAVE_ROUTE = 9
"""The flash loan comes from Aave V3."""

BUILD = Method("build(address,uint256,address)")
INDEX_LIST = Method("list()")
CONNECTOR = Method("connectors(string)")
FEE_BPS = Method("calculateFeeBPS(uint256,address)")
ACCOUNT_ID = Method("accountID(address)")
ACCOUNT_AT = Method("accountAddr(uint64)")
ACCOUNTS_OF = Method("userLink(address)")
NEXT_ACCOUNT = Method("userList(address,uint64)")
OWNERS_OF = Method("accountLink(uint64)")
IS_OWNER = Method("isAuth(address)")
CAST = Method("cast(string[],bytes[],address)")

BASIC_DEPOSIT = Method("deposit(address,uint256,uint256,uint256)")
BASIC_WITHDRAW = Method("withdraw(address,uint256,address,uint256,uint256)")
FLASH_BORROW = Method("flashBorrowAndCast(address,uint256,uint256,bytes,bytes)")
FLASH_PAYBACK = Method("flashPayback(address,uint256,uint256,uint256)")
AMOUNT_IN = Method("deposit(uint256,uint256,uint256)")
"""WETH-A, LIDO-STETH-A and WSTETH-A."""
AMOUNT_OUT = Method("withdraw(uint256,uint256,uint256)")
"""WETH-A and WSTETH-A."""
SUPPLY = Method("deposit(address,uint256,uint256,uint256)")
WITHDRAW = Method("withdraw(address,uint256,uint256,uint256)")
BORROW = Method("borrow(address,uint256,uint256,uint256,uint256)")
PAYBACK = Method("payback(address,uint256,uint256,uint256,uint256)")
SET_EMODE = Method("setUserEMode(uint8)")
ENABLE = Method("enableCollateral(address[])")
DISABLE = Method("disableCollateral(address[])")
SELL = Method("sell(address,address,uint24,uint256,uint256,uint256,uint256)")

CREATED = "LogAccountCreated(address,address,address,address)"
CAST_DONE = "LogCast(address,address,uint256,string[],address[],string[],bytes[])"
CAST_DATA = ("uint256", "string[]", "address[]", "string[]", "bytes[]")
BASIC_DEPOSITED = "LogDeposit(address,uint256,uint256,uint256)"
BASIC_WITHDRAWN = "LogWithdraw(address,uint256,address,uint256,uint256)"

PAID_LESS = "amount-paid-less"
"""The aggregator's refusal at the very end: everything before it went well."""
LENDER_SHORT = ("InvalidAmount", "panic 0x11")
"""How Aave refuses a flash loan that it does not have: by what was supplied, or by what is left of it."""
NO_SPELLS = "1: length-invalid"
"""The account's refusal of an empty cast."""

MEANINGS = {
    PAID_LESS: "the lender got less back than the loan and its fee",
    "DSA-flashloan-fallback-failed": "it failed without a reason: out of gas, or less of a token there than was to be moved",
    "route-does-not-exist": "the lender does not have this way of lending any more",
    "1: permission-denied": "the wallet may not act through the smart account",
    "1: not-connector": "the registry does not know a connector any more",
}
"""What the account's and the lender's own refusals mean."""
