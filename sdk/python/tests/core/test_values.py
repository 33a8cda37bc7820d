"""Each kind of value against the form that it must have."""

import array
import collections
import contextvars
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import itertools
import pathlib
import re
import sys
import threading
import types
import uuid
import zoneinfo

import pytest
from capturing import local, raised, short, snapshots

HERE = __name__

LIST_AT_1 = ("list_iterator", {"(position)": "1", "(sequence)": ["'a'", "'b'"]})
TEXT_AT_1 = (type(iter("a")).__name__, {"(position)": "1", "(sequence)": "'ab'"})

UTC = datetime.timezone.utc
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        0,
        7,
        -7,
        2**30,
        -(2**60),
        2**62 + 1,
        10**40,
        -(10**300),
        0.0,
        -0.0,
        1.5,
        1e15,
        1e16,
        1.1e22,
        123456789.125,
        1e-4,
        1e-5,
        -2.5e-300,
        float("inf"),
        float("-inf"),
        1j,
        -1j,
        1 + 2j,
        -0.0 + 1j,
        1.5 - 0.5j,
        "",
        "plain",
        "it's",
        'say "hi"',
        "both ' and \"",
        "tab\tnew\nback\\slash\r\x00\x7f",
        "ünïcödé",
        "日本語",
        "😀 and \u200b",
        "\ud800 alone",
        "\xa0\xad",
        b"",
        b"bytes\x00\xff'",
        b"both ' and \"",
        ...,
        NotImplemented,
        range(3),
        range(1, 10, 2),
        slice(1, None, 2),
        bytearray(b"ab\xff"),
        datetime.date(2024, 1, 2),
        datetime.time(1, 2),
        datetime.time(1, 2, 3, 4, UTC),
        datetime.datetime(2024, 1, 2),
        datetime.datetime(2024, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        datetime.datetime(2024, 10, 27, 2, 30, fold=1),
        datetime.timedelta(0),
        datetime.timedelta(days=-1, seconds=5, microseconds=3),
        datetime.timezone(datetime.timedelta(hours=1)),
        datetime.timezone(datetime.timedelta(hours=1), "X"),
    ],
    ids=repr,
)
def test_a_scalar_is_shown_as_python_writes_it(value):
    got = local(value)
    want = repr(value)
    assert (
        got["type"]
        == type(value).__module__.replace("builtins", "").strip(".")
        + "." * (type(value).__module__ != "builtins")
        + type(value).__qualname__
    )
    assert got["value"] == want


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (decimal.Decimal("1.10"), "decimal.Decimal('1.10')"),
        (decimal.Decimal("-0"), "decimal.Decimal('-0')"),
        (decimal.Decimal("1E+20"), "decimal.Decimal('1E+20')"),
        (decimal.Decimal("-1.23E-15"), "decimal.Decimal('-1.23E-15')"),
        (decimal.Decimal("0.000001"), "decimal.Decimal('0.000001')"),
        (decimal.Decimal("1.000000000000000000000000000E+30"), "decimal.Decimal('1.000000000000000000000000000E+30')"),
        (decimal.Decimal("12345678901234567890.123456789"), "decimal.Decimal('12345678901234567890.123456789')"),
        (decimal.Decimal("NaN"), "decimal.Decimal('NaN')"),
        (decimal.Decimal("-Infinity"), "decimal.Decimal('-Infinity')"),
        (uuid.UUID("12345678-1234-5678-1234-567812345678"), "uuid.UUID('12345678-1234-5678-1234-567812345678')"),
        (pathlib.PurePosixPath("/srv/it's"), "pathlib.PurePosixPath('/srv/it\\'s')"),
        (pathlib.PurePosixPath("a", "b"), "pathlib.PurePosixPath('a/b')"),
        (pathlib.PurePosixPath("a") / "/b" / "c", "pathlib.PurePosixPath('/b/c')"),
        (pathlib.PurePosixPath(), "pathlib.PurePosixPath('.')"),
        (BERLIN, "zoneinfo.ZoneInfo('Europe/Berlin')"),
        (
            datetime.datetime(2024, 1, 2, tzinfo=BERLIN),
            "datetime.datetime(2024, 1, 2, 0, 0, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))",
        ),
        (len, "len"),
        (functools.reduce, "_functools.reduce"),
        (test_a_scalar_is_shown_as_python_writes_it, f"{HERE}.test_a_scalar_is_shown_as_python_writes_it"),
        (dict, "dict"),
        (decimal.Decimal, "decimal.Decimal"),
        (pathlib, "pathlib"),
    ],
    ids=str,
)
def test_other_scalars_are_expressions(value, want):
    assert short(local(value)) == want


