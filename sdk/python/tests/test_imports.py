"""Waiting for modules, replacing functions, numbering frames."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from reenact import guard, imports
from reenact.patching import replace
from reenact.traceback_frames import numbered_frames, renumber


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


def numbers(error: BaseException) -> list[str]:
    return [f"{number} {function}" for number, function, _, _ in numbered_frames(error)]


def test_frames_are_numbered_from_the_root_cause_on() -> None:
    def first() -> None:
        {}["x"]

    def second() -> None:
        try:
            first()
        except KeyError as error:
            raise ValueError("y") from error

    me = test_frames_are_numbered_from_the_root_cause_on.__name__
    try:
        second()
    except ValueError as error:
        assert numbers(error) == ["1 second", "2 first", f"3 {me}", "4 second"]
        inner = numbered_frames(error.__cause__)
        captured = [(number, str(number), *place) for number, *place in inner]
        assert renumber(captured, numbered_frames(error)) == captured  # type: ignore[arg-type]


def test_captured_frames_of_a_recursion_meet_from_the_raise_outwards() -> None:
    frames = [(1, "main", "a.py", 9), (2, "f", "a.py", 3), (3, "f", "a.py", 3), (4, "f", "a.py", 4)]
    captured = [(1, "s1", "f", "a.py", 3), (2, "s2", "f", "a.py", 4)]
    assert renumber(captured, frames) == [(3, "s1", "f", "a.py", 3), (4, "s2", "f", "a.py", 4)]
    assert renumber([(1, "s", "gone", "b.py", 1)], frames) == []


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError(1), ValueError(2)
    first.__cause__, second.__cause__ = second, first
    assert numbered_frames(first) == []
