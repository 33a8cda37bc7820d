"""Objects that run code when they are looked at: none of it runs."""

import collections.abc
import gc

import pytest
from capturing import local, occurrence, raised, short, snapshots, start
from reenact import _native

CALLS = []


def called(name):
    def method(self, *args, **kwargs):
        CALLS.append(name)
        raise SystemExit(f"{name} of the application ran")

    return method


SPECIAL = [
    "__repr__", "__str__", "__bytes__", "__format__", "__hash__", "__bool__", "__eq__", "__ne__", "__lt__", "__len__",
    "__length_hint__", "__getitem__", "__iter__", "__next__", "__reversed__", "__contains__", "__call__", "__enter__",
    "__exit__", "__int__", "__float__", "__complex__", "__index__", "__dir__", "__sizeof__", "__reduce__",
    "__reduce_ex__", "__getstate__", "__getattr__", "__getattribute__", "__await__", "__aiter__", "__anext__", "__fspath__",
    "__instancecheck__", "__subclasscheck__", "__missing__", "__copy__", "__deepcopy__", "__buffer__", "keys", "items",
    "values", "get",
]  # fmt: skip


class Meta(type):
    def __getattribute__(cls, name):
        CALLS.append(f"meta {name}")
        raise SystemExit("the metaclass of the application ran")

    __getattr__ = __instancecheck__ = __subclasscheck__ = __call__ = __len__ = __iter__ = called("meta")
    __repr__ = __str__ = __hash__ = __eq__ = called("meta")


def lie(self):
    CALLS.append("property")
    raise SystemExit("a property of the application ran")


HOOKS = {name: called(name) for name in SPECIAL}
HOOKS.update({name: property(lie) for name in ("__class__", "__dict__", "__module__", "__doc__", "shown")})


def hostile_class(base):
    return type(f"Hostile{base.__name__.title()}", (base,), dict(HOOKS))


BASES = [object, dict, list, tuple, set, frozenset, str, bytes, bytearray, int, float, complex, Exception]


def made(base):
    """An object of a hostile class, made without a call of its methods."""
    return base.__new__(hostile_class(base))


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.clear()
    yield
    assert CALLS == []


def check(subject):
    """Captures frames that hold the object everywhere, and returns what is captured of it."""
    holder = [subject]

    def function(argument):
        nested = {"k": [argument], 1: (argument,)}

        def inner():
            return argument, nested

        raise LookupError(argument)

    error = raised(function, subject)
    got = snapshots(error)[0]
    start()
    capture = _native.capture(error)
    assert capture.captured and capture.first
    assert holder[0] is subject
    return got["arguments"]["argument"]


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.__name__)
def test_special_methods_do_not_run(base):
    got = check(made(base))
    assert got["type"].endswith(f"Hostile{base.__name__.title()}")


def test_metaclasses_do_not_run():
    cls = Meta("Subject", (), {"__slots__": ("a",)})
    subject = object.__new__(cls)
    got = check(subject)
    assert got["type"] == f"{__name__}.Subject"
    assert check(cls)["form"] == "class"


def test_keys_that_count_comparisons_do_not_run():
    class Key:
        armed = False

        def __hash__(self):
            if Key.armed:
                CALLS.append("hash")
            return hash("__reenact_capture__")

        def __eq__(self, other):
            if Key.armed:
                CALLS.append("eq")
            return False

    error = ValueError("x")
    error.__dict__[Key()] = 1
    namespace = {"__name__": "made", Key(): 2, "subject": 1}

    def function():
        mapping = {Key(): Key()}
        raise error

    caught = raised(function)
    Key.armed = True
    try:
        snapshots(caught)
        start()
        assert _native.capture(caught).captured
        inner = raised(exec, "subject.missing", namespace)
        snapshots(inner)
    finally:
        Key.armed = False


def test_classes_that_lie_about_their_names():
    class Liar:
        pass

    Liar.__module__ = 5
    Liar.__qualname__ = "builtins.int"
    assert check(Liar())["type"] == "builtins.int"
    Liar.__module__ = "x" * 10_000
    assert len(check(Liar())["type"]) < 300


def test_classes_that_pretend_to_be_of_the_standard_library():
    for module, name in [
        ("uuid", "UUID"),
        ("decimal", "Decimal"),
        ("pathlib", "PosixPath"),
        ("datetime", "datetime"),
        ("zoneinfo", "ZoneInfo"),
        ("collections", "deque"),
        ("collections", "Counter"),
    ]:
        cls = type(f"{module}.{name}", (), {"__module__": module, "__qualname__": name})
        subject = cls()
        subject.int, subject._str, subject.key = "no", 5, None
        got = check(subject)
        assert got["fields"]["int"]["value"] == "'no'"


def test_attribute_dictionaries_of_other_classes():
    class Strange(dict):
        keys = items = __iter__ = __getitem__ = __len__ = called("dict")

    class Subject:
        pass

    subject = Subject()
    subject.__dict__ = Strange(a=1)
    assert short(check(subject))[1] == {"a": "1"}


def test_lazy_objects_are_not_evaluated():
    class Lazy(collections.abc.Mapping):
        def __init__(self):
            self._wrapped = None

        __getitem__ = __iter__ = __len__ = called("lazy")

        def __getattr__(self, name):
            CALLS.append(name)
            raise SystemExit

    assert short(check(Lazy()))[1] == {"_wrapped": None}


def test_descriptors_do_not_run():
    class Descriptor:
        __get__ = __set__ = __delete__ = __set_name__ = lambda *args: None

    Descriptor.__get__ = called("descriptor")

    class Subject:
        field = Descriptor()

        def __init__(self):
            self.__dict__["real"] = 1

    assert short(check(Subject()))[1] == {"real": "1"}


def test_finalizers_do_not_run():
    class Finalized:
        def __init__(self):
            self.me = self

        def __del__(self):
            CALLS.append("del")

    def function():
        Finalized()
        raise LookupError

    error = raised(function)
    gc.disable()
    try:
        garbage = [Finalized() for _ in range(100)]
        del garbage
        got = snapshots(error)
        assert got and CALLS == []
    finally:
        gc.enable()
        gc.collect()
        CALLS.clear()


def test_a_message_does_not_ask_the_application():
    class Argument:
        __str__ = __repr__ = __format__ = called("str")

    class Text(str):
        __str__ = __repr__ = called("str")

    def function():
        raise ValueError(Argument(), [Argument()])

    message = occurrence(raised(function))["exceptions"][0]["message"]
    assert message == f"(<{__name__}.{Argument.__qualname__} object>, [<{__name__}.{Argument.__qualname__} object>])"

    def other():
        raise ValueError(Text("x"))

    assert "object>" in occurrence(raised(other))["exceptions"][0]["message"]


def test_what_is_no_exception_is_refused():
    start()
    for subject in (None, 5, Exception, made(object)):
        capture = _native.capture(subject)
        assert (capture.captured, capture.reason) == (False, "unsupported")


def test_the_application_keeps_its_own_error():
    start()
    try:
        raise KeyError("kept")
    except KeyError as error:
        _native.capture(error)
        with pytest.raises(KeyError, match="kept"):
            raise


def test_slots_that_hold_each_other_and_unset_ones():
    class Slotted:
        __slots__ = ("me", "unset", "_Slotted__private")

    subject = Slotted()
    subject.me = subject
    got = check(subject)
    assert set(got["fields"]) == {"me"}
    assert got["fields"]["me"]["ref"] == got["ref"]
    assert short(local([])) == []
