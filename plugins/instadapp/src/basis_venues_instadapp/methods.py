"""The functions and logs of the index, the smart account and the lender, by their signatures (the ABIs of `dsa-connect`); the connectors'
functions are in their own table."""

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
VERSION = Method("version()")
CAST = Method("cast(string[],bytes[],address)")

CREATED = "LogAccountCreated(address,address,address,address)"
CAST_DONE = "LogCast(address,address,uint256,string[],address[],string[],bytes[])"
CAST_DATA = ("uint256", "string[]", "address[]", "string[]", "bytes[]")
BASIC_DEPOSITED = "LogDeposit(address,uint256,uint256,uint256)"
BASIC_WITHDRAWN = "LogWithdraw(address,uint256,address,uint256,uint256)"
