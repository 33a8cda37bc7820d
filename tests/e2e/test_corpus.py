"""A few crashes of the corpus under both clients; `make corpus` measures all of them (docs/reproduction.md)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clients import WAYS, present
from server import ROOT, Server

sys.path.insert(0, str(ROOT / "tests/corpus"))

import run  # noqa: E402
from crashes import CRASHES  # noqa: E402
from environment import Environment  # noqa: E402

# Crashes of packages that the environment of the client's own tests has, and what comes of each: with our client, with ddtrace.
SAMPLE = {
    "Jinja2: no slices": ("call", "call"),
    "python-dateutil: a rule without a name": ("call", "call"),
    "a frozen class of attrs": ("call", "call"),
    "a constructor of a subclass": ("call", "call"),
    "a circle of objects": ("call", "statement"),
    # The state of a cursor is in compiled code: nobody can have it.
    "a cursor": ("not", "not"),
}
JOBS = 2


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment(present(WAYS[-1]).directory)


def test_a_sample_of_the_corpus_is_raised_again(server: Server, environment: Environment, tmp_path: Path) -> None:
    crashes = [CRASHES[name] for name in SAMPLE]
    outcomes = run.run_all(crashes, run.CLIENTS, environment, server, tmp_path, JOBS, print)
    found = {(outcome.crash, outcome.client): outcome.outcome for outcome in outcomes}
    assert found == {(name, client): want for name, wanted in SAMPLE.items() for client, want in zip(run.CLIENTS, wanted)}


def test_the_corpus_is_as_large_as_it_says() -> None:
    real = [crash for crash in CRASHES.values() if crash.package]
    assert len(CRASHES) >= 60 and len(real) >= 30
    assert len({crash.package for crash in real}) >= 20
