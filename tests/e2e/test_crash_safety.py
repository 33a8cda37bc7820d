"""`200` means durable: every acknowledged event survives `kill -9`, exactly once."""

from __future__ import annotations

import itertools
import random
import threading

import requests

from payloads import error_span, post_traces, traces_body
from server import Server

ROUNDS = 5
SENDERS = 4
ACKNOWLEDGED_BEFORE_KILL = (20, 120)


class Load:
    """Several senders at once; remembers what was acknowledged and what was under way at the end."""

    def __init__(self, server: Server, round_number: int) -> None:
        self.agent = server.agent
        self.acknowledged: list[str] = []
        self.attempted: set[str] = set()
        self._enough = threading.Event()
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self._round = round_number
        self._wanted = random.randint(*ACKNOWLEDGED_BEFORE_KILL)
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def run_until_enough(self) -> None:
        for thread in self._threads:
            thread.start()
        assert self._enough.wait(60), f"only {len(self.acknowledged)} events were acknowledged in 60 s"

    def finish(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _send(self) -> None:
        while not self._stop.is_set():
            names = [f"event r{self._round}n{next(self._numbers)}x" for _ in range(random.randint(1, 3))]
            self.attempted.update(names)
            try:
                answer = post_traces(self.agent, traces_body(*(error_span("survivor", name) for name in names)), timeout=10)
            except requests.RequestException:
                return
            if answer.status_code == 200:
                self.acknowledged += names
            if len(self.acknowledged) >= self._wanted:
                self._enough.set()


def test_acknowledged_events_survive_being_killed(own_server: Server) -> None:
    acknowledged: set[str] = set()
    attempted: set[str] = set()
    for round_number in range(ROUNDS):
        load = Load(own_server, round_number)
        load.run_until_enough()
        own_server.kill()
        load.finish()
        acknowledged.update(load.acknowledged)
        attempted |= load.attempted
        own_server.start()
        messages = [message(event) for event in own_server.wait_for_events("service:survivor", len(acknowledged), 60)]
        lost = acknowledged - set(messages)
        assert not lost, f"round {round_number}: {len(lost)} of {len(acknowledged)} acknowledged events were lost: {sorted(lost)[:5]}"
        assert len(messages) == len(set(messages)), f"round {round_number}: some events are there twice"
        assert set(messages) <= attempted, f"round {round_number}: events that nobody sent"
        counts = sum(issue["count"] for issue in own_server.issues("service:survivor"))
        assert counts == len(messages), f"round {round_number}: issues count {counts} events, there are {len(messages)}"


def test_a_restart_keeps_everything(own_server: Server) -> None:
    assert post_traces(own_server.agent, traces_body(*(error_span("keeper", f"kept {number}") for number in range(20)))).ok
    before = own_server.wait_for_events("service:keeper", 20)
    own_server.stop()
    own_server.start()
    assert sorted(own_server.wait_for_events("service:keeper", 20), key=lambda e: e["id"]) == sorted(before, key=lambda e: e["id"])


def message(event: dict) -> str:
    return event["exceptions"][-1]["message"]
