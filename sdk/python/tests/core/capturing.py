"""What the tests of the capture share: raising, capturing, and a short form of what was captured."""

import json

from reenact import _native

DEFAULTS = {"service": "tests", "url": "http://127.0.0.1:1", "time_budget_ms": 500, "cpu_share": 100}


def start(**settings):
    _native.start({**DEFAULTS, **settings})


def raised(function, *args, **kwargs):
    """The exception that a call raises."""
    try:
        function(*args, **kwargs)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def snapshots(error, **settings):
    """The snapshots of an exception as they would be sent, the deepest frame first."""
    start(**settings)
    return json.loads(_native._captured_json(error))["snapshots"]


def occurrence(error, context=None, **settings):
    """The event of an exception as it would be sent."""
    start(**settings)
    return json.loads(_native._captured_json(error, context))["occurrences"][0]


def local(value, **settings):
    """What is captured of a value that a local variable holds."""

    def function():
        subject = value
        raise LookupError

    return snapshots(raised(function), **settings)[0]["locals"]["subject"]


def short(captured):
    """A captured value as nested Python values: types are left out where the content tells them.

    Scalars are their text, `None` is `None`, sequences lists, mappings lists of pairs, objects `(type, {name: value})`;
    what is absent is `(type, reason)`.
    """
    if captured.get("is_null"):
        return None
    if "value" in captured:
        return captured["value"]
    if "elements" in captured:
        return [short(element) for element in captured["elements"]]
    if "entries" in captured:
        return [(short(key), short(value)) for key, value in captured["entries"]]
    if "fields" in captured:
        return captured["type"], {name: short(value) for name, value in captured["fields"].items()}
    return captured["type"], captured.get("not_captured")
