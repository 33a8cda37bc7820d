"""pytest: each test that fails, with its id; those that are skipped or expected to fail are not."""

from __future__ import annotations

from reenact.capture import report
from reenact.guard import never_raise
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_sessions(module: ModuleType) -> None:
    """Registers a plugin with each session of tests; `module` is `_pytest.runner`."""
    replace(module, "pytest_sessionstart", _around_sessionstart)


def _around_sessionstart(original: Callable[..., Any]) -> Callable[..., Any]:
    def pytest_sessionstart(session: Any) -> Any:
        _register(session)
        return original(session)

    return pytest_sessionstart


@never_raise("hook pytest")
def _register(session: Any) -> None:
    import pytest

    class Plugin:
        # Around all others, so that the report is what the session will say of the test.
        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
            outcome = yield
            _after_report(item, call, outcome)

    session.config.pluginmanager.register(Plugin(), "reenact")


@never_raise("hook pytest")
def _after_report(item: Any, call: Any, outcome: Any) -> None:
    if call.excinfo is None or outcome.excinfo is not None or not outcome.get_result().failed:
        return
    # pytest takes the exception and goes on.
    report(call.excinfo.value, "pytest", handled=True, resource=item.nodeid, tags={"test.phase": call.when})
