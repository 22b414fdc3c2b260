// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IAccount, IList} from "./Interfaces.sol";

/// Makes the smart accounts: small clones (EIP-1167) of one implementation.
contract InstaIndex {
    event LogAccountCreated(address sender, address indexed owner, address indexed account, address indexed origin);

    uint256 public constant versionCount = 2;
    address public immutable master = msg.sender;
    address public list;
    mapping(uint256 => address) public account;
    mapping(uint256 => address) public connectors;

    function setBasics(address list_, address implementation, address connectors_) external {
        require(msg.sender == master, "not-master");
        require(list == address(0), "already-defined");
        list = list_;
        account[2] = implementation;
        connectors[2] = connectors_;
    }

    function build(address owner, uint256 accountVersion, address origin) external returns (address made) {
        require(account[accountVersion] != address(0), "not-valid-account");
        made = _clone(account[accountVersion]);
        IList(list).init(made);
        IAccount(made).enable(owner);
        emit LogAccountCreated(msg.sender, owner, made, origin);
    }

    function isClone(uint256 version, address query) external view returns (bool) {
        return query.codehash == keccak256(_code(account[version]));
    }

    function _clone(address target) private returns (address made) {
        bytes memory creation = abi.encodePacked(hex"3d602d80600a3d3981f3", _code(target));
        assembly {
            made := create(0, add(creation, 32), mload(creation))
        }
        require(made != address(0), "not-cloned");
    }

    function _code(address target) private pure returns (bytes memory) {
        return abi.encodePacked(hex"363d3d373d3d3d363d73", target, hex"5af43d82803e903d91602b57fd5bf3");
    }
}
