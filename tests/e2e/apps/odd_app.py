"""Exceptions of unusual kinds and places, one span each, without a pause: only the chain and its frames are under test."""

import asyncio
import functools
import sys

import truth
from spans import span


class Refused(Exception):
    pass


class Refusing:
    def __init__(self):
        self.limit = 1

    @property
    def quotient(self):
        return self.limit / 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        raise Refused("raised while leaving")


def counted(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        count = len(arguments)
        return function(*arguments)

    return wrapper


@counted
def look_up(mapping):
    return mapping["missing"]


def no_message():
    raise Refused


def empty_message():
    raise Refused("")


def spaces_around():
    raise Refused("  spaces around  ")


def line_breaks_around():
    raise Refused("\n\nbetween line breaks\n")


def control_characters():
    raise Refused("nul \x00, escape \x1b[31m, separators \u2028 \x0b \x0c \x85, return \r.")


def a_traceback_as_message():
    raise Refused('far away:\nTraceback (most recent call last):\n  File "/far/away.py", line 3, in far\n    1 / 0\nKeyError: 1\n')


def a_tuple_as_key():
    return {}[("a", 1)]


def not_decodable():
    return b"\xff\xfe".decode("utf-8")


def no_such_file():
    with open("/no/such/file") as file:
        return file.read()


def a_failed_assertion():
    number = 3
    assert number == 4, ("not four", number)


def a_stop():
    return next(iter(()))


def an_import():
    import no_such_module  # noqa: F401


def a_lambda():
    divide = lambda number: number / 0  # noqa: E731
    return divide(3)


def a_generator_expression():
    return sum(10 / number for number in (1, 0))


def a_generator():
    def numbers(first):
        yield first
        raise Refused("in a generator")

    return list(numbers(1))


def an_asynchronous_generator():
    async def numbers():
        yield 1
        raise Refused("in an asynchronous generator")

    async def total():
        return [number async for number in numbers()]

    return asyncio.run(total())


def thrown_into_a_generator():
    def converting():
        try:
            yield 1
        except ValueError as error:
            raise Refused("converted") from error

    generator = converting()
    next(generator)
    generator.throw(ValueError("thrown"))


def a_decorated_function():
    return look_up({"present": 1})


def a_class_body():
    class Broken:
        number = 1
        quotient = number / 0


def a_property():
    return Refusing().quotient


def a_callback():
    return sorted([3, 1], key=lambda number: number.colour)


def leaving_a_with():
    with Refusing():
        int("x")


def in_finally():
    try:
        int("x")
    finally:
        look_up({"in finally": 1})


def raised_again():
    try:
        int("x")
    except ValueError:
        raise


def three_in_a_chain():
    try:
        try:
            look_up({})
        except KeyError as error:
            raise Refused("second") from error
    except Refused:
        int("third")


def compiled_at_run_time():
    names = {}
    exec("def inner(number):\n    return number / 0\ninner(3)", names)


def main():
    odd = [function for function in globals().values() if getattr(function, "__module__", "") == __name__ and is_case(function)]
    for case in odd:
        try:
            with span("odd.case", resource=case.__name__):
                case()
        except Exception as error:
            truth.record(case.__name__, error)
    truth.tell(done=True)
    truth.wait_for_test()


def is_case(function):
    return not isinstance(function, type) and function not in (main, is_case, counted, look_up)


if __name__ == "__main__":
    sys.exit(main())