def test_none_is_null():
    assert local(None) == {"type": "NoneType", "is_null": True}


@pytest.mark.parametrize(
    ("value", "want", "size"),
    [
        ([1, "a", None], ["1", "'a'", None], 3),
        ((), [], 0),
        ((1,), ["1"], 1),
        ({1}, ["1"], 1),
        (frozenset(["a"]), ["'a'"], 1),
        (collections.deque([1, 2]), ["1", "2"], 2),
        (array.array("d", [1.5, 2.5]), ["1.5", "2.5"], 2),
        ({"a": 1, 2: [3]}, [("'a'", "1"), ("2", ["3"])], 2),
        ({(1, 2): "x"}, [(["1", "2"], "'x'")], 1),
        (collections.OrderedDict(b=1, a=2), [("'b'", "1"), ("'a'", "2")], 2),
        (collections.Counter("aab"), [("'a'", "2"), ("'b'", "1")], 2),
        (types.MappingProxyType({"a": 1}), [("'a'", "1")], 1),
    ],
    ids=repr,
)
def test_a_container_shows_its_content_and_its_size(value, want, size):
    got = local(value)
    assert (short(got), got["size"]) == (want, size)
    assert got["type"].split(".")[-1] == type(value).__qualname__


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Item:
    name: str
    count: int = 1


Point = collections.namedtuple("Point", "x y")


class LongPoint(Point):
    pass


class Slotted:
    __slots__ = ("first", "second", "unset")

    def __init__(self):
        self.first, self.second = 1, [2]


class SubSlotted(Slotted):
    __slots__ = ("third", "__dict__")

    def __init__(self):
        super().__init__()
        self.third, self.free = 3, 4


class Plain:
    shown_not = "class attribute"

    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def method(self):
        pass


class MyDict(dict):
    pass


class MyList(list):
    pass


class MyStr(str):
    pass


class MyInt(int):
    pass


class MyFloat(float):
    pass


class MySet(set):
    pass


class MyBytes(bytes):
    pass


class Failure(Exception):
    def __init__(self, order, code):
        super().__init__(order)
        self.code = code


def with_attribute(value):
    value.note = "n"
    return value


@pytest.mark.parametrize(
    ("value", "form", "want"),
    [
        (Color.RED, "enum", ("Color", {"_value_": "1", "_name_": "'RED'"})),
        (Level.HIGH, "enum", ("Level", {"(int)": "3", "_value_": "3", "_name_": "'HIGH'"})),
        (Item("a"), "dataclass", ("Item", {"name": "'a'", "count": "1"})),
        (Point(1, 2), "named_tuple", ("Point", {"x": "1", "y": "2"})),
        (Slotted(), None, ("Slotted", {"first": "1", "second": ["2"]})),
        (SubSlotted(), None, ("SubSlotted", {"free": "4", "first": "1", "second": ["2"], "third": "3"})),
        (Plain(a=1, b="x"), None, ("Plain", {"a": "1", "b": "'x'"})),
        (Plain(), None, ("Plain", {})),
        (MyDict(a=1), None, ("MyDict", {"(dict)": [("'a'", "1")]})),
        (with_attribute(MyList([1])), None, ("MyList", {"(list)": ["1"], "note": "'n'"})),
        (with_attribute(MyStr("s")), None, ("MyStr", {"(str)": "'s'", "note": "'n'"})),
        (with_attribute(MyInt(-5)), None, ("MyInt", {"(int)": "-5", "note": "'n'"})),
        (with_attribute(MyInt(2**90)), None, ("MyInt", {"(int)": str(2**90), "note": "'n'"})),
        (MyFloat(1.5), None, ("MyFloat", {"(float)": "1.5"})),
        (MySet([1]), None, ("MySet", {"(set)": ["1"]})),
        (MyBytes(b"b"), None, ("MyBytes", {"(bytes)": "b'b'"})),
        (Failure("o", 7), "exception", ("Failure", {"(args)": ["'o'"], "code": "7"})),
        (KeyError("k"), "exception", ("KeyError", {"(args)": ["'k'"]})),
        (fractions.Fraction(1, 3), None, ("fractions.Fraction", {"_numerator": "1", "_denominator": "3"})),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, (str, tuple)) else "",
)
def test_an_object_shows_its_fields(value, form, want):
    got = local(value)
    kind, fields = short(got)
    assert (kind.replace(HERE + ".", ""), fields) == want
    assert got.get("form") == form
    assert got.get("not_captured") is None


