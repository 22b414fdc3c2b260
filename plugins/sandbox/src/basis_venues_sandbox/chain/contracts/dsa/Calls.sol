// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IToken} from "./Interfaces.sol";

/// Calls whose refusal comes through unchanged, and tokens that may return nothing.
library Calls {
    function approve(IToken token, address spender, uint256 amount) internal {
        // a token of Tether's kind takes a new allowance only when the old one is 0
        if (amount != 0 && token.allowance(address(this), spender) != 0) token.approve(spender, 0);
        token.approve(spender, amount);
    }

    /// Reverts with the data of a call that failed.
    function forward(bytes memory answer) internal pure {
        assembly {
            revert(add(answer, 32), mload(answer))
        }
    }
}
