"""What the program must not notice."""

from __future__ import annotations

from conftest import Programs


def test_a_core_that_fails_is_counted_and_the_program_goes_on(programs: Programs) -> None:
    done = programs.run("""
        import logging, reenact
        from reenact import capture
        def broken(error, context):
            raise MemoryError("core")
        capture._native_capture = broken
        try:
            1 / 0
        except ZeroDivisionError as error:
            assert reenact.capture_exception(error) is None
            logging.exception("goes on")
        status = reenact.status()
        print(status["hook_errors"], status["last_hook_error"])
    """)
    assert done.stdout == ("{'capture by capture_exception': 1, 'capture by logging': 1} capture by logging: MemoryError: core\n"), (
        done.stderr
    )
    assert done.returncode == 0


def test_a_server_that_is_away_costs_a_short_wait_at_the_end_and_no_message(programs: Programs) -> None:
    done = programs.run("1 / 0", REENACT_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "reenact" not in done.stderr


def test_things_that_are_no_exceptions_are_nothing(programs: Programs) -> None:
    done = programs.run("""
        import reenact
        class Liar:
            @property
            def __class__(self):
                print("user code")
                return ValueError
        for thing in (Liar(), 5, "text", ValueError, None):
            assert reenact.capture_exception(thing) is None
        assert reenact.flush(1)
    """)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.seen == []


def test_exceptions_with_a_will_of_their_own_run_no_code_here(programs: Programs) -> None:
    done = programs.run("""
        import reenact
        class Meta(type):
            def __getattribute__(cls, name):
                print("metaclass", name)
                return super().__getattribute__(name)
            def mro(cls):
                return super().mro()
        class Hostile(BaseException, metaclass=Meta):
            def __getattribute__(self, name):
                print("instance", name)
                return super().__getattribute__(name)
            def __str__(self):
                print("str")
                return ""
            __traceback__ = __cause__ = __context__ = property(lambda self: print("property"))
        def fail():
            raise Hostile("x")
        try:
            fail()
        except BaseException as error:
            print("caught")
            assert reenact.capture_exception(error)
            assert reenact.capture_exception(error)
    """)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "caught\n"


def test_a_context_that_frameworks_end_elsewhere_is_no_error(programs: Programs) -> None:
    done = programs.run("""
        import contextvars, reenact
        from reenact import work
        token = contextvars.copy_context().run(work.enter, work.Job("a", {}))
        work.leave(token)
        assert work.current() is None
    """)
    assert done.returncode == 0, done.stderr


def test_users_are_those_of_their_request_or_thread(programs: Programs) -> None:
    done = programs.run("""
        import reenact
        from reenact import work
        reenact.set_user("outside")
        token = work.enter(work.Job("job", {}))
        reenact.set_user(7)
        reenact.capture_exception(ValueError(1))
        work.leave(token)
        reenact.capture_exception(ValueError(2))
        reenact.set_user(None)
        reenact.capture_exception(ValueError(3), tags={"a": "b", "n": 1})
    """)
    contexts = [one["context"] for one in done.events]
    assert [context.get("user_id") for context in contexts] == ["7", "outside", None], done.stderr
    assert [context.get("resource") for context in contexts] == ["job", None, None]
    assert contexts[2]["tags"] == {"a": "b"}
