"""Start, fork and end of capturing in this process.

At the start hooks are installed; the core is given its settings with the first capture or by
`reenact.init`, whichever comes first, and starts its thread with the first capture. A process that
sees no exception has no thread of ours and sends nothing.
"""

from __future__ import annotations

import atexit
import os
import sys
from _thread import allocate_lock

from reenact import capture, guard, remote
from reenact.config import WATCHED, Config, attaches_to_ddtrace, hooks_to_install, native_settings, read_config
from reenact.hooks import hook_names, hook_states, install
from reenact.runtime import is_main_interpreter, package_folders
from reenact.settings import BY_NAME, SettingError, default_service, shown
from reenact.tracers import attach_to_ddtrace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

EXIT_FLUSH_SECONDS = 2.0
"""How long the end of the process waits for what is to be sent."""

START_SECONDS = 1.0
"""How long a capture waits for another thread that gives the core its settings."""

_native: ModuleType | None = None
_unsupported: str | None = None
_config: Config | None = None
_is_native_started = False
_is_program_known = True
_watching = "off"
_starting = allocate_lock()
_is_registered = False


def start(arguments: dict[str, Any]) -> None:
    """Switches captures on by ``arguments`` and the environment.

    May be called again until the core has its settings; later the settings stay, and a warning says so. What was switched
    off goes on with them.

    Raises:
        SettingError: an argument is wrong.
    """
    global _config, _is_program_known
    config = read_config(arguments, os.environ)
    if _is_native_started:
        if arguments.keys() - {"enabled"}:
            _warn("captures have begun; `reenact.init` was called too late to change settings")
        if not capture.is_on() and _unsupported is None and _native is not None and _config is not None:
            capture.switch_on(_capture_with_core, _prepare)
            _watch(_native, _config)
        return
    known = hook_names()
    names = hooks_to_install(config["hooks"], known, config.problems)
    if not _load_core():
        _warn(f"captures are off: {_unsupported}")
        return
    _config = config
    for problem in config.problems:
        _warn(problem)
    is_attached = attaches_to_ddtrace(config, os.environ)
    attach_to_ddtrace(is_attached)
    capture.switch_on(_capture_with_core, _prepare)
    _register()
    install([name for name in names if name != "ddtrace" or is_attached])
    if any(config[name] for name in WATCHED):
        # A raise comes ahead of every hook; the program may not be known yet.
        _is_program_known = False
        start_core()


def start_core() -> None:
    """Gives the core its settings now, so that what is wrong with them is known at the start.

    Raises:
        SettingError: the core cannot use an argument. A variable that it cannot use is left out, with a warning.
    """
    global _is_native_started
    # Another thread may be at it; a fork may have left the lock taken.
    is_alone = _starting.acquire(timeout=START_SECONDS)
    try:
        if _is_native_started or _native is None or _config is None:
            return
        _name_service(_config)
        _start_with(_native, _config, native_settings(_config))
        _is_native_started = True
        _watch(_native, _config)
    finally:
        if is_alone:
            _starting.release()


def _name_service(config: Config) -> None:
    if config.origins["service"] == "default":
        config.values["service"] = default_service(getattr(sys, "argv", None))


def _complete(native: ModuleType, config: Config) -> None:
    """Tells the core what was not known yet when it was started: `site` runs before the program has its arguments and its path.

    Called ahead of the first capture, and so before anything is sent.
    """
    global _is_program_known
    if _is_program_known:
        return
    _is_program_known = True
    _name_service(config)
    native.complete(service=config["service"], package_folders=package_folders())


def _start_with(native: ModuleType, config: Config, settings: dict[str, Any]) -> None:
    global _unsupported
    while True:
        try:
            native.start(settings)
            return
        except ImportError as reason:
            _unsupported = str(reason)
            stop()
            _warn(f"captures are off: {reason}")
            return
        except ValueError as reason:
            # The message begins: setting `name` …
            name = str(reason).partition("`")[2].partition("`")[0]
            origin = config.origins.get(name)
            if origin is None or origin in ("argument", "default"):
                stop()
                raise SettingError(str(reason)) from None
            del settings[name]
            config.values[name], config.origins[name] = BY_NAME[name].default, "default"
            config.problems.append(f"{origin}: {reason}; it is left out")
            _warn(config.problems[-1])


