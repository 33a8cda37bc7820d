"""Replaces a function of the host by one that calls it, once, and tells so.

What was there before is always called, with its arguments, its result and its exceptions
unchanged. A function is replaced at most once, however often a hook is installed: modules are
imported again by `importlib.reload` and by tracers that unload them.
"""

from __future__ import annotations

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_ORIGINAL = "_reenact_original"


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> bool:
    """Sets ``owner.name`` to ``make(original)``; ``owner`` is a class or a module.

    Keeps name, docstring and signature (``__wrapped__``). Returns whether anything was replaced:
    not when ``owner`` has no such attribute of its own, and not when it was replaced before.
    """
    original = vars(owner).get(name)
    if original is None or getattr(original, _ORIGINAL, None) is not None:
        return False
    is_odd_method = isinstance(owner, type) and not isinstance(original, FunctionType)
    replacement = make(_called_as_method(original) if is_odd_method else original)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        value = getattr(original, attribute, None)
        if value is not None:
            setattr(replacement, attribute, value)
    replacement.__wrapped__ = original
    setattr(replacement, _ORIGINAL, original)
    setattr(owner, name, replacement)
    return True


def _called_as_method(original: Any) -> Callable[..., Any]:
    """Binds what another library has put in place of a function; wrapt tells calls by the binding."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return original.__get__(self, type(self))(*args, **kwargs)

    return call
