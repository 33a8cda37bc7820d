"""A crash for each kind of function and of input. Each name in KINDS is one; plain Python, no client and no framework."""

from __future__ import annotations

import asyncio
import datetime
import enum
import functools
import pathlib
import socket
import uuid
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from decimal import Decimal

Point = namedtuple("Point", "x y")
SEEN = []


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Slotted:
    __slots__ = ("name", "size")

    def __init__(self, name, size):
        self.name, self.size = name, size


class Settings(dict):
    pass


class Declined(Exception):
    def __init__(self, code, *, retry):
        super().__init__(code)
        self.retry = retry


@dataclass
class Line:
    article: str
    price: Decimal


class Cart:
    def __init__(self, owner, lines):
        if not lines:
            raise ValueError("the cart of %s is empty" % owner)
        self.owner, self.lines = owner, lines

    @property
    def average(self):
        return sum(line.price for line in self.lines) / (len(self.lines) - 2)

    @staticmethod
    def rate(currency):
        return {"EUR": 1}[currency]

    @classmethod
    def parse(cls, text):
        return cls(*text.split(";", 2))

    def add(self, line):
        self.lines.append(line)
        raise OverflowError("%d lines are too many" % len(self.lines))


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@logged
def decorated(amount):
    return amount / 0


def dates(day, moment, span):
    raise ValueError("%s %s %s" % (day, moment, span))


def odd_scalars(key, path):
    raise LookupError("%s %s" % (key, path))


def colored(color):
    return {Color.BLUE: 1}[color]


def of_point(point):
    return point.x / point.y


def of_slotted(thing):
    return thing.size + thing.name


def of_settings(settings):
    return settings["missing"]


def of_containers(counts, order, groups, queue):
    raise KeyError((sorted(counts), list(order), sorted(groups), list(queue)))


def of_error(error):
    raise RuntimeError("declined with %s, retry %s" % (error.args[0], error.retry)) from None


def of_long(text):
    raise ValueError("%d characters" % len(text))


def of_deep(tree):
    return tree["a"]["b"]["c"]["d"]["e"]


def of_socket(connection):
    raise OSError("not connected: %s" % connection.fileno())


def popped(rows):
    last = rows.pop()
    return last["price"]


def rebound(number):
    number = number - 5
    return 10 / number


def of_state(name):
    if name in SEEN:
        raise ValueError("%s was seen" % name)


def numbers(limit):
    for number in range(limit):
        yield 10 / (3 - number)


async def waited(seconds):
    await asyncio.sleep(0)
    return 1 / seconds


def mixed(first, /, second, *rest, key, **more):
    raise TypeError("%s %s %s %s %s" % (first, second, rest, key, more))


def seen_twice():
    SEEN.append("ada")
    of_state("ada")


KINDS = {
    "a constructor": lambda: Cart("Ada", []),
    "a property": lambda: Cart("Ada", [Line("mug", Decimal("1.5")), Line("spade", Decimal("3"))]).average,
    "a staticmethod": lambda: Cart.rate("XTS"),
    "a classmethod": lambda: Cart.parse("no lines"),
    "a method that changes its object": lambda: Cart("Ada", [1]).add(2),
    "a decorated function": lambda: decorated(5),
    "a generator": lambda: list(numbers(5)),
    "a coroutine": lambda: asyncio.run(waited(0)),
    "all kinds of arguments": lambda: mixed(1, 2, 3, key=4, five=5),
    "dates": lambda: dates(datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc), datetime.timedelta(days=1)),
    "a UUID and a path": lambda: odd_scalars(uuid.UUID(int=5), pathlib.Path("/srv/data")),
    "an enumeration": lambda: colored(Color.RED),
    "a named tuple": lambda: of_point(Point(1, 0)),
    "slots": lambda: of_slotted(Slotted("a", 1)),
    "a subclass of dict": lambda: of_settings(Settings(a=1)),
    "containers of collections": lambda: of_containers(Counter("ab"), OrderedDict(a=1), defaultdict(list, a=[1]), deque([1])),
    "an exception": lambda: of_error(Declined(402, retry=False)),
    "a text of 1,000 characters": lambda: of_long("x" * 1000),
    "six levels": lambda: of_deep({"a": {"b": {"c": {"d": {}}}}}),
    "a socket": lambda: of_socket(socket.socket()),
    "an argument that is emptied": lambda: popped([{"name": "mug"}]),
    "an argument that is assigned": lambda: rebound(5),
    "state of the module": seen_twice,
}
