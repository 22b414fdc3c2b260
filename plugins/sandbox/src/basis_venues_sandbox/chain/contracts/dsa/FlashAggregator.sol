// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Calls} from "./Calls.sol";
import {IPool, IToken} from "./Interfaces.sol";

/// Takes a flash loan for a smart account and casts its spells with it. Route 9, Aave V3, only.
contract FlashAggregator {
    struct Loan {
        address account;
        bytes spells;
        address[] tokens;
        uint256[] amounts;
        uint256[] before;
        uint256[] fees;
    }

    event LogFlashloan(address indexed account, uint256 indexed route, address[] tokens, uint256[] amounts);

    uint256 private constant AAVE_V3 = 9;
    uint256 private constant LEAST_FEE = 5;
    uint16 private constant REFERRAL = 3228;
    IPool public immutable pool;
    address public immutable owner = msg.sender;
    mapping(address => bool) public isWhitelisted;
    bytes32 private _dataHash;
    bool private _entered;

    constructor(IPool pool_) {
        pool = pool_;
    }

    function setWhitelisted(address account, bool whitelisted) external {
        require(msg.sender == owner, "not-owner");
        isWhitelisted[account] = whitelisted;
    }

    function getRoutes() external pure returns (uint16[] memory routes) {
        routes = new uint16[](1);
        routes[0] = uint16(AAVE_V3);
    }

    /// The lender's fee in basis points, or 5 where that is more and the account is not exempt.
    function calculateFeeBPS(uint256 route, address account) public view returns (uint256 bps) {
        require(route == AAVE_V3, "Invalid source");
        bps = pool.FLASHLOAN_PREMIUM_TOTAL();
        if (bps < LEAST_FEE && !isWhitelisted[account]) bps = LEAST_FEE;
    }

    function flashLoan(
        address[] memory tokens,
        uint256[] memory amounts,
        uint256 route,
        bytes calldata data,
        bytes calldata
    ) external {
        require(!_entered, "already-entered");
        _entered = true;
        require(tokens.length == amounts.length, "array-lengths-not-same");
        require(route == AAVE_V3, "route-does-not-exist");
        _sort(tokens, amounts);
        bytes memory params = abi.encode(msg.sender, data);
        _dataHash = keccak256(params);
        pool.flashLoan(address(this), tokens, amounts, new uint256[](tokens.length), address(this), params, REFERRAL);
        emit LogFlashloan(msg.sender, route, tokens, amounts);
        _entered = false;
    }

    /// Aave's callback, with the loan in hand.
    function executeOperation(
        address[] memory assets,
        uint256[] memory amounts,
        uint256[] memory premiums,
        address initiator,
        bytes calldata params
    ) external returns (bool) {
        require(initiator == address(this), "not-same-sender");
        require(msg.sender == address(pool), "not-aave-sender");
        require(keccak256(params) == _dataHash, "invalid-data-hash");
        Loan memory loan;
        (loan.account, loan.spells) = abi.decode(params, (address, bytes));
        (loan.tokens, loan.amounts) = (assets, amounts);
        _lend(loan);
        _collect(loan, premiums);
        return true;
    }

    function _lend(Loan memory loan) private {
        loan.before = new uint256[](loan.tokens.length);
        for (uint256 i = 0; i < loan.tokens.length; ++i) {
            loan.before[i] = IToken(loan.tokens[i]).balanceOf(address(this)) - loan.amounts[i];
            IToken(loan.tokens[i]).transfer(loan.account, loan.amounts[i]);
        }
        (bool done, bytes memory answer) = loan.account.call(loan.spells);
        if (done) return;
        require(answer.length != 0, "DSA-flashloan-fallback-failed");
        Calls.forward(answer);
    }

    /// The fee is checked rounded down, although Aave takes it rounded up: a borrower who pays no more fails at Aave. So do real ones.
    function _collect(Loan memory loan, uint256[] memory premiums) private {
        uint256 bps = calculateFeeBPS(AAVE_V3, loan.account);
        for (uint256 i = 0; i < loan.tokens.length; ++i) {
            uint256 due = loan.before[i] + loan.amounts[i] + (loan.amounts[i] * bps) / 10_000;
            require(IToken(loan.tokens[i]).balanceOf(address(this)) >= due, "amount-paid-less");
            Calls.approve(IToken(loan.tokens[i]), address(pool), loan.amounts[i] + premiums[i]);
        }
    }

    function _sort(address[] memory tokens, uint256[] memory amounts) private pure {
        for (uint256 i = 1; i < tokens.length; ++i) {
            for (uint256 j = i; j > 0 && tokens[j - 1] >= tokens[j]; --j) {
                require(tokens[j - 1] != tokens[j], "non-unique-tokens");
                (tokens[j - 1], tokens[j]) = (tokens[j], tokens[j - 1]);
                (amounts[j - 1], amounts[j]) = (amounts[j], amounts[j - 1]);
            }
        }
    }
}
