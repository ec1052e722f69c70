"""Loading a heavy module when it is first used: a process that never needs it then never pays for it."""

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

_loading = RLock()  # Python 3.11's LazyLoader breaks when two threads are the first to look


class Lazy:
    """Stands for a module: whatever is asked of it loads the module first."""

    def __init__(self, name: str) -> None:
        """Raises ModuleNotFoundError at once for a module that is not installed."""
        self._module = sys.modules.get(name) or _unloaded(name)

    def __getattr__(self, name: str) -> Any:
        with _loading:
            return getattr(self._module, name)


def _unloaded(name: str) -> ModuleType:
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name=name)
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
