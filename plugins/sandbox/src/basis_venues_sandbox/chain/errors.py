"""What can keep the local chain from standing."""

from __future__ import annotations

from basis_venues.errors import BasisError, ConfigurationError


class ChainUnavailable(ConfigurationError):
    """The machine lacks something that the local chain needs (node, npm, the package registry). The message says what to do."""


class ChainBroken(BasisError):
    """The local chain could not be built or answered something impossible."""


class RpcError(BasisError):
    """The node answered a request with an error.

    `code` and `message` are the node's; `data` is the revert data as hex, where there are any.
    """

    def __init__(self, method: str, code: int, message: str, data: str = "") -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data

    @property
    def selector(self) -> str:
        """The first four bytes of the revert data: which error of the contract it is."""
        return self.data[:10]
