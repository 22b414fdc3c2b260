// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IAccount, IList} from "./Interfaces.sol";

/// AUTHORITY-A: who else may cast spells.
contract AuthorityConnector {
    event LogAddAuth(address indexed _msgSender, address indexed _authority);
    event LogRemoveAuth(address indexed _msgSender, address indexed _authority);

    string public constant name = "Auth-v1.1";
    IList private immutable _list;

    constructor(IList list) {
        _list = list;
    }

    function add(address authority) external payable returns (string memory, bytes memory) {
        require(authority != address(0), "Not-valid-authority");
        bool present = IAccount(address(this)).isAuth(authority);
        if (!present) IAccount(address(this)).enable(authority);
        return ("LogAddAuth(address,address)", abi.encode(msg.sender, present ? address(0) : authority));
    }

    function remove(address authority) external payable returns (string memory, bytes memory) {
        (, , uint64 count) = _list.accountLink(_list.accountID(address(this)));
        require(count > 1, "Removing-all-authorities");
        require(authority != address(0), "Not-valid-authority");
        bool present = IAccount(address(this)).isAuth(authority);
        if (present) IAccount(address(this)).disable(authority);
        return ("LogRemoveAuth(address,address)", abi.encode(msg.sender, present ? authority : address(0)));
    }
}
