// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IAccount} from "./Interfaces.sol";

/// All accounts by number, and two linked lists: the accounts of an owner, and the owners of an account.
contract InstaList {
    struct UserLink {
        uint64 first;
        uint64 last;
        uint64 count;
    }
    struct UserList {
        uint64 prev;
        uint64 next;
    }
    struct AccountLink {
        address first;
        address last;
        uint64 count;
    }
    struct AccountList {
        address prev;
        address next;
    }

    address public immutable instaIndex;
    uint64 public accounts;
    mapping(address => uint64) public accountID;
    mapping(uint64 => address) public accountAddr;
    mapping(address => UserLink) public userLink;
    mapping(address => mapping(uint64 => UserList)) public userList;
    mapping(uint64 => AccountLink) public accountLink;
    mapping(uint64 => mapping(address => AccountList)) public accountList;

    constructor(address index) {
        instaIndex = index;
    }

    function init(address account) external {
        require(msg.sender == instaIndex, "not-index");
        accountID[account] = ++accounts;
        accountAddr[accounts] = account;
    }

    function addAuth(address owner) external {
        uint64 id = _caller(owner, true);
        _addAccount(owner, id);
        _addUser(owner, id);
    }

    function removeAuth(address owner) external {
        uint64 id = _caller(owner, false);
        _removeAccount(owner, id);
        _removeUser(owner, id);
    }

    function _caller(address owner, bool enabled) private view returns (uint64 id) {
        id = accountID[msg.sender];
        require(id != 0, "not-account");
        require(IAccount(msg.sender).isAuth(owner) == enabled, enabled ? "not-owner" : "already-owner");
    }

    function _addAccount(address owner, uint64 id) private {
        UserLink storage link = userLink[owner];
        if (link.last != 0) {
            userList[owner][id].prev = link.last;
            userList[owner][link.last].next = id;
        } else link.first = id;
        link.last = id;
        ++link.count;
    }

    function _removeAccount(address owner, uint64 id) private {
        UserLink storage link = userLink[owner];
        UserList memory gone = userList[owner][id];
        if (gone.prev != 0) userList[owner][gone.prev].next = gone.next;
        else link.first = gone.next;
        if (gone.next != 0) userList[owner][gone.next].prev = gone.prev;
        else link.last = gone.prev;
        --link.count;
        delete userList[owner][id];
    }

    function _addUser(address owner, uint64 id) private {
        AccountLink storage link = accountLink[id];
        if (link.last != address(0)) {
            accountList[id][owner].prev = link.last;
            accountList[id][link.last].next = owner;
        } else link.first = owner;
        link.last = owner;
        ++link.count;
    }

    function _removeUser(address owner, uint64 id) private {
        AccountLink storage link = accountLink[id];
        AccountList memory gone = accountList[id][owner];
        if (gone.prev != address(0)) accountList[id][gone.prev].next = gone.next;
        else link.first = gone.next;
        if (gone.next != address(0)) accountList[id][gone.next].prev = gone.prev;
        else link.last = gone.prev;
        --link.count;
        delete accountList[id][owner];
    }
}
