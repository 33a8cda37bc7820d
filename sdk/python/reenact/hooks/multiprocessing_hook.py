"""Exceptions that end a process of `multiprocessing`, which prints them and calls no hook."""

from __future__ import annotations

from reenact.capture import report
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

EXIT_FLUSH_SECONDS = 2.0
"""How long the end of a child process waits for what is to be sent."""


def watch_processes(module: ModuleType) -> None:
    """Watches the `run` of each process; `module` is `multiprocessing.process`."""
    replace(module.BaseProcess, "_bootstrap", _watching_run)


def flush_at_exit(module: ModuleType) -> None:
    """Lets children send what they have: they end without running exit handlers. `module` is `multiprocessing.util`."""
    module.register_after_fork(_registry, lambda _: module.Finalize(None, _flush, exitpriority=100))


def _watching_run(original: Callable[..., Any]) -> Callable[..., Any]:
    def _bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        run = self.run

        def watched_run() -> None:
            try:
                run()
            except Exception as error:
                report(error, "multiprocessing")
                raise

        self.run = watched_run
        return original(self, *args, **kwargs)

    return _bootstrap


class _Registry:
    """`multiprocessing` keeps after-fork functions beside a weakly referenced object."""


_registry = _Registry()


def _flush() -> None:
    from reenact.lifecycle import flush

    flush(EXIT_FLUSH_SECONDS)
