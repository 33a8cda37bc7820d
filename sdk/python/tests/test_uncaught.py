"""Exceptions that end a program, a thread or a process, and those that nobody awaits."""

from __future__ import annotations

from conftest import Programs


def test_what_ends_a_program_is_an_event_and_is_printed_as_ever(programs: Programs) -> None:
    source = """
        def charge(amount):
            return 100 / amount
        charge(0)
    """
    done = programs.run(source)
    event = done.the_event()
    assert event["type"] == "ZeroDivisionError"
    assert event["context"]["mechanism"] == "excepthook"
    assert event["context"]["handled"] is False
    assert event["captured"] and [frame[2] for frame in event["frames"]] == ["<module>", "charge"]
    assert done.returncode == 1
    bare = programs.run_plain(source)
    assert done.stderr == bare.stderr
    assert len(programs.recorder.captures()) == 1


def test_an_own_excepthook_is_called_and_one_set_later_hides_nothing(programs: Programs) -> None:
    done = programs.run("""
        import sys
        sys.excepthook = lambda kind, error, traceback: print("mine", kind.__name__)
        raise LookupError("x")
    """)
    assert done.stdout == "mine LookupError\n"
    assert done.the_event()["context"]["mechanism"] == "excepthook"


def test_leaving_on_purpose_is_no_event(programs: Programs) -> None:
    assert programs.run("import sys; sys.exit(3)").returncode == 3
    assert programs.run("raise KeyboardInterrupt").seen == []


def test_a_program_without_exceptions_sends_nothing_and_starts_no_thread(programs: Programs) -> None:
    done = programs.run("import threading; print(threading.active_count(), len(__import__('os').listdir('/proc/self/task')))")
    assert done.stdout == "1 1\n"
    assert programs.recorder.received == []


def test_what_ends_a_thread_is_an_event_with_the_name_of_the_thread(programs: Programs) -> None:
    done = programs.run("""
        import threading
        thread = threading.Thread(target=lambda: {}["missing"], name="mailer")
        thread.start()
        thread.join()
    """)
    context = done.the_event()["context"]
    assert (context["mechanism"], context["thread"], context["handled"]) == ("threading", "mailer", False)
    assert "Exception in thread mailer" in done.stderr


def test_a_task_that_nobody_awaits_is_an_event(programs: Programs) -> None:
    done = programs.run("""
        import asyncio, gc
        async def lost():
            raise OSError("lost")
        async def main():
            task = asyncio.ensure_future(lost())
            await asyncio.sleep(0.01)
            del task
            gc.collect()
            await asyncio.sleep(0.01)
        asyncio.run(main())
    """)
    context = done.the_event()["context"]
    assert (context["mechanism"], context["tags"]) == ("asyncio", {"asyncio.message": "Task exception was never retrieved"})
    assert done.returncode == 0


def test_a_callback_of_uvloop_is_an_event(programs: Programs) -> None:
    done = programs.run("""
        import asyncio, uvloop
        async def main():
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)
            await asyncio.sleep(0.01)
        uvloop.run(main())
    """)
    assert done.the_event()["context"]["mechanism"] == "asyncio"


def test_a_cancelled_task_is_no_event(programs: Programs) -> None:
    done = programs.run("""
        import asyncio
        async def main():
            task = asyncio.ensure_future(asyncio.sleep(9))
            await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError as error:
                import reenact
                assert reenact.capture_exception(error) is None
        asyncio.run(main())
    """)
    assert (done.returncode, done.seen) == (0, [])


def test_what_a_finaliser_raises_is_an_event(programs: Programs) -> None:
    done = programs.run("""
        class File:
            def __del__(self):
                raise ValueError("still open")
        File()
    """)
    assert done.the_event()["context"]["mechanism"] == "unraisable"
    assert "Exception ignored in" in done.stderr


def test_what_ends_a_child_process_is_an_event_of_that_process(programs: Programs) -> None:
    for method in ("fork", "spawn"):
        programs.observed.unlink(missing_ok=True)
        done = programs.run(
            """
            import multiprocessing, os, sys
            def work():
                raise ArithmeticError(os.getpid())
            if __name__ == "__main__":
                context = multiprocessing.get_context(sys.argv[1])
                process = context.Process(target=work)
                process.start()
                process.join()
                print(process.pid, process.exitcode)
            """,
            method,
        )
        event = done.the_event()
        assert done.stdout == f"{event['pid']} 1\n", done.stderr
        assert event["context"]["mechanism"] == "multiprocessing"
    assert len(programs.recorder.captures()) == 2


def test_parent_and_forked_child_both_send(programs: Programs) -> None:
    done = programs.run("""
        import os, reenact
        def fail(who):
            try:
                raise RuntimeError(who)
            except RuntimeError:
                assert reenact.capture_exception()
        fail("parent before")
        child = os.fork()
        if child == 0:
            fail("child")
            reenact.flush(5)
            os._exit(0)
        os.waitpid(child, 0)
        fail("parent after")
    """)
    assert done.returncode == 0, done.stderr
    assert len(done.events) == 3
    assert len({event["pid"] for event in done.events}) == 2
    assert len(programs.recorder.captures()) >= 2


def test_under_gevent_greenlets_threads_and_captures_work(programs: Programs) -> None:
    done = programs.run("""
        from gevent import monkey
        monkey.patch_all()
        import threading, gevent, reenact
        def fail(n):
            try:
                raise RuntimeError(n)
            except RuntimeError:
                assert reenact.capture_exception()
        jobs = [gevent.spawn(fail, n) for n in range(5)]
        gevent.joinall(jobs, raise_error=True)
        thread = threading.Thread(target=lambda: [][0])
        thread.start()
        thread.join()
        assert reenact.flush(5)
    """)
    assert done.returncode == 0, done.stderr
    assert sorted(event["type"] for event in done.events) == ["IndexError"] + ["RuntimeError"] * 5
    assert "RuntimeWarning" not in done.stderr
