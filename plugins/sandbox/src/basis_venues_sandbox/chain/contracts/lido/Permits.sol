// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// Signed approvals (EIP-2612).
abstract contract Permits {
    bytes32 private constant DOMAIN = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PERMIT = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    mapping(address => uint256) public nonces;

    /// The name and version under which approvals are signed.
    function _domain() internal pure virtual returns (string memory name_, string memory version_);

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        (string memory name_, string memory version_) = _domain();
        return keccak256(abi.encode(DOMAIN, keccak256(bytes(name_)), keccak256(bytes(version_)), block.chainid, address(this)));
    }

    function eip712Domain() external view returns (string memory, string memory, uint256, address) {
        (string memory name_, string memory version_) = _domain();
        return (name_, version_, block.chainid, address(this));
    }

    function _signer(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) internal returns (address) {
        bytes32 content = keccak256(abi.encode(PERMIT, owner, spender, value, nonces[owner]++, deadline));
        return ecrecover(keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), content)), v, r, s);
    }
}
