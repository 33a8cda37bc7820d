"""The crashes: what is called, with which input, and what it stands for.

Inputs are given here, outside of the folder from which tests import the applications: a test cannot get at them but through
what a client captured. `package` names the distribution whose own code fails; without it the failing code is an application's.
"""

from __future__ import annotations

import asyncio
import datetime
import io
import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"
SHARED_APPS = HERE.parent / "e2e/apps"


@dataclass(frozen=True)
class Crash:
    name: str
    app: str
    function: str
    """The kind of function that is called."""
    input: str
    """The kind of input that matters."""
    run: Callable[[Any], Any]
    package: str | None = None
    modules: tuple[str, ...] = ()
    """Modules whose frames carry values although they are installed; by default the package's name in small letters."""
    root: Path = APPS
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def own_modules(self) -> tuple[str, ...]:
        return self.modules or ((self.package.lower(),) if self.package else ())


def real(package: str, name: str, app: str, function: str, given: str, run: Callable[[Any], Any], *modules: str) -> Crash:
    return Crash(f"{package}: {name}", app, function, given, run, package, modules)


def utc(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=datetime.timezone.utc)


def employees(m):
    ada, grace, linus = m.Worker("Ada"), m.Worker("Grace"), m.Worker("Linus")
    ada.add(grace.add(linus))
    return linus.add(ada)


def full_truck(m):
    truck = m.Truck("north", Decimal("1000.50"), stops={m.Zone.YARD: ["A", "B"]})
    truck.load(m.Pallet(1, m.Place(m.Zone.GATE, "A"), Decimal("700.25")))
    return truck


def circle(m):
    return m.Circle().buy("ada").buy("grace")


def pallets(m):
    place = m.Place(m.Zone.HALL, "B", 2)
    return [m.Pallet(7, place, handling=m.Handling.COLD), m.Pallet(8, place, handling=m.Handling.COLD | m.Handling.UPRIGHT)]


def transfer(m):
    ada = {"name": "ada", "balance": 60}
    return m.transfer({"ada": ada, "bob": {"name": "bob", "balance": 40}}, ada, ada, 5)


def categories(m):
    from anytree import Node

    root = Node("shop")
    Node("garden", parent=Node("outside", parent=root))
    return m.way_between(root, ["garden", "kitchen"])


