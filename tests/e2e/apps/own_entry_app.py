"""Raises exceptions of functions that change their arguments, twice each: from the second on our own client has the
arguments as they were at entry."""

import time

import kinds

import reenact


class Basket:
    def __init__(self, rows):
        self.rows, self.same = rows, rows

    def take(self, other):
        self.rows.clear()
        other.append(1)
        return self.rows[0]


if __name__ == "__main__":
    for _ in range(3):
        for name, crash in {
            "an argument that is emptied": lambda: kinds.popped([{"name": "mug"}]),
            "an argument that is assigned": lambda: kinds.rebound(5),
            "a method that changes its object": lambda: Basket([1, 2]).take([]),
        }.items():
            try:
                crash()
            except Exception as error:
                reenact.capture_exception(error, tags={"case": name})
            # So that the events follow each other in time.
            time.sleep(0.02)
    assert reenact.flush(30), reenact.status()