def test_a_named_tuple_of_a_subclass_is_a_tuple_subclass():
    kind, fields = short(local(LongPoint(1, 2)))
    assert fields == {"(tuple)": ["1", "2"]}


def test_containers_with_more_than_their_content_show_it_beside():
    assert short(local(collections.defaultdict(list, {1: 2}))) == (
        "collections.defaultdict",
        {"(dict)": [("1", "2")], "(default_factory)": "list"},
    )
    assert short(local(collections.deque([1], maxlen=3))) == ("collections.deque", {"(deque)": ["1"], "(maxlen)": "3"})


def test_a_bound_method_shows_function_and_object():
    got = local(Plain(a=1).method)
    assert got["form"] == "method"
    assert short(got) == ("method", {"(function)": f"{HERE}.Plain.method", "(self)": (f"{HERE}.Plain", {"a": "1"})})


def test_fields_of_compiled_objects_that_have_names_are_shown():
    kind, fields = short(local(functools.partial(int, "7", base=8)))
    assert kind == "functools.partial"
    assert fields == {"func": "int", "args": ["'7'"], "keywords": [("'base'", "8")]}
    got = local(re.compile("a+"))
    assert got["fields"]["pattern"]["value"] == "'a+'"
    assert (got["form"], got["not_captured"]) == ("opaque", "unknown")


def generator():
    yield


async def coroutine():
    pass


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (generator, "generator"),
        (lambda: itertools.chain([1]), "iterator"),
        (lambda: itertools.count(), "iterator"),
        (threading.Lock, "opaque"),
        (lambda: open("/dev/null"), "opaque"),
        (lambda: contextvars.ContextVar("v"), "opaque"),
        (object, None),
    ],
)
def test_what_is_in_compiled_code_is_named(make, form):
    value = make()
    got = local(value)
    assert got.get("form") == form
    assert got.get("not_captured") == ("unknown" if form else None)
    getattr(value, "close", lambda: None)()


def advanced(iterator, steps):
    for _ in range(steps):
        next(iterator)
    return iterator


@pytest.mark.parametrize(
    ("make", "steps", "fields"),
    [
        (lambda: iter(["a", "b", "c"]), 1, {"(position)": "1", "(sequence)": ["'a'", "'b'", "'c'"]}),
        (lambda: iter(("a", "b")), 0, {"(position)": "0", "(sequence)": ["'a'", "'b'"]}),
        (lambda: reversed(["a", "b", "c"]), 1, {"(position)": "1", "(sequence)": ["'a'", "'b'", "'c'"]}),
        (lambda: reversed(("a", "b")), 1, {"(position)": "0", "(sequence)": ["'a'", "'b'"]}),
        (lambda: iter("abc"), 2, {"(position)": "2", "(sequence)": "'abc'"}),
        (lambda: iter("äbc"), 2, {"(position)": "2", "(sequence)": "'äbc'"}),
        (lambda: iter(b"abc"), 2, {"(position)": "2", "(sequence)": "b'abc'"}),
        (lambda: iter({"a": 1, "b": 2}), 1, {"(position)": "1", "(sequence)": [("'a'", "1"), ("'b'", "2")]}),
        (lambda: iter({"a": 1, "b": 2}.items()), 1, {"(position)": "1", "(sequence)": [("'a'", "1"), ("'b'", "2")]}),
        (lambda: reversed({"a": 1, "b": 2}.values()), 1, {"(position)": "1", "(sequence)": [("'a'", "1"), ("'b'", "2")]}),
        (lambda: iter({7}), 0, {"(position)": "0", "(sequence)": ["7"]}),
        (lambda: iter(range(5)), 2, {"(rest)": "range(2, 5)"}),
        (lambda: iter(range(9, 0, -3)), 1, {"(rest)": "range(6, 0, -3)"}),
        (lambda: iter(range(2)), 2, {"(rest)": "range(2, 2)"}),
        (lambda: enumerate(["a", "b"], 5), 1, {"(index)": "6", "(iterator)": LIST_AT_1}),
        (lambda: zip(range(2), "ab"), 1, {"(iterators)": [("range_iterator", {"(rest)": "range(1, 2)"}), TEXT_AT_1]}),
        (lambda: map(str, range(3)), 1, {"(function)": "str", "(iterators)": [("range_iterator", {"(rest)": "range(1, 3)"})]}),
        (lambda: filter(None, range(1, 3)), 1, {"(function)": None, "(iterator)": ("range_iterator", {"(rest)": "range(2, 3)"})}),
        (lambda: iter(int, 1), 0, {"(function)": "int", "(sentinel)": "1"}),
    ],
)  # fmt: skip
def test_iterators_show_what_they_go_over_and_where_they_are(make, steps, fields):
    iterator = advanced(make(), steps)
    got = local(iterator)
    assert short(got) == (type(iterator).__name__, fields)
    assert (got["form"], got.get("not_captured")) == ("iterator", None)
    # To look does not move them.
    assert list(zip(iterator, range(9)))[:9] == list(zip(advanced(make(), steps), range(9)))[:9]


