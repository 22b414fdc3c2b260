// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// What one spell leaves for another, by account and number. Reading deletes it.
contract InstaMemory {
    mapping(address => mapping(uint256 => uint256)) private _values;

    function getUint(uint256 id) external returns (uint256 value) {
        value = _values[msg.sender][id];
        delete _values[msg.sender][id];
    }

    function setUint(uint256 id, uint256 value) external {
        _values[msg.sender][id] = value;
    }
}
