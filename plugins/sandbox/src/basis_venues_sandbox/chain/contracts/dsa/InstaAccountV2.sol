// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Calls} from "./Calls.sol";
import {IConnectors, IList} from "./Interfaces.sol";

/// A smart account: its owners cast spells, which are connectors' functions run in its name, all of them or none.
contract InstaAccountV2 {
    struct Spells {
        address[] targets;
        string[] names;
        bytes[] params;
    }

    event LogEnableUser(address indexed user);
    event LogDisableUser(address indexed user);
    event LogCast(
        address indexed origin,
        address indexed sender,
        uint256 value,
        string[] targetsNames,
        address[] targets,
        string[] eventNames,
        bytes[] eventParams
    );

    uint256 public constant version = 2;
    address public immutable instaIndex;
    address public immutable instaList;
    IConnectors public immutable connectorsM1;
    mapping(address => bool) private _auth;

    constructor(address index, address list, IConnectors connectors) {
        instaIndex = index;
        instaList = list;
        connectorsM1 = connectors;
    }

    receive() external payable {}

    function isAuth(address user) external view returns (bool) {
        return _auth[user];
    }

    function enable(address user) external {
        require(msg.sender == address(this) || msg.sender == instaIndex, "not-self-index");
        require(user != address(0), "not-valid");
        require(!_auth[user], "already-enabled");
        _auth[user] = true;
        IList(instaList).addAuth(user);
        emit LogEnableUser(user);
    }

    function disable(address user) external {
        require(msg.sender == address(this), "not-self");
        require(user != address(0), "not-valid");
        require(_auth[user], "already-disabled");
        delete _auth[user];
        IList(instaList).removeAuth(user);
        emit LogDisableUser(user);
    }

    function cast(string[] calldata targetNames, bytes[] calldata datas, address origin) external payable returns (bytes32) {
        require(_auth[msg.sender] || msg.sender == instaIndex, "1: permission-denied");
        require(targetNames.length != 0, "1: length-invalid");
        require(targetNames.length == datas.length, "1: array-length-invalid");
        Spells memory spells = _spells(targetNames);
        for (uint256 i = 0; i < datas.length; ++i) (spells.names[i], spells.params[i]) = _spell(spells.targets[i], datas[i]);
        emit LogCast(origin, msg.sender, msg.value, targetNames, spells.targets, spells.names, spells.params);
        return bytes32(0);
    }

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC1155Received.selector;
    }

    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external pure returns (bytes4) {
        return this.onERC1155BatchReceived.selector;
    }

    function _spells(string[] calldata targetNames) private view returns (Spells memory spells) {
        bool known;
        (known, spells.targets) = connectorsM1.isConnectors(targetNames);
        require(known, "1: not-connector");
        spells.names = new string[](targetNames.length);
        spells.params = new bytes[](targetNames.length);
    }

    function _spell(address target, bytes calldata data) private returns (string memory, bytes memory) {
        (bool done, bytes memory answer) = target.delegatecall(data);
        if (!done) Calls.forward(answer);
        return answer.length == 0 ? ("", bytes("")) : abi.decode(answer, (string, bytes));
    }
}