REAL = [
    real("PyYAML", "an empty integer", "shop_settings", "method", "text", lambda m: m.read_settings("till", "port: !!int ''"), "yaml"),
    real("PyYAML", "a word as a time", "shop_settings", "method", "text", lambda m: m.read_settings("till", "opens: !!timestamp soon"), "yaml"),
    real("toml", "an open inline table", "shop_settings", "method", "text", lambda m: m.read_settings("till", "limits = {burst = 1", "toml")),
    real("toml", "a table below a number", "shop_settings", "method", "text",
         lambda m: m.read_settings("till", "[till]\nport = 1\n[till.port.tls]\non = 1", "toml")),
    real("tomli", "nested arrays without end", "shop_settings", "method", "long text",
         lambda m: m.read_settings("till", "a = " + "[" * 2000, "tomli")),
    real("jsonpath-ng", "an index of a text", "shop_settings", "function", "dict",
         lambda m: m.set_everywhere({"lines": "none"}, "$.lines[9].price", 5), "jsonpath_ng"),
    real("jmespath", "a slice with step 0", "shop_settings", "function", "dict",
         lambda m: m.select({"lines": [1, 2, 3]}, "lines[::0]")),
    real("jsonschema", "a multiple of 0", "shop_settings", "function", "dict",
         lambda m: m.check_order({"count": 3}, {"properties": {"count": {"multipleOf": 0}}})),
    real("jsonschema", "properties as a list", "shop_settings", "function", "dict",
         lambda m: m.check_order({"count": 3}, {"properties": ["count"]})),
    real("Cerberus", "a dependency below a number", "shop_settings", "function", "dict",
         lambda m: m.check_form({"coupon": 1, "user": 5}, {"coupon": {"dependencies": "user.id"}, "user": {}})),
    real("dataclasses-json", "a text for a dataclass", "shop_settings", "classmethod", "text",
         lambda m: m.read_customer('{"name": "Ada", "address": "Main Street 1"}'), "dataclasses_json"),
    real("tabulate", "more alignments than columns", "shop_reports", "method", "plain object",
         lambda m: m.Report("orders", ["mug"]).add(1).as_text(("left", "right"))),
    real("prettytable", "a column of numbers and texts", "shop_reports", "method", "plain object",
         lambda m: m.Report("orders", ["article", "count"]).add("mug", 3).add("spade", "none").sorted_by("count")),
    real("prettytable", "an empty document", "shop_reports", "function", "text", lambda m: m.table_of_json("[]")),
    real("terminaltables", "a column that is not there", "shop_reports", "method", "plain object",
         lambda m: m.Report("orders", ["mug"]).add(1).in_a_frame(2)),
    real("texttable", "an unknown type of column", "shop_reports", "function", "list",
         lambda m: m.drawn([["mug", "4.90"]], ["t", "z"])),
    real("humanfriendly", "a row that is too long", "shop_reports", "method", "plain object",
         lambda m: m.Report("orders", ["mug"]).add(1, 2).as_robust_table()),
    real("openpyxl", "a bracket too many", "shop_reports", "comprehension", "text", lambda m: m.tokens_of("=SUM(A1))")),
    real("openpyxl", "a formula without its cell", "shop_reports", "function", "text", lambda m: m.moved("=A1", "", "B2")),
    real("XlsxWriter", "columns as names", "shop_reports", "function", "list of lists",
         lambda m: m.workbook_of([["mug", 4.9]], ["article", "price"]), "xlsxwriter"),
    real("tablib", "a sheet without a title", "shop_reports", "method", "text", lambda m: m.sheets_of('[{"data": []}]')),
    real("asciichartpy", "no colour for a series", "shop_reports", "function", "list of lists", lambda m: m.chart([[1, 4, 2]], [])),
    real("plotille", "no bins", "shop_reports", "function", "list of floats", lambda m: m.distribution([4.9, None, 12.5], 0)),
    real("inflection", "an empty name", "shop_texts", "function", "text", lambda m: m.field_name("  ")),
    real("Markdown", "half a range", "shop_texts", "comprehension", "text", lambda m: m.page_of("[TOC]\n# News", "2-")),
    real("Markdown", "a width as text", "shop_texts", "constructor", "text", lambda m: m.indented_page_of("- a\n- b", "4")),
    real("chevron", "a partial of itself", "shop_texts", "generator", "dict", lambda m: m.card("{{>a}}", {"b": 1}, {"a": "{{>a}}"})),
    real("chevron", "a callback without arguments", "shop_texts", "lambda", "callback",
         lambda m: m.card("{{#bold}}x{{/bold}}", {"bold": lambda: "x"})),
    real("beautifulsoup4", "a name for a tag", "shop_texts", "method", "text", lambda m: m.boxed("<p>Hello", "b"), "bs4"),
    real("beautifulsoup4", "tags without end", "shop_texts", "method", "cyclic objects", lambda m: m.cleaned("<div>" * 2000), "bs4"),
    real("html5lib", "a fragment without its container", "shop_texts", "method", "None", lambda m: m.fragment_of("<p>a", None)),
    real("Babel", "a day without numbers", "shop_texts", "function", "text", lambda m: m.day_of(" tomorrow ", "en"), "babel"),
    real("Babel", "a rule modulo 0", "shop_texts", "lambda", "dict", lambda m: m.plural_form({"one": "n mod 0 is 1"}, 5), "babel"),
    real("humanize", "not a number", "shop_texts", "function", "float", lambda m: m.weight_for_people(float("nan"))),
    real("python-stdnum", "no number at all", "shop_texts", "comprehension", "text", lambda m: m.parts_of_isbn(" "), "stdnum"),
    real("python-stdnum", "an indented first line", "shop_texts", "function", "list of texts", lambda m: m.prefixes_of([" 0-9 x"]), "stdnum"),
    real("icalendar", "an end without a beginning", "shop_calendar", "classmethod", "text", lambda m: m.components_of("END:VCALENDAR")),
    real("vobject", "nothing to read", "shop_calendar", "generator", "text", lambda m: m.contact_of("")),
    real("croniter", "a start as text", "shop_calendar", "comprehension", "text", lambda m: m.Plan("0 7 * * *").following("2024-02-29", 2)),
    real("schedule", "a job without a unit", "shop_calendar", "method", "plain object", lambda m: m.described(1)),
    real("ics", "an event without a beginning", "shop_calendar", "method", "objects with attrs",
         lambda m: m.in_order([("lunch", None), ("fair", "2024-02-29")])),
    real("Jinja2", "no slices", "mail", "generator", "dict",
         lambda m: m.Mail("{% for part in x|slice(0) %}{% endfor %}").body(x=[1]), "jinja2"),
    real("Jinja2", "groups of numbers and texts", "mail", "function", "list of dicts",
         lambda m: m.Mail("{{ x|groupby('a')|list }}").body(x=[{"a": 1}, {"a": "b"}]), "jinja2"),
    real("python-dateutil", "month 13", "mail", "method", "datetime",
         lambda m: m.offset_in("EST5EDT,M13.1.0,M1.1.0", datetime.datetime(2020, 5, 5)), "dateutil"),
    real("python-dateutil", "a rule without a name", "mail", "method", "text and datetime",
         lambda m: m.following("DAILY", datetime.datetime(2024, 2, 29), 2), "dateutil"),
    real("python-dateutil", "an end as a year", "mail", "constructor", "int", lambda m: m.digest("daily", 2025), "dateutil"),
    real("networkx", "nobody left", "shop_graphs", "decorated function", "plain object", lambda m: circle(m).closeness()),
    real("networkx", "no bytes", "shop_graphs", "function", "bytes", lambda m: m.circle_of_bytes(b"\n")),
    real("networkx", "edges without vertices", "shop_graphs", "function", "text", lambda m: m.circle_of_text("*edges\n1 2")),
    real("networkx", "a child without its id", "shop_graphs", "nested function", "nested dicts",
         lambda m: m.categories_of({"id": "shop", "children": [{"name": "garden"}]})),
    real("anytree", "a way to nowhere", "shop_graphs", "method", "cyclic objects", categories),
    real("intervaltree", "numbers and texts", "shop_graphs", "constructor", "list of tuples",
         lambda m: m.windows_at([(8, 12, "a"), ("13", "18", "b")], 9)),
    real("transitions", "a state that is not there", "shop_graphs", "method", "plain object", lambda m: m.Order("paid_nothing").pay()),
    real("geojson", "an area without corners", "shop_shapes", "nested function", "list", lambda m: m.Map([-10, -10, 10, 10]).add_random_area(0)),
    real("polyline", "half a number", "shop_shapes", "function", "text", lambda m: m.length_of_way("_p~iF~ps|U_")),
    real("svg.path", "a path without a way", "shop_shapes", "method", "objects of slots", lambda m: m.along("", 0.5), "svg"),
    real("svgelements", "scaled to nothing", "shop_shapes", "method", "text", lambda m: m.undone("scale(0)")),
    real("colour", "a number for a colour", "shop_shapes", "comprehension", "dict", lambda m: m.theme_of({"accent": "red", "text": 5})),
    real("pyshp", "a ring of one point", "shop_shapes", "staticmethod", "nested lists",
         lambda m: m.shape_of({"type": "Polygon", "coordinates": [[[0, 0]]]}), "shapefile"),
    real("dpkt", "an attribute without its length", "shop_messages", "function", "bytes", lambda m: m.attributes_of(b"\x01")),
    real("dpkt", "a lease that is cut", "shop_messages", "constructor", "bytes", lambda m: m.lease_of(b"\0" * 240 + b"5")),
    real("asn1crypto", "no bits", "shop_messages", "property", "bytes", lambda m: m.flags_of(b"\x03\x00")),
    real("hl7", "a header alone", "shop_messages", "function", "text", lambda m: m.patient_of("MSH")),
    real("hpack", "a number as a header", "shop_messages", "method", "list", lambda m: m.headers_as_bytes([5])),
    real("mido", "a short time signature", "shop_messages", "method", "list of ints", lambda m: m.meta_of(0x58, [4])),
    real("mido", "no resolution", "shop_messages", "comprehension", "ints", lambda m: m.seconds_of([10, 20], 0, 500_000)),
    real("m3u8", "a stream without bandwidth", "shop_messages", "constructor", "text",
         lambda m: m.variants_of("#EXTM3U\n#EXT-X-STREAM-INF:AUDIO=a\na.m3u8")),
    real("pypdf", "a matrix of two", "shop_messages", "property", "tuple", lambda m: m.placed((1, 2))),
    real("rank-bm25", "nothing to search", "shop_search", "constructor", "list", lambda m: m.Index([]), "rank_bm25"),
    real("PyPika", "a column without a type", "shop_search", "method", "list of tuples", lambda m: m.table_for("orders", [("id",)])),
    real("sqlglot", "nothing to compare with", "shop_search", "function", "objects", lambda m: m.changes("select 1", None)),
    real("simpleeval", "a text times a text", "shop_search", "method", "text", lambda m: m.discount("price * share", price="5", share="2")),
    real("uncertainties", "a share of nothing", "shop_search", "function", "objects of slots", lambda m: m.share((5, 0.1), (0, 0.1))),
    real("bitmath", "not a number", "shop_search", "method", "float", lambda m: m.size_for_people(float("nan"))),
    real("cachetools", "a weight as text", "shop_search", "method", "plain object", lambda m: m.Prices(10).remember("mug", weight="5 kg")),
    real("tenacity", "a number as a wait", "shop_search", "decorated function", "callback", lambda m: m.fetch("shop.example", 5)),
    real("webob", "a status of four digits", "shop_search", "constructor", "int", lambda m: m.answer(9999)),
    real("textdistance", "an empty word", "shop_search", "method", "text", lambda m: m.distance("", "a")),
]  # fmt: skip