@pytest.mark.parametrize("make", [lambda: iter([1]), lambda: iter((1,)), lambda: iter("a"), lambda: iter({1: 2}), lambda: reversed((1,))])
def test_an_iterator_at_its_end_holds_nothing(make):
    iterator = make()
    assert list(iterator)
    got = local(iterator)
    assert short(got) == (type(iterator).__name__, {})


def test_an_iterator_of_a_list_that_is_seen_elsewhere_refers_to_it():
    def function():
        subject = [["a"], ["b"]]
        for one in subject:
            held = iter(subject)
            next(held)
            assert one
            raise LookupError

    names = snapshots(raised(function))[0]["locals"]
    sequence = names["held"]["fields"]["(sequence)"]
    assert sequence["ref"] == names["subject"]["ref"]


def test_a_class_that_is_built_on_an_iterator_is_not_taken_for_one():
    class Numbered(enumerate):
        pass

    assert local(Numbered([1]))["not_captured"] == "unknown"


def test_a_coroutine_is_named():
    value = coroutine()
    assert local(value)["form"] == "coroutine"
    value.close()


def test_names_that_are_no_texts_are_written():
    value = Plain(a=1)
    value.__dict__[2] = "two"
    assert short(local(value))[1] == {"a": "1", "2": "'two'"}


def test_an_attribute_dictionary_that_was_made_is_read_as_well():
    value = Plain(a=1)
    assert vars(value)  # makes the dictionary where values stood in the object
    value.b = 2
    del value.a
    assert short(local(value))[1] == {"b": "2"}


def test_to_look_does_not_make_a_dictionary():
    values = [Item("x", index) for index in range(100)]
    sizes = [sys.getsizeof(value) for value in values]
    local(values)
    assert [sys.getsizeof(value) for value in values] == sizes
    assert values[50] == Item("x", 50)


def column(captured):
    """Kind of element and elements of an array."""
    fields = captured["fields"]
    return fields["(dtype)"]["value"], short(fields["(data)"])


def test_tables_of_pandas_show_their_columns_and_labels():
    pandas = pytest.importorskip("pandas")
    inner = Plain(a=1)
    table = pandas.DataFrame({"n": [1, 2], "f": [0.5, 1.5], "s": ["x", None], "m": [3, 4], "o": [inner, [7]], 5: [True, False]})
    got = local(table)
    assert (got["type"].rsplit(".", 1)[1], got["form"], got.get("not_captured")) == ("DataFrame", "table", None)
    assert short(got["fields"]["(index)"]) == "range(0, 2)"
    columns = {key["value"]: column(value) for key, value in got["fields"]["(columns)"]["entries"]}
    assert columns["'n'"] == ("int64", ["1", "2"])
    assert columns["'f'"] == ("float64", ["0.5", "1.5"])
    assert columns["'m'"] == ("int64", ["3", "4"])
    assert columns["5"] == ("bool", ["True", "False"])
    assert columns["'s'"][1][0] == "'x'"
    assert columns["'o'"] == ("object", [(f"{HERE}.Plain", {"a": "1"}), ["7"]])


def test_columns_of_pandas_show_their_name_and_labels():
    pandas = pytest.importorskip("pandas")
    got = local(pandas.Series([1.5, 2.5], index=["a", "b"], name="price"))
    assert (got["type"].rsplit(".", 1)[1], got["form"]) == ("Series", "table")
    assert short(got["fields"]["(name)"]) == "'price'"
    assert column(got["fields"]["(index)"])[1] == ["'a'", "'b'"]
    assert column(got["fields"]["(data)"]) == ("float64", ["1.5", "2.5"])
    table = pandas.DataFrame({"a": range(3), "b": range(3, 6)}, index=[10, 20, 30])
    got = local(table["b"])
    assert column(got["fields"]["(index)"]) == ("int64", ["10", "20", "30"])
    assert column(got["fields"]["(data)"]) == ("int64", ["3", "4", "5"])


