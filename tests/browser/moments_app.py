"""Raises an error several times in a function that cleans up behind itself, and calls it with success in between.

Usage: moments_app.py ADDRESS SERVICE. Prints one JSON object: the version of Python, and whether it is watched (`on` from 3.12 on).
"""

import contextlib
import json
import sys

import reenact

RATES = {"EUR": 1, "SEK": 11}


@contextlib.contextmanager
def opened(connection):
    connection["state"] = "open"
    try:
        yield connection
    finally:
        connection["state"] = "closed"


def charge(currency, lines, connection):
    with opened(connection):
        total = 0
        while lines:
            total += lines.pop()
        return RATES[currency] * total


def main():
    address, service = sys.argv[1:]
    reenact.init(
        url=address, service=service, env="prod", at_raise=True, second_chance=True, captures_per_second=1e6, queue_captures_max=1000
    )
    for number in range(200):
        try:
            charge(["EUR", "SEK", "XTS"][number % 3], [number, 5], {"state": "new"})
        except KeyError as error:
            reenact.capture_exception(error, handled=False)
    watching = reenact.status()["watching"]
    json.dump({"python": sys.version_info[:2], "watching": watching, "flushed": reenact.flush(10)}, sys.stdout)


main()
