"""Waiting for modules, replacing functions."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from reenact import guard, imports
from reenact.patching import replace


def test_a_hook_runs_after_the_import_and_the_loader_is_the_own_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "waited_for.py").write_text("loader = type(__loader__).__name__, type(__spec__.loader).__name__\nready = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen: list[bool] = []
    imports.when_imported("waited_for", lambda module: seen.append(module.ready))
    assert seen == []
    module = importlib.import_module("waited_for")
    assert seen == [True]
    assert module.loader == ("SourceFileLoader", "SourceFileLoader")
    assert type(module.__spec__.loader) is SourceFileLoader
    imports.when_imported("waited_for", lambda module: seen.append(module.ready))
    assert seen == [True, True]
    del sys.modules["waited_for"]
    importlib.import_module("waited_for")
    assert seen == [True] * 4
    del sys.modules["waited_for"]


def test_a_hook_that_fails_is_counted_and_the_import_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fine.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    def fail(_: ModuleType) -> None:
        raise RuntimeError("ours")

    imports.when_imported("fine", fail)
    assert importlib.import_module("fine")
    assert guard.failures()["hook on fine"] == 1
    assert guard.last_failure() == "hook on fine: RuntimeError: ours"


def test_a_module_that_is_missing_or_fails_does_so_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "failing.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen: list[ModuleType] = []
    imports.when_imported("failing", seen.append)
    imports.when_imported("nowhere_to_be_found", seen.append)
    with pytest.raises(ZeroDivisionError):
        importlib.import_module("failing")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        importlib.import_module("nowhere_to_be_found")
    assert seen == []


def test_a_function_is_replaced_once_and_looks_as_before() -> None:
    class Owner:
        def run(self, number: int) -> int:
            """Runs."""
            return number

    def make(original: object) -> object:
        return lambda self, number: original(self, number) + 1  # type: ignore[operator]

    assert replace(Owner, "run", make)
    assert not replace(Owner, "run", make)
    assert not replace(Owner, "missing", make)
    assert Owner().run(1) == 2
    assert (Owner.run.__name__, Owner.run.__doc__) == ("run", "Runs.")