def test_what_pandas_keeps_in_another_way_is_named():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"t": pandas.date_range("2024-01-01", periods=2), "c": pandas.Categorical(["a", "b"]), "n": [1, 2]})
    columns = {key["value"]: value for key, value in local(table)["fields"]["(columns)"]["entries"]}
    assert (columns["'t'"]["not_captured"], columns["'c'"]["not_captured"]) == ("unknown", "unknown")
    assert column(columns["'n'"]) == ("int64", ["1", "2"])
    many = pandas.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    got = local(pandas.DataFrame({"n": [1, 2]}, index=many))
    assert got["fields"]["(index)"]["not_captured"] == "unknown"


def test_large_tables_are_cut_with_their_sizes():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    got = local(pandas.DataFrame(numpy.arange(30_000).reshape(100, 300)), items_max=5)["fields"]
    assert (got["(columns)"]["size"], len(got["(columns)"]["entries"])) == (300, 5)
    label, first = got["(columns)"]["entries"][1]
    data = first["fields"]["(data)"]
    assert (label["value"], data["size"], short(data)) == ("1", 100, ["1", "301", "601", "901", "1201"])


def test_columns_are_found_wherever_their_blocks_are():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    # Every second column, every third, and some without an order.
    kinds = ["int64", "float64", "int64", "float64", "int64", "bool", "bool", "float32", "bool", "float32"]
    table = pandas.DataFrame({f"c{index}": numpy.full(1, index % 2, kind) for index, kind in enumerate(kinds)}).copy()
    columns = {key["value"]: column(value) for key, value in local(table)["fields"]["(columns)"]["entries"]}
    assert [columns[f"'c{index}'"][0] for index in range(len(kinds))] == kinds
    assert [float(columns[f"'c{index}'"][1][0].replace("True", "1").replace("False", "0")) for index in range(len(kinds))] == [0, 1] * 5


def test_a_class_that_is_named_like_a_table_is_read_as_what_it_is():
    made = type("DataFrame", (), {"__module__": "pandas"})()
    made._mgr = Plain(blocks=(1,), axes=[{}, []])
    assert short(local(made))[1] == {"_mgr": (f"{HERE}.Plain", {"blocks": ["1"], "axes": [[], []]})}


def test_arrays_of_numpy_show_type_shape_and_first_elements():
    numpy = pytest.importorskip("numpy")
    got = local(numpy.arange(6, dtype="int16").reshape(2, 3).T)
    assert (got["type"], got["form"]) == ("numpy.ndarray", "array")
    assert short(got)[1] == {"(dtype)": "int16", "(shape)": ["3", "2"], "(data)": ["0", "3", "1", "4", "2", "5"]}
    assert short(local(numpy.array([1.5, -0.25])))[1]["(data)"] == ["1.5", "-0.25"]
    assert short(local(numpy.array([True, False])))[1]["(data)"] == ["True", "False"]
    assert short(local(numpy.array([1 + 2j])))[1]["(data)"] == ["(1+2j)"]
    singles = numpy.array([0.1, 2, float("nan")], dtype="float32")
    assert short(local(singles))[1]["(data)"] == ["0.1", "2.0", "nan"]
    assert short(local(numpy.array([-1, 200], dtype="int64")))[1]["(data)"] == ["-1", "200"]
    assert short(local(numpy.array([255], dtype="uint8")))[1]["(data)"] == ["255"]
    assert short(local(numpy.array(7)))[1] == {"(dtype)": "int64", "(shape)": [], "(data)": ["7"]}
    large = local(numpy.zeros((1000, 1000)))["fields"]["(data)"]
    assert (len(large["elements"]), large["size"], large["not_captured"]) == (100, 1_000_000, "collection_size")
    objects = short(local(numpy.array([Plain(a=1), None, [2]], dtype="object")))[1]
    assert (objects["(dtype)"], objects["(data)"]) == ("object", [(f"{HERE}.Plain", {"a": "1"}), None, ["2"]])
    for other in (numpy.array(["a"]), numpy.zeros(3, dtype=[("a", "i4")])):
        assert local(other)["fields"]["(data)"]["not_captured"] == "unknown"


def test_tables_of_pandas_are_named():
    pandas = pytest.importorskip("pandas")
    assert local(pandas.DataFrame({"a": [1]}))["form"] == "table"
