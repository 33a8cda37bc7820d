"""`reenact-run`, and switching on without it."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import _reenact_start
from conftest import REENACT_RUN, Programs

SHOW = "import sys; r = sys.modules.get('reenact'); print(bool(r) and r.status()['enabled'])"


def test_it_becomes_the_command_and_hands_arguments_and_exit_code_on(programs: Programs) -> None:
    done = programs.run("import sys; print(sys.argv[1:]); sys.exit(5)", "--service", "x y", "-m")
    assert (done.stdout, done.returncode) == ("['--service', 'x y', '-m']\n", 5)


def test_a_module(programs: Programs) -> None:
    programs.write("import sys; print(__name__, sys.argv[1:], sys.modules['reenact'].status()['enabled'])", "worker.py")
    done = programs.run_command([*REENACT_RUN, "-m", "worker", "--queue", "fast"])
    assert done.stdout == "__main__ ['--queue', 'fast'] True\n", done.stderr


def test_children_capture_too(programs: Programs) -> None:
    done = programs.run("import subprocess, sys; subprocess.run([sys.executable, '-c', 'raise OSError(1)'])")
    assert done.the_event()["type"] == "OSError"


def test_options_are_settings(programs: Programs) -> None:
    program = programs.write("import reenact; s = reenact.status()['settings']; print(s['service'], s['env'], s['hooks'])")
    done = programs.run_command([*REENACT_RUN, "--service", "shop", "--env=prod", "--hooks=-logging", "python", str(program)])
    assert done.stdout == (
        "{'value': 'shop', 'origin': 'REENACT_SERVICE'} {'value': 'prod', 'origin': 'REENACT_ENV'} "
        "{'value': ['-logging'], 'origin': 'REENACT_HOOKS'}\n"
    ), done.stderr


def test_another_sitecustomize_runs_too_and_keeps_its_name(programs: Programs) -> None:
    folder = programs.directory / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys; sys.path.append('/added'); color = 'red'\n")
    done = programs.run(
        "import sys, sitecustomize; print(sitecustomize.color, sys.path[-1] == '/added', sys.modules['reenact'].status()['enabled'])",
        PYTHONPATH=os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    )
    assert done.stdout == "red True True\n", done.stderr


def test_a_sitecustomize_that_fails_fails_as_it_would_alone(programs: Programs) -> None:
    folder = programs.directory / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("raise RuntimeError('theirs')\n")
    done = programs.run("print('runs')", PYTHONPATH=os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    assert "theirs" in done.stderr and done.stdout == "runs\n"


def test_an_interpreter_without_the_package_runs_as_ever(programs: Programs) -> None:
    bootstrap = os.path.join(os.path.dirname(__import__("reenact").__file__), "bootstrap")
    done = programs.run_command([sys.executable, "-S", "-c", "import sitecustomize; print('runs')"], PYTHONPATH=bootstrap)
    assert (done.stdout, done.stderr) == ("runs\n", "")


def test_nothing_is_switched_on_by_the_package_alone(programs: Programs) -> None:
    done = programs.run_plain("import reenact; print(reenact.status()['enabled'], reenact.capture_exception(ValueError()))")
    assert done.stdout == "False None\n"


def test_the_variable_and_an_import_switch_on(programs: Programs) -> None:
    for variable in ("REENACT_ENABLED", "DD_EXCEPTION_REPLAY_ENABLED", "DD_EXCEPTION_DEBUGGING_ENABLED"):
        programs.observed.unlink(missing_ok=True)
        done = programs.run_plain("import reenact; raise ValueError(1)", **{variable: "true"})
        assert done.the_event()["context"]["mechanism"] == "excepthook"


def test_init_switches_on_and_off_and_wins_over_the_environment(programs: Programs) -> None:
    done = programs.run_plain(
        """
        import reenact
        reenact.init(service="mine")
        print(reenact.status()["settings"]["service"])
        assert reenact.capture_exception(ValueError(1))
        reenact.init(service="late")
        reenact.init(enabled=False)
        assert reenact.capture_exception(ValueError(2)) is None
        raise ValueError(3)
        """,
        REENACT_SERVICE="theirs",
        REENACT_ENABLED="1",
    )
    assert done.stdout == "{'value': 'mine', 'origin': 'argument'}\n"
    assert len(done.seen) == 1
    assert "too late to change settings" in done.stderr


def test_what_was_switched_off_goes_on_with_its_settings(programs: Programs) -> None:
    done = programs.run_plain(
        """
        import reenact
        reenact.init(service="mine", at_raise=True)
        watching = reenact.status()["watching"]
        assert reenact.capture_exception(ValueError(1))
        reenact.init(enabled=False)
        assert reenact.capture_exception(ValueError(2)) is None
        reenact.init(enabled=True)
        assert reenact.capture_exception(ValueError(3))
        status = reenact.status()
        print(status["enabled"], status["settings"]["service"]["value"], status["watching"] == watching)
        """
    )
    assert done.stdout == "True mine True\n"
    assert len(done.seen) == 2 and "too late" not in done.stderr


def test_nothing_is_watched_any_more_once_captures_are_off(programs: Programs) -> None:
    done = programs.run_plain(
        """
        import reenact
        reenact.init(at_raise=True)
        print(reenact.status()["watching"])
        reenact.init(enabled=False)
        print(reenact.status()["watching"])
        """
    )
    watching = "on" if sys.version_info >= (3, 12) else "needs Python 3.12 or later"
    assert done.stdout == f"{watching}\noff\n"


def test_variables_that_are_wrong_are_told_and_left_out(programs: Programs) -> None:
    done = programs.run(
        "import reenact; print(reenact.status()['settings']['frames_max'])", REENACT_FRAMES_MAX="many", REENACT_HOOKS="-flaks"
    )
    assert done.stdout == "{'value': 8, 'origin': 'default'}\n"
    assert "reenact: REENACT_FRAMES_MAX is `many`, but must be a whole number from 0 to 100; it is left out\n" in done.stderr
    assert "reenact: there is no hook `flaks`; known are ddtrace," in done.stderr


def test_a_program_has_its_name_and_its_folders_however_early_captures_begin(programs: Programs) -> None:
    package = programs.directory / "pkg"
    installed = programs.directory / "shop_tools-1.2.dist-info"
    package.mkdir()
    installed.mkdir()
    (package / "__init__.py").write_text("class Order: pass")
    (installed / "METADATA").write_text("Name: shop-tools\nVersion: 1.2\n")
    (installed / "RECORD").write_text("pkg/__init__.py,,\n")
    (package / "job.py").write_text(
        textwrap.dedent(
            """
            import json, reenact
            from reenact import _native
            from pkg import Order
            early = reenact.status()["settings"]["service"]["value"]
            def charge(order):
                raise ValueError
            try:
                charge(Order())
            except ValueError as error:
                reenact.capture_exception(error)
                [event] = json.loads(_native._captured_json(error))["occurrences"]
            print(early, event["service"], event["runtime"]["packages"], reenact.status()["settings"]["service"]["value"])
            """
        )
    )

    def check(*command: str, early: str, service: str = "job", **environment: str) -> None:
        done = programs.run_command([sys.executable, *command], REENACT_ENABLED="true", **environment)
        assert done.stdout == f"{early} {service} {{'shop-tools': '1.2'}} {service}\n", done.stderr

    for command in (["-m", "pkg.job"], ["-Bmpkg.job", "-m", "x"]):
        check(*command, early="None")
        for variable, value in (("AT_RAISE", "true"), ("SECOND_CHANCE", "true"), ("HANDLED_MODULES", "*")):
            check(*command, early="job", **{f"REENACT_{variable}": value})
    check("-m", "pkg.job", early="mine", service="mine", REENACT_SERVICE="mine", REENACT_AT_RAISE="true")


def test_mistakes_are_explained(programs: Programs) -> None:
    def check(code: int, message: str, *command: str) -> None:
        done = programs.run_command([*REENACT_RUN, *command])
        assert (done.returncode, done.stderr.splitlines()[-1]) == (code, message)

    (programs.directory / "app.py").write_text("")
    check(2, "reenact-run: a command is missing, such as `reenact-run python app.py`")
    check(127, "reenact-run: there is no command `pyhton`; is its environment active?", "pyhton", "app.py")
    check(126, "reenact-run: `app.py` is not executable; did you mean `reenact-run python app.py`?", "app.py")


def test_help_and_settings_are_printed(programs: Programs) -> None:
    done = programs.run_command([*REENACT_RUN, "--help"])
    assert done.returncode == 0 and "reenact-run gunicorn shop.wsgi" in done.stdout
    done = programs.run_command([*REENACT_RUN, "--settings"], DD_ENV="prod", REENACT_API_KEY="k1")
    assert "env = prod  (DD_ENV)\n" in done.stdout and "api_key = ***  (REENACT_API_KEY)\n" in done.stdout
    done = programs.run_command([*REENACT_RUN, "--settings"], REENACT_URL="https://ada:hunter2@a")
    assert "url = https://***@a  (REENACT_URL)\n" in done.stdout


def test_a_variable_alone_switches_on_and_costs_no_import_without_it(programs: Programs) -> None:
    def check(want: str, option: str = "-I", **environment: str) -> None:
        # Without PYTHONPATH, where the observer of these tests imports the package.
        done = programs.run_command([sys.executable, option, "-c", SHOW], **environment)
        assert (done.stdout, done.stderr) == (f"{want}\n", "")

    check("True", "-B", REENACT_ENABLED="true")
    check("True", REENACT_ENABLED="1")
    check("False", "-IS", REENACT_ENABLED="true")
    check("False", REENACT_ENABLED="false", DD_EXCEPTION_REPLAY_ENABLED="true")
    done = programs.run_command([sys.executable, "-I", "-c", "import sys; print([m for m in sys.modules if 'reenact' in m])"])
    assert done.stdout == "[]\n"
    # ddtrace is installed here, whose variable this is; else it switches on.
    check("False", DD_EXCEPTION_REPLAY_ENABLED="true")
    check("False", DD_EXCEPTION_DEBUGGING_ENABLED="true")


def test_a_variable_of_ddtrace_switches_on_where_there_is_no_ddtrace(programs: Programs) -> None:
    start = Path(_reenact_start.__file__).read_text()
    hidden = "import importlib.machinery as m; m.PathFinder.find_spec = staticmethod(lambda name: None)\n"
    done = programs.run_plain(f"{hidden}exec({start!r})\n{SHOW}", DD_EXCEPTION_REPLAY_ENABLED="true")
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_variable_reaches_children_and_a_program_under_reenact_run_starts_once(programs: Programs) -> None:
    done = programs.run_plain("import subprocess, sys; subprocess.run([sys.executable, '-c', 'raise OSError(1)'])", REENACT_ENABLED="true")
    assert done.the_event()["type"] == "OSError"
    programs.observed.unlink()
    done = programs.run("raise KeyError(1)", REENACT_ENABLED="true")
    assert done.the_event()["type"] == "KeyError"


def test_a_broken_installation_is_told_and_the_program_runs(programs: Programs) -> None:
    broken = programs.directory / "broken"
    (broken / "reenact").mkdir(parents=True)
    (broken / "reenact/__init__.py").write_text("raise RuntimeError('cut off')\n")
    done = programs.run_plain("print('runs')", REENACT_ENABLED="true", PYTHONPATH=str(broken))
    assert (done.stdout, done.stderr) == ("runs\n", "reenact: captures are off: cut off\n")


def test_pytest_runs_under_it_and_each_failing_test_is_an_event(programs: Programs) -> None:
    (programs.directory / "test_it.py").write_text(
        textwrap.dedent(
            """
            import sys
            import pytest

            def test_it():
                assert sys.modules["reenact"].status()["enabled"]

            @pytest.mark.parametrize("amount", [1, 0])
            def test_division(amount):
                assert 100 / amount

            def test_comparison():
                assert len("abc") == 4

            @pytest.fixture
            def broken():
                raise OSError("no fixture")

            def test_fixture(broken):
                pass

            def test_failed():
                pytest.fail("on purpose")

            @pytest.mark.xfail
            def test_expected():
                raise ValueError("expected")

            def test_skipped():
                pytest.skip("not here")

            def test_caught():
                with pytest.raises(KeyError):
                    {}["a"]
            """
        )
    )
    done = programs.run_command([*REENACT_RUN, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_it.py"])
    assert done.returncode == 1 and "3 failed, 3 passed, 1 skipped, 1 xfailed, 1 error" in done.stdout, done.stdout
    seen = {event["context"]["resource"]: (event["type"], event["context"]["tags"]) for event in done.events}
    assert seen == {
        "test_it.py::test_division[0]": ("ZeroDivisionError", {"test.phase": "call"}),
        "test_it.py::test_comparison": ("AssertionError", {"test.phase": "call"}),
        "test_it.py::test_fixture": ("OSError", {"test.phase": "setup"}),
        "test_it.py::test_failed": ("Failed", {"test.phase": "call"}),
    }
    assert all(event["context"]["handled"] and event["context"]["mechanism"] == "pytest" for event in done.events)
