// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// Where the parts of the protocol are. Those that the stand-in has no counterpart for are the zero address.
contract LidoLocator {
    address public immutable lido;
    address public immutable wstETH;
    address public immutable withdrawalQueue;
    address public immutable treasury;
    address public constant accountingOracle = address(0);
    address public constant accounting = address(0);
    address public constant burner = address(0);

    constructor(address lido_, address wstETH_, address withdrawalQueue_, address treasury_) {
        lido = lido_;
        wstETH = wstETH_;
        withdrawalQueue = withdrawalQueue_;
        treasury = treasury_;
    }
}