def _watch(native: ModuleType, config: Config) -> None:
    """Watches raises and calls as the settings say; where that cannot be, values are those that the hooks see."""
    global _watching
    wanted = {name: config[name] for name in WATCHED}
    _watching = native.watch(**wanted, context=_handled_context) or "on"
    if any(wanted.values()) and _watching != "on":
        _warn(f"{', '.join(name for name, value in wanted.items() if value)}: {_watching}; values are those that hooks see")


def stop() -> None:
    """Switches captures off; hooks stay in place and do nothing."""
    global _watching
    capture.switch_off()
    if _native is not None and _is_native_started:
        _native.watch()
    _watching = "off"


def setting(name: str) -> Any:
    """The value of a setting; `None` before the start."""
    return _config[name] if _config is not None else None


def flush(timeout: float) -> bool:
    """Waits up to ``timeout`` seconds until everything captured is sent; whether it was."""
    if _native is None or not _is_native_started:
        return True
    return bool(_native.flush(float(timeout)))


def status() -> dict[str, Any]:
    """What `reenact.status()` returns."""
    found: dict[str, Any] = dict(_native.status()) if _native is not None and _is_native_started else {}
    found["enabled"] = capture.is_on() and bool(found.get("enabled", True))
    found["watching"] = _watching
    found["hooks"] = hook_states()
    found["hook_errors"] = guard.failures()
    if guard.last_failure() is not None:
        found["last_hook_error"] = guard.last_failure()
    if _unsupported is not None:
        found["unsupported"] = _unsupported
    if _config is not None:
        if not _is_program_known:
            _name_service(_config)
        found["settings"] = {name: {"value": shown(name, value), "origin": _config.origins[name]} for name, value in _config.values.items()}
        found["problems"] = list(_config.problems)
    return found


def _load_core() -> bool:
    global _native, _unsupported
    if _native is not None:
        return True
    if not is_main_interpreter():
        _unsupported = "the core does not run in subinterpreters"
        return False
    try:
        from reenact import _native as core
    except Exception as reason:
        # No wheel for this interpreter, or one that the core refuses.
        _unsupported = f"the compiled core does not load: {reason}"
        return False
    _native = core
    return True


def _capture_with_core(error: BaseException, context: dict[str, Any]) -> Any:
    return _native.capture(error, context) if _native is not None else None


def _handled_context() -> dict[str, Any]:
    if _native is not None and _config is not None:
        _complete(_native, _config)
    return capture.handled_context()


def _prepare() -> None:
    """Runs ahead of each capture."""
    if not _is_native_started:
        start_core()
    if _native is not None and _config is not None:
        _complete(_native, _config)
    if not remote.is_running() and _native is not None and _config is not None and _config["remote_config"]:
        _ask_server(_native, _config)


@guard.never_raise("remote configuration")
def _ask_server(native: ModuleType, config: Config) -> None:
    # At the end of the interpreter no thread begins any more.
    server = remote.Server(config["url"], config["ca_file"], config["api_key"])
    remote.run(server, config["service"], config["env"], native.set_remote)


def _register() -> None:
    global _is_registered
    if _is_registered:
        return
    _is_registered = True
    atexit.register(_at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)


@guard.never_raise("fork")
def _after_fork() -> None:
    global _starting
    _starting = allocate_lock()
    remote.forget()
    if _native is not None:
        _native.after_fork_in_child()


@guard.never_raise("exit")
def _at_exit() -> None:
    remote.stop()
    if _native is not None and _is_native_started:
        _native.watch()
        _native.shutdown(EXIT_FLUSH_SECONDS)


def _warn(message: str) -> None:
    try:
        sys.stderr.write(f"reenact: {message}\n")
    except Exception as failure:
        guard.note_failure("warning", failure)
