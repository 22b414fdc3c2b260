// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {IMemory, IRouter, IToken, IWeth} from "./Interfaces.sol";

/// UNISWAP-V3-SWAP-A: swaps within one pool. The token that is bought comes first; `unitAmt` is the worst price, with 18 decimals, for
/// amounts whose decimals are made equal.
contract UniswapConnector is Connector {
    event LogBuy(address indexed buyToken, address indexed sellToken, uint256 buyAmt, uint256 sellAmt, uint256 getId, uint256 setId);
    event LogSell(address indexed buyToken, address indexed sellToken, uint256 buyAmt, uint256 sellAmt, uint256 getId, uint256 setId);

    struct Swap {
        address buying;
        address selling;
        uint24 fee;
        uint256 unit;
        uint256 bought;
        uint256 sold;
    }

    string public constant name = "UniswapV3-Swap-v1";
    IRouter private immutable _router;

    constructor(IMemory memory_, IWeth weth, IRouter router) Connector(memory_, weth) {
        _router = router;
    }

    function sell(
        address _buyAddr,
        address _sellAddr,
        uint24 _fee,
        uint256 _unitAmt,
        uint256 _sellAmt,
        uint256 _getId,
        uint256 _setId
    ) external payable returns (string memory, bytes memory) {
        Swap memory swap = Swap(_buyAddr, _sellAddr, _fee, _unitAmt, 0, _get(_getId, _sellAmt));
        _sell(swap);
        _set(_setId, swap.bought);
        bytes memory params = abi.encode(_buyAddr, _sellAddr, swap.bought, swap.sold, _getId, _setId);
        return ("LogSell(address,address,uint256,uint256,uint256,uint256)", params);
    }

    function buy(
        address _buyAddr,
        address _sellAddr,
        uint24 _fee,
        uint256 _unitAmt,
        uint256 _buyAmt,
        uint256 _getId,
        uint256 _setId
    ) external payable returns (string memory, bytes memory) {
        Swap memory swap = Swap(_buyAddr, _sellAddr, _fee, _unitAmt, _get(_getId, _buyAmt), 0);
        _buy(swap);
        _set(_setId, swap.sold);
        bytes memory params = abi.encode(_buyAddr, _sellAddr, swap.bought, swap.sold, _getId, _setId);
        return ("LogBuy(address,address,uint256,uint256,uint256,uint256)", params);
    }

    function _sell(Swap memory swap) private {
        (IToken bought, IToken sold) = (_wrapped(swap.buying), _wrapped(swap.selling));
        if (swap.sold == MAX) swap.sold = _balance(swap.selling);
        _wrap(swap.selling, swap.sold);
        uint256 least = _priced(swap.unit, swap.sold, sold, bought);
        _approve(sold, address(_router), swap.sold);
        swap.bought = _router.exactInputSingle(
            IRouter.ExactInputSingleParams(address(sold), address(bought), swap.fee, address(this), swap.sold, least, 0)
        );
        _unwrap(swap.buying, swap.bought);
    }

    function _buy(Swap memory swap) private {
        (IToken bought, IToken sold) = (_wrapped(swap.buying), _wrapped(swap.selling));
        uint256 most = _priced(swap.unit, swap.bought, bought, sold);
        _wrap(swap.selling, swap.selling == ETHER ? most : 0);
        _approve(sold, address(_router), most);
        swap.sold = _router.exactOutputSingle(
            IRouter.ExactOutputSingleParams(address(sold), address(bought), swap.fee, address(this), swap.bought, most, 0)
        );
        _approve(sold, address(_router), 0);
        _unwrap(swap.selling, most - swap.sold);
        _unwrap(swap.buying, swap.bought);
    }

    /// `amount` of `from` in base units of `to`, at `unit` of `to` for each.
    function _priced(uint256 unit, uint256 amount, IToken from, IToken to) private view returns (uint256) {
        uint256 even = amount * 10 ** (18 - from.decimals());
        return ((unit * even + 0.5 ether) / 1 ether) / 10 ** (18 - to.decimals());
    }
}