def own(name: str, app: str, function: str, given: str, run: Callable[[Any], Any], **environment: str) -> Crash:
    return Crash(name, app, function, given, run, environment=tuple(environment.items()))


MADE = [
    own("a named tuple with a method", "warehouse", "method", "named tuple", lambda m: m.Place(m.Zone.HALL, "A", 2).above(3)),
    own("a dataclass of dataclasses", "warehouse", "method", "dataclasses and Decimal",
        lambda m: full_truck(m).load(m.Pallet(2, m.Place(m.Zone.HALL, "B"), Decimal("300.26")))),
    own("flags", "warehouse", "comprehension", "enum flags", lambda m: m.handled(pallets(m))),
    own("slots of attrs", "warehouse", "method", "attrs", lambda m: m.Scale("s-1", [1.5, 2.5], 0.1).mean(0)),
    own("a frozen class of attrs", "warehouse", "method", "attrs", lambda m: m.Tolerance(2.0, 2.0).position(2.5)),
    own("a model of pydantic", "warehouse", "method", "pydantic",
        lambda m: m.Delivery(supplier="Ada", items=[{"article": "mug", "count": 0, "price": "4.90"}]).value_per_piece()),
    own("a model without a day", "warehouse", "method", "pydantic and date",
        lambda m: m.Delivery(supplier="Ada", items=[]).days_late(datetime.date(2024, 2, 29))),
    own("slots of two classes", "warehouse", "method", "slots", lambda m: m.Bin("b7", {"mug": 3}).take("mug", 5)),
    own("a circle of objects", "warehouse", "function", "cycle", lambda m: m.chain_of_command(employees(m))),
    own("one object twice", "warehouse", "function", "aliasing, changed", transfer),
    own("bytes without their end", "warehouse", "function", "bytes", lambda m: m.read_label(b"\x01\x00\x05caf\xc3\xa9")),
    own("a bytearray", "warehouse", "function", "bytearray", lambda m: m.read_label(bytearray(b"\x01"))),
    own("a time in a zone", "warehouse", "function", "datetime and zone", lambda m: m.arrival(utc(2024, 3, 30, 20), 7, "Europe/Berlin")),
    own("shifts that overlap", "warehouse", "function", "datetimes",
        lambda m: m.overlap([(utc(2024, 2, 29, 8), utc(2024, 2, 29, 17)), (utc(2024, 2, 29, 16), utc(2024, 2, 29, 22))])),
    own("a sum of too many digits", "warehouse", "comprehension", "Decimal", lambda m: m.tax([Decimal("4.90"), Decimal("99999999")], Decimal("0.19"))),
    own("fractions", "warehouse", "comprehension", "Fraction", lambda m: m.ratio([1, 2], 6)),
    own("addresses and networks", "warehouse", "comprehension", "ipaddress",
        lambda m: m.route([ipaddress.ip_address("10.1.0.5")], [ipaddress.ip_network("10.2.0.0/16")])),
    own("a path outside", "warehouse", "function", "path", lambda m: m.file_of(Path("/srv/data"), f"{uuid.UUID(int=7)}.pdf")),
    own("layers of settings", "warehouse", "function", "containers", lambda m: m.setting([{"color": "red"}, {"suffix": 5}], "color")),
    own("a count that is not there", "warehouse", "function", "dicts", lambda m: m.restock({"mug": 3}, {"mug": 5, "spade": 1})),
    own("arrays of two lengths", "warehouse", "function", "numpy", lambda m: m.drift(m.numpy.arange(6.0), 3)),
    own("an empty choice", "warehouse", "function", "numpy", lambda m: m.heaviest(m.numpy.array([3, 4], dtype="int16"), m.numpy.array([False, False]))),
    own("a column that is not there", "warehouse", "function", "list of dicts for pandas",
        lambda m: m.turnover([{"shop": "a", "sum": 3}, {"shop": "b", "sum": 4}], "shop")),
    own("a table", "warehouse", "function", "pandas",
        lambda m: m.in_stock(m.pandas.DataFrame({"article": ["mug", "spade"], "count": [3, 4], "pack": [1, 0]}), "spade")),
    own("exceptions as values", "warehouse", "function", "exceptions",
        lambda m: m.first_error([KeyError("mug", 3), OSError(28, 7), ValueError("x", 5)])),
    own("numbers of several types", "warehouse", "function", "scalars", lambda m: m.mixed_up([1, 2.5, 3j, True, Decimal("1")])),
    own("a decorator with arguments", "office", "decorated function", "nested dicts",
        lambda m: m.signed({"signatures": {"ada": {"day": 5}}}, by="ada")),
    own("a decorator that is an object", "office", "callable object", "dicts", lambda m: m.posted({"weight": 5}, {"value": 0})),
    own("a descriptor", "office", "descriptor", "plain object", lambda m: m.Invoice("r-2024-1", -5.0)),
    own("a property of a subclass", "office", "property", "plain object", lambda m: m.ForeignInvoice("r-2024-1", 5.0, country="CH").converted),
    own("a cached property", "office", "cached property", "plain object", lambda m: m.Invoice("r-2024", 5.0).parts),
    own("a constructor of a subclass", "office", "constructor", "text", lambda m: m.ForeignInvoice("r-2024-1", 5.0, country="SE")),
    own("a classmethod", "office", "classmethod", "text", lambda m: m.Invoice.parse("r-2024-1;5;0")),
    own("a staticmethod", "office", "staticmethod", "int", lambda m: m.Invoice.rounded(5, 1)),
    own("an operator", "office", "special method", "plain objects", lambda m: m.Invoice("r-1", 5.0) + m.Invoice("r-2", 1.5)["amount"]),
    own("an item", "office", "special method", "plain object", lambda m: m.Invoice("r-1", 5.0)["number"]),
    own("a generator of dates", "office", "generator", "plain object", lambda m: list(m.Invoice("r-1", 5.0).reminders([1, 3, 2]))),
    own("an iterator in a context", "office", "iterator", "list of dicts",
        lambda m: m.held([{"title": "a", "minutes": 5, "speakers": 1}, {"title": "b", "minutes": 5, "speakers": 0}])),
    own("a function inside a function", "office", "nested function", "closure", lambda m: m.priced({"base": 2, "steps": {10: 0.1, 100: 0.05}})(5)),
    own("a lambda", "office", "lambda", "list of dicts", lambda m: m.by_priority([{"priority": 1, "due": None}, {"priority": None, "due": 3}])),
    own("a comprehension", "office", "comprehension", "list of dicts",
        lambda m: m.initials([{"name": "Ada Lovelace", "active": True}, {"name": "Cher", "active": True}])),
    own("a comprehension of a dictionary", "office", "comprehension", "nested lists", lambda m: m.totals({"may": [{"amount": 3}], "june": []})),
    own("a callback of the library", "office", "callback", "text and dict", lambda m: m.numbered("{a} of {b}", {"a": "1"})),
    own("a generator", "office", "generator", "list", lambda m: list(m.running_mean([1, 2, None], 2))),
    own("a context manager that tidies up", "office", "context manager", "dicts", lambda m: m.seated({"red": {"free": True, "seats": 12}}, "red", 0)),
    own("tasks", "office", "async function", "dict", lambda m: asyncio.run(m.all_fetched({1: {"text": "a"}, 2: {"text": None}}, [1, 2]))),
    own("an async generator", "office", "async generator", "list", lambda m: asyncio.run(m.printed(["a", "b", 5], 2))),
    own("a dispatched function", "office", "decorated function", "list", lambda m: m.shown([["a"], [3.5]], 80)),
    own("a cached recursion", "office", "decorated function", "text", lambda m: m.depth("orders//2024")),
    own("a thread", "office", "callback", "list of dicts", lambda m: m.worked([{"done": 5, "total": 10}], 2)),
    own("a list that is emptied", "office", "function", "changed arguments",
        lambda m: m.counted_down({"mug": 5}, [{"article": "mug", "count": 2}])),
    own("names that are assigned again", "office", "function", "changed arguments", lambda m: m.shortened(" Ada Lovelace ", 30)),
    own("a variable of the environment", "office", "function", "environment", lambda m: m.region_rate(), OFFICE_REGION="west"),
    own("a number by chance", "office", "function", "random", lambda m: m.drawn_winner(["ada", "grace"])),
    own("an order by chance", "office", "function", "random", lambda m: m.shuffled(["ada", "grace"])),
    own("the time", "office", "function", "time", lambda m: m.overdue(1_700_000_000.0)),
    own("no days", "office", "function", "date", lambda m: m.age_of(datetime.date(1990, 2, 28))),
    own("a cursor", "office", "function", "cursor",
        lambda m: m.order_of(m.database("create table orders (number int, total int)").cursor(), 17)),
    own("a connection of a database", "office", "function", "connection",
        lambda m: m.balance_of(m.database("create table accounts (owner text, amount int)"), "ada")),
    own("a socket", "office", "function", "socket", lambda m: m.sent(m.connected(), 5)),
    own("lines of a file", "office", "comprehension", "list of texts", lambda m: m.rows_of(["name,city", "Ada"], ["name", "city"])),
    own("an open file", "office", "function", "text file", lambda m: m.header_of(io.StringIO("Prices\nversion=two\n"))),
    own("a password", "office", "function", "redacted text", lambda m: m.logged_in("ada", "hunter2", {})),
    own("a text of 4,000 characters", "office", "function", "long text", lambda m: m.summary("word " * 800, 800)),
    own("a list of 500 rows", "office", "generator", "long list",
        lambda m: m.column_sum([{"n": number} for number in range(499)] + [{"m": 1}], "n")),
    own("the body of a module", "import_of_prices", "module body", "globals", lambda m: m.price_of("price_list", "spade")),
]  # fmt: skip


def _shared() -> list[Crash]:
    """Crashes that the end-to-end tests have as well."""
    import sys

    sys.path.insert(0, str(SHARED_APPS))
    try:
        import kinds
    finally:
        sys.path.remove(str(SHARED_APPS))
    words = ("a constructor", "a property", "a staticmethod", "a classmethod", "a generator", "a coroutine", "a decorated function")
    return [
        Crash(f"kinds: {name}", "kinds", name[2:] if name in words else "function", name, partial(_run_kind, name), root=SHARED_APPS)
        for name in kinds.KINDS
    ]


def _run_kind(name: str, module: Any) -> Any:
    return module.KINDS[name]()


CRASHES = {crash.name: crash for crash in [*REAL, *MADE, *_shared()]}
