// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// Which contract stands behind each connector's name.
contract InstaConnectorsV2 {
    event LogConnectorAdded(bytes32 indexed connectorNameHash, string connectorName, address indexed connector);
    event LogConnectorUpdated(
        bytes32 indexed connectorNameHash,
        string connectorName,
        address indexed oldConnector,
        address indexed newConnector
    );

    mapping(address => bool) public chief;
    mapping(string => address) public connectors;

    modifier onlyChief() {
        require(chief[msg.sender], "not-an-chief");
        _;
    }

    constructor() {
        chief[msg.sender] = true;
    }

    function addConnectors(string[] calldata names, address[] calldata addresses) external onlyChief {
        require(names.length == addresses.length, "addConnectors: not same length");
        for (uint256 i = 0; i < names.length; ++i) {
            require(connectors[names[i]] == address(0), "addConnectors: _connectorName added already");
            connectors[names[i]] = addresses[i];
            emit LogConnectorAdded(keccak256(bytes(names[i])), names[i], addresses[i]);
        }
    }

    function updateConnectors(string[] calldata names, address[] calldata addresses) external onlyChief {
        require(names.length == addresses.length, "updateConnectors: not same length");
        for (uint256 i = 0; i < names.length; ++i) {
            require(connectors[names[i]] != address(0), "updateConnectors: _connectorName not added to update");
            emit LogConnectorUpdated(keccak256(bytes(names[i])), names[i], connectors[names[i]], addresses[i]);
            connectors[names[i]] = addresses[i];
        }
    }

    function isConnectors(string[] calldata names) external view returns (bool isOk, address[] memory found) {
        isOk = names.length != 0;
        found = new address[](names.length);
        for (uint256 i = 0; i < names.length; ++i) {
            found[i] = connectors[names[i]];
            if (found[i] == address(0)) isOk = false;
        }
    }
}
