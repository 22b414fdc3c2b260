"""Importing one exchange class of ccxt, without the hundred others that its package loads with it.

ccxt's package module imports every exchange: half a second, of which one exchange needs a part. While an exchange is imported, an empty
module with the real directory as its path stands in for it; afterwards it is taken away again, so that whoever imports ccxt later gets
the real one (`reference: cex.md §10.1`, tried with 4.5.90). The synchronous class is enough: only its signing is used.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from basis_venues.config.misfit import nearest
from basis_venues.errors import PluginRefused

_PACKAGES = ("ccxt",)
_NEEDED_BY_MODULES = ("ccxt.base.errors", "ccxt.base.exchange")


def exchange_class(name: str) -> Any:
    """The class `name` of ccxt, or a plugin's own, `module:Class`, written in ccxt's manner. Raises `ModuleNotFoundError` where ccxt is not
    installed, and `PluginRefused` where there is no such class."""
    module, own, cls = name.rpartition(":")
    module = module if own else f"ccxt.{name}"
    try:
        if module not in sys.modules and "ccxt" not in sys.modules:
            _import_alone(module)
        found = getattr(importlib.import_module(module), cls, None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        found = None
    if found is None:
        raise PluginRefused(f"there is no class {name}" if own else f"ccxt has no exchange {name!r}{nearest(name, _names())}")
    return found


def _names() -> list[str]:
    found = find_spec("ccxt")
    return [] if found is None or found.origin is None else [each.stem for each in Path(found.origin).parent.glob("*.py")]


def _import_alone(module: str) -> None:
    found = find_spec("ccxt")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("ccxt is not installed: pip install basis-venues-ccxt", name="ccxt")
    root = Path(found.origin).parent
    stand_ins = {name: _stand_in(name, root.joinpath(*name.split(".")[1:])) for name in _PACKAGES}
    sys.modules.update(stand_ins)
    try:
        importlib.import_module(module)
    finally:
        for name in _PACKAGES:
            if sys.modules.get(name) is stand_ins[name]:
                del sys.modules[name]


def _stand_in(name: str, folder: Path) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__spec__.submodule_search_locations = [str(folder)]

    def look(attribute: str) -> Any:
        for source in _NEEDED_BY_MODULES:
            if hasattr(sys.modules.get(source), attribute):
                return getattr(sys.modules[source], attribute)
        raise AttributeError(f"module {name!r} has no attribute {attribute!r}")

    module.__getattr__ = look  # type: ignore[method-assign]
    return module
