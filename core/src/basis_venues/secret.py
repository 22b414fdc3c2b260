"""An opaque holder for a credential: what it holds appears only where `reveal()` is called."""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """A credential's text. It refuses to be printed, formatted, pickled, copied, compared by order or turned into JSON.

    Not a subclass of `str` on purpose: those leak through f-strings.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself. Only a venue client calls this, at the moment it signs."""
        return self.__text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__text == other.__text

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __deepcopy__(self, _memo: Any) -> NoReturn:
        raise TypeError("a secret cannot be copied")
