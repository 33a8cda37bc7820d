"""The folder that modules are imported from, told from projects as they are laid out, under a real client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clients import CLIENTS
from payloads import captured_span, post_snapshots, post_traces, snapshot, traces_body
from server import ROOT, Server, binary

DDTRACE = next(client for client in CLIENTS if not client.is_ours)
OWN_PYTHON = ROOT / ".build/venv/sdk/bin/python"
SAME = 0

# What each program does: the function is called with a value that is not in the project.
CALL = """
import os
from ddtrace.trace import tracer
with tracer.trace("work", service=os.environ["DD_SERVICE"], resource="run"):
    {call}
"""
TOTAL = "def total(rows):\n    return sum(row['price'] for row in rows) / len(rows)\n"
# Layout: its files, the folder that the program is started in, and how; where the command is run, and what it says of the
# folder that it took.
LAYOUTS: dict[str, tuple[dict[str, str], str, list[str], list[tuple[str, str]]]] = {
    "flat": (
        {"cart.py": "import rates\n" + TOTAL, "rates.py": "", "run.py": "import cart\n" + CALL.format(call="cart.total([])")},
        ".",
        ["run.py"],
        [(".", "imports from . (the application's files import `cart` from it)")],
    ),
    "in a folder of the repository": (
        {
            "demo/shop/__init__.py": "",
            "demo/shop/cart.py": "from shop.rates import EUR\n" + TOTAL,
            "demo/shop/rates.py": "EUR = 1\n",
            "demo/shop/__main__.py": "from shop import cart\n" + CALL.format(call="cart.total([])"),
            "README.md": "",
        },
        "demo",
        ["-m", "shop"],
        [
            (".", "imports from demo (the application's files import `shop` from it); for the file alone: PYTHONPATH=demo"),
            ("demo", "imports from . (the application's files import `shop` from it)"),
            ("demo/shop", "(the application's files import `shop` from it)"),
        ],
    ),
    "src": (
        {
            "pyproject.toml": "[project]\nname = 'shop'\n",
            "src/shop/__init__.py": "",
            "src/shop/cart.py": "from .rates import EUR\n" + TOTAL,
            "src/shop/rates.py": "EUR = 1\n",
            "run.py": "import sys\nsys.path.insert(0, 'src')\nimport shop.cart\n" + CALL.format(call="shop.cart.total([])"),
        },
        ".",
        ["run.py"],
        [(".", "imports from src (the application's files import `shop.cart` from it)"), ("src/shop", "imports from ")],
    ),
    "several services and a library": (
        {
            "services/shop/shop/__init__.py": "",
            "services/shop/shop/main.py": "from core.money import total\n" + CALL.format(call="total([])"),
            "services/stock/shop/__init__.py": "",
            "services/stock/shop/main.py": "",
            "libs/core/src/core/__init__.py": "",
            "libs/core/src/core/money.py": "from core import rates\nfrom settings import PLACES\n" + TOTAL,
            "libs/core/src/core/rates.py": "",
            # Which no file of the stack is near.
            "config/settings/__init__.py": "PLACES = 2\n",
        },
        "services/shop",
        ["-m", "shop.main"],
        [(".", "imports from config (the code imports `settings` from it), libs/core/src (the application's files import `core`")],
    ),
    "packages without a file of their own": (
        {
            "code/acme/billing/tax.py": "from acme.geo import country\n" + TOTAL,
            "code/acme/geo/country.py": "",
            "code/run.py": "import acme.billing.tax as tax\n" + CALL.format(call="tax.total([])"),
        },
        "code",
        ["run.py"],
        [(".", "imports from code (the application's files import `acme.billing.tax` from it)")],
    ),
    "manage.py in a folder": (
        {
            "pyproject.toml": "",
            "backend/manage.py": "import sys\nfrom site_of_shop import urls\n" + CALL.format(call="urls.ROUTES[sys.argv[1]]([])"),
            "backend/site_of_shop/__init__.py": "",
            "backend/site_of_shop/urls.py": "from orders.views import total\nROUTES = {'total': total}\n",
            "backend/orders/views.py": TOTAL,
        },
        "backend",
        ["manage.py", "total"],
        [(".", "imports from backend (the application's files import `site_of_shop` from it)")],
    ),
}


def laid_out(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


def event_of(
    server: Server, directory: Path, command: list[str], service: str, environment: dict[str, str], error: str = "ZeroDivisionError"
) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "PYTHON", "REENACT_"))}
    done = subprocess.run(
        command, cwd=directory, env={**kept, **environment}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert error in done.stderr, done.stderr
    return server.wait_for_events(f"service:{service}", 1, 60)[0]


def under_ddtrace(server: Server, directory: Path, program: list[str], service: str, path: str = "") -> dict[str, Any]:
    binaries = DDTRACE.directory / "bin"
    environment = {
        "DD_SERVICE": service,
        "DD_TRACE_AGENT_URL": server.agent,
        "DD_EXCEPTION_REPLAY_ENABLED": "true",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": path,
    }
    command = [str(binaries / "ddtrace-run"), str(binaries / "python"), *program]
    return event_of(server, directory, command, service, environment)


def reproduce(server: Server, event: str, working: Path, python: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [str(binary()), "reproduce", event, "--python", str(python), *more, "--server", server.ui]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=working)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_folder_to_import_from_is_told_from_the_project(server: Server, tmp_path: Path, layout: str) -> None:
    files, started_in, program, runs = LAYOUTS[layout]
    laid_out(tmp_path, files)
    python = DDTRACE.directory / "bin/python"
    path = os.pathsep.join(str(tmp_path / folder) for folder in ("libs/core/src", "config"))
    event = under_ddtrace(server, tmp_path / started_in, program, f"layout-{list(LAYOUTS).index(layout)}", path)
    for working, wanted in runs:
        for mode in ("--run",), ("--run", "--statement"):
            done = reproduce(server, event["id"], tmp_path / working, python, *mode)
            assert done.returncode == SAME and wanted in done.stdout, f"{working} {mode}:\n{done.stdout}{done.stderr}"
    # The file that is written runs with the folders that are said, and pytest alone.
    working, _ = runs[0]
    test = tmp_path / "test_crash.py"
    done = reproduce(server, event["id"], tmp_path / working, python, "--output", str(test), "--run", "--json")
    assert done.returncode == SAME, done.stderr
    folders = [str(tmp_path / working / root["folder"]) for root in json.loads(done.stdout)["imports_from"]["folders"]]
    alone = subprocess.run(
        [str(python), str(test)], cwd=tmp_path / "..", env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "ZeroDivisionError" in alone.stdout, alone.stderr


def test_a_folder_that_is_given_is_taken_and_a_better_one_named(server: Server, tmp_path: Path) -> None:
    files, started_in, program, _ = LAYOUTS["in a folder of the repository"]
    laid_out(tmp_path, files)
    event = under_ddtrace(server, tmp_path / started_in, program, "layout-given")
    python = DDTRACE.directory / "bin/python"
    given = reproduce(server, event["id"], tmp_path, python, "--run", "--root", ".")
    assert given.returncode == 1 and "`shop` was not found; it is below `demo`: --root demo" in given.stdout, given.stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    away = reproduce(server, event["id"], elsewhere, python, "--run")
    assert "none of the application's files of this event is below" in away.stdout, away.stdout
    # As in a container, the folders around are other ones there; the debugger finds the file as well.
    here = tmp_path / "clone/services"
    (tmp_path / "clone").mkdir()
    (tmp_path / "demo").rename(here)
    moved = reproduce(server, event["id"], tmp_path / "clone", python, "--run")
    assert moved.returncode == SAME and "imports from services" in moved.stdout, moved.stdout + moved.stderr
    prompt = [str(binary()), "debug", event["id"], "--pdb", "--root", str(tmp_path / "clone"), "--server", server.ui]
    shown = subprocess.run(prompt, input="l\nq\n", capture_output=True, text=True, check=False, timeout=60)
    assert "def total(rows):" in shown.stdout, shown.stdout


def under_our_client(server: Server, directory: Path, service: str, error: str = "ZeroDivisionError") -> dict[str, Any]:
    command = [str(OWN_PYTHON.parent / "reenact-run"), str(OWN_PYTHON), "run.py"]
    environment = {"REENACT_URL": server.agent, "REENACT_SERVICE": service, "PYTHONDONTWRITEBYTECODE": "1"}
    return event_of(server, directory, command, service, environment, error)


def test_modules_are_named_as_the_client_says(server: Server, tmp_path: Path) -> None:
    """Our client knows the module: of a folder that is no package the inner one could be imported from as well."""
    files = {
        "tools/shop/cart.py": TOTAL,
        "tools/shop/rates.py": "",
        "run.py": "import tools.shop.cart\ntools.shop.cart.total([])\n",
    }
    laid_out(tmp_path, files)
    event = under_our_client(server, tmp_path, "layout-own")
    done = reproduce(server, event["id"], tmp_path, OWN_PYTHON, "--run")
    assert done.returncode == SAME and "of tools.shop.cart" in done.stdout, done.stdout + done.stderr
    inside = reproduce(server, event["id"], tmp_path / "tools", OWN_PYTHON, "--run")
    assert inside.returncode == SAME and "of shop.cart" in inside.stdout, inside.stdout + inside.stderr


def test_classes_that_are_made_while_the_program_runs_are_found(server: Server, tmp_path: Path) -> None:
    files = {
        "lines.py": "def kind(name):\n    return type(name, (), {'__module__': __name__})\n\n\n"
        "KINDS = [kind('BookLine'), kind('ShirtLine')]\n",
        "cart.py": "import lines\n\n\ndef share(line):\n    return line.price / line.count\n",
        "run.py": "import cart, lines\nline = lines.KINDS[1]()\nline.price, line.count = 3, 0\ncart.share(line)\n",
    }
    laid_out(tmp_path, files)
    event = under_our_client(server, tmp_path, "layout-made")
    done = reproduce(server, event["id"], tmp_path, OWN_PYTHON, "--run", "--json")
    assert done.returncode == SAME, done.stdout + done.stderr
    made = json.loads(done.stdout)
    assert made["mode"] == "call" and 'class_named("ShirtLine", "lines")' in made["text"], made["text"]


def test_django_is_set_up_with_the_settings_of_manage_py(server: Server, tmp_path: Path) -> None:
    """What stands for Django here has what is used of it."""
    files = {
        "backend/manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of_shop.settings")\n'
        "import django\ndjango.setup()\nfrom orders.views import total\n" + CALL.format(call="total([])"),
        "backend/django.py": "import os\nREADY = []\ndef setup():\n    READY.append(os.environ['DJANGO_SETTINGS_MODULE'])\n",
        "backend/site_of_shop/settings.py": "",
        "backend/orders/views.py": "import django\nassert django.READY == ['site_of_shop.settings']\n" + TOTAL,
    }
    laid_out(tmp_path, files)
    event = under_ddtrace(server, tmp_path / "backend", ["manage.py"], "layout-django")
    done = reproduce(server, event["id"], tmp_path, DDTRACE.directory / "bin/python", "--run")
    assert done.returncode == SAME and "Django is set up with site_of_shop.settings;" in done.stdout, done.stdout + done.stderr


def test_members_of_a_group_have_their_values_and_share_them(server: Server, tmp_path: Path) -> None:
    """Of our client: what a member's frames hold is the same object as in the group's arguments, and is kept with it."""
    files = {
        "jobs.py": "def each(account):\n    return 1 / account['limit']\n\n\n"
        "def batch(accounts):\n    errors = []\n    for account in accounts:\n        try:\n            each(account)\n"
        "        except ZeroDivisionError as error:\n            errors.append(error)\n"
        "    raise ExceptionGroup('some failed', errors)\n",
        "run.py": "import jobs\njobs.batch([{'limit': 0, 'id': 'a'}, {'limit': 0, 'id': 'b'}])\n",
    }
    laid_out(tmp_path, files)
    event = under_our_client(server, tmp_path, "layout-group", "ExceptionGroup")
    members = event["exceptions"][-1]["members"]
    assert [[exception["type"] for exception in chain] for chain in members] == [["ZeroDivisionError"]] * 2
    assert [frame["function"] for frame in members[0][0]["frames"]] == ["batch", "each"]
    assert members[0][0]["frames"][-1]["values"]["state"] == "captured"
    done = reproduce(server, event["id"], tmp_path, OWN_PYTHON, "--run", "--json")
    assert done.returncode == SAME, done.stdout + done.stderr
    made = json.loads(done.stdout)
    assert (made["mode"], made["frame"]["function"]) == ("call", "batch"), made
    assert [(entry["name"], entry["state"]) for entry in made["fidelity"]] == [("accounts", "exact")]


def test_of_classes_of_one_name_the_nearest_is_taken(server: Server, tmp_path: Path) -> None:
    """Datadog's client names no modules."""
    files = {
        "base.py": "class State:\n    count = 0\n\n\nclass Model:\n    def __init__(self):\n        self.state = State()\n",
        "shapes.py": "class Box:\n    sides = 6\n",
        "other.py": "class State:\n    count = 1\n\n\nclass Box:\n    sides = 1\n",
        "models.py": "import shapes\nfrom base import Model\n\n\nclass Order(Model):\n    pass\n\n\n"
        "def each(order):\n    return order.box.sides / order.state.count\n",
        "run.py": "import models, other, shapes\norder = models.Order()\norder.box = shapes.Box()\n"
        + CALL.format(call="models.each(order)"),
    }
    laid_out(tmp_path, files)
    event = under_ddtrace(server, tmp_path, ["run.py"], "layout-nearest")
    test = tmp_path / "test_nearest.py"
    done = reproduce(server, event["id"], tmp_path, DDTRACE.directory / "bin/python", "--output", str(test))
    assert done.returncode == SAME, done.stderr
    assert 'class_named("State"' in test.read_text() and 'class_named("Box"' in test.read_text(), test.read_text()
    # Both others are loaded when the classes are looked for.
    test.write_text(test.read_text().replace("import asyncio\n", "import asyncio\nimport other\n"))
    alone = subprocess.run(
        [str(DDTRACE.directory / "bin/python"), str(test)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert alone.stdout.startswith("ZeroDivisionError\n"), alone.stdout + alone.stderr


def test_attributes_that_a_mapper_makes_are_there(server: Server, tmp_path: Path) -> None:
    """As SQLAlchemy does it: what reads a column is made when the mapper is first looked at, or an object constructed."""
    files = {
        "models.py": "class Column:\n    read = None\n    def __get__(self, author, cls):\n        return self.read(author)\n"
        "    def __set__(self, author, value):\n        author.__dict__['born'] = value\n\n\n"
        "class Mapper:\n    @property\n    def attrs(self):\n"
        "        Author.__dict__['born'].read = lambda author: author.__dict__['born']\n\n\n"
        "class Author:\n    __mapper__ = Mapper()\n    born = Column()\n    def __init__(self, born):\n"
        "        self.__mapper__.attrs\n        self.born = born\n\n\ndef share(author):\n    return 1 / author.born\n",
        "run.py": "import models\nmodels.share(models.Author(0))\n",
    }
    laid_out(tmp_path, files)
    event = under_our_client(server, tmp_path, "layout-mapper")
    done = reproduce(server, event["id"], tmp_path, OWN_PYTHON, "--run", "--json")
    assert done.returncode == SAME and json.loads(done.stdout)["mode"] == "call", done.stdout + done.stderr


def test_arrays_of_numpy_are_made_of_what_is_printed(server: Server, tmp_path: Path) -> None:
    """Datadog's client gives arrays as lists of printed values."""
    numbers = [{"type": "float64", "value": f"np.float64({number})"} for number in ("1.5", "nan")]
    rates = {"type": "ndarray", "size": 2, "elements": numbers}
    limit = {"type": "int64", "value": "np.int64(3)"}
    assert post_snapshots(server.agent, json.dumps([snapshot("numpy", "numpy", rates=rates, limit=limit)])).ok
    assert post_traces(server.agent, traces_body(captured_span("numpy", "no", "numpy"))).ok
    [event] = server.wait_for_events("service:numpy", 1)
    done = reproduce(server, event["id"], tmp_path, Path(sys.executable))
    assert 'rates = array([1.5, float("nan")], dtype="float64")' in done.stdout, done.stdout + done.stderr
    assert "limit = int64(3)" in done.stdout and "from numpy import array, int64" in done.stdout, done.stdout
