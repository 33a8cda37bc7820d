"""Runs a function once a module was imported, without importing it.

A finder at the head of `sys.meta_path` asks the finders behind it for a module that somebody waits
for, and lends it a loader that runs the module with its own loader and then calls the functions.
While the module's code runs, the module already shows its own loader.
A module that is imported again (tracers unload some for gevent) calls the functions again; they
replace functions at most once per module object.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from reenact.guard import note_failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    Hook = Callable[[ModuleType], None]

_waiting: dict[str, list[Hook]] = {}


def when_imported(name: str, hook: Hook) -> None:
    """Calls ``hook(module)`` now, if the module was imported, and after each later import of it."""
    _waiting.setdefault(name, []).append(hook)
    _watch_imports()
    module = sys.modules.get(name)
    if module is not None and not _is_being_imported(module):
        _run(hook, module)


def _watch_imports() -> None:
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _is_being_imported(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _run(hook: Hook, module: ModuleType) -> None:
    try:
        hook(module)
    except Exception as failure:
        note_failure(f"hook on {module.__name__}", failure)


class _Finder:
    """Finds only what somebody waits for, and only by asking the other finders."""

    def __init__(self) -> None:
        self._asking: set[tuple[int, str]] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        # A tracer has such a finder too, and asks this one in turn.
        asking = (get_ident(), name)
        if name not in _waiting or asking in self._asking:
            return None
        self._asking.add(asking)
        try:
            spec = self._ask_others(name, path, target)
        finally:
            self._asking.discard(asking)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader)
        return spec

    def _ask_others(self, name: str, path: Any, target: Any) -> Any:
        for finder in list(sys.meta_path):
            find_spec = getattr(finder, "find_spec", None)
            spec = find_spec(name, path, target) if finder is not self and find_spec is not None else None
            if spec is not None:
                return spec
        return None


class _Loader:
    """Stands in for a loader until the module's code runs."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        create_module = getattr(self._loader, "create_module", None)
        return create_module(spec) if create_module is not None else None

    def exec_module(self, module: ModuleType) -> None:
        spec: Any = module.__spec__
        if spec is not None and spec.loader is self:
            spec.loader = self._loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self._loader
        self._loader.exec_module(module)
        for hook in list(_waiting.get(module.__name__, ())):
            _run(hook, module)
