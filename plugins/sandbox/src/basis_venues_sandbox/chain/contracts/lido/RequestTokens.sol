// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {QueueErrors} from "./QueueErrors.sol";

interface IReceiver {
    function onERC721Received(address operator, address from, uint256 id, bytes calldata data) external returns (bytes4);
}

/// The requests as ERC-721 tokens: who owns them, and moving them. A claimed request is no token any more.
abstract contract RequestTokens is QueueErrors {
    struct Request {
        uint256 sumOfStETH; // of this request and all before it
        uint256 sumOfShares;
        address owner;
        uint256 timestamp;
        bool claimed;
    }

    string public constant name = "Lido: stETH Withdrawal NFT";
    string public constant symbol = "unstETH";

    Request[] internal _requests;
    mapping(uint256 => uint256) private _place;
    mapping(address => uint256[]) private _held;
    mapping(uint256 => address) private _approved;
    mapping(address => mapping(address => bool)) public isApprovedForAll;

    /// Open requests of an owner. In no order: a request that leaves is replaced by the last one.
    function getWithdrawalRequests(address owner) external view returns (uint256[] memory) {
        return _held[owner];
    }

    function getLastRequestId() public view returns (uint256) {
        return _requests.length - 1;
    }

    function balanceOf(address owner) external view returns (uint256) {
        if (owner == address(0)) revert InvalidOwnerAddress(owner);
        return _held[owner].length;
    }

    function ownerOf(uint256 id) public view returns (address) {
        Request storage request = _known(id);
        if (request.claimed) revert RequestAlreadyClaimed(id);
        return request.owner;
    }

    function getApproved(uint256 id) external view returns (address) {
        ownerOf(id);
        return _approved[id];
    }

    function approve(address to, uint256 id) external {
        address owner = ownerOf(id);
        if (to == owner) revert ApprovalToOwner();
        if (msg.sender != owner && !isApprovedForAll[owner][msg.sender]) revert NotOwnerOrApprovedForAll(msg.sender);
        _approved[id] = to;
        emit Approval(owner, to, id);
    }

    function setApprovalForAll(address operator, bool approved) external {
        if (operator == msg.sender) revert ApproveToCaller();
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function transferFrom(address from, address to, uint256 id) public {
        if (to == address(0)) revert TransferToZeroAddress();
        if (to == from) revert TransferToThemselves();
        address owner = ownerOf(id);
        if (owner != from) revert TransferFromIncorrectOwner(from, owner);
        if (msg.sender != from && msg.sender != _approved[id] && !isApprovedForAll[from][msg.sender]) revert NotOwnerOrApproved(msg.sender);
        delete _approved[id];
        _release(from, id);
        _requests[id].owner = to;
        _hold(to, id);
        emit Transfer(from, to, id);
    }

    function safeTransferFrom(address from, address to, uint256 id) external {
        safeTransferFrom(from, to, id, "");
    }

    function safeTransferFrom(address from, address to, uint256 id, bytes memory data) public {
        transferFrom(from, to, id);
        if (to.code.length == 0) return;
        try IReceiver(to).onERC721Received(msg.sender, from, id, data) returns (bytes4 answer) {
            if (answer != IReceiver.onERC721Received.selector) revert TransferToNonIERC721Receiver(to);
        } catch {
            revert TransferToNonIERC721Receiver(to);
        }
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x80ac58cd || id == 0x5b5e139f || id == 0x49064906;
    }

    function _known(uint256 id) internal view returns (Request storage) {
        if (id == 0 || id > getLastRequestId()) revert InvalidRequestId(id);
        return _requests[id];
    }

    function _hold(address owner, uint256 id) internal {
        _place[id] = _held[owner].length;
        _held[owner].push(id);
    }

    function _release(address owner, uint256 id) internal {
        uint256[] storage held = _held[owner];
        uint256 last = held[held.length - 1];
        held[_place[id]] = last;
        _place[last] = _place[id];
        held.pop();
    }
}
