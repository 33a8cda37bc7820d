def frozen_clock(module, name, now):
    """Where the module has `datetime` or a class of it under this name: the same with a clock that stands still."""
    real = getattr(importlib.import_module(module), name, None)
    if real not in (datetime, datetime.datetime, datetime.date):
        return contextlib.nullcontext()

    class Alike(type):
        def __instancecheck__(cls, value):
            return isinstance(value, cls.__mro__[1])

    class Datetime(datetime.datetime, metaclass=Alike):
        @classmethod
        def now(cls, tz=None):
            return now.astimezone(tz) if tz else now.astimezone().replace(tzinfo=None) if now.tzinfo else now

        @classmethod
        def utcnow(cls):
            return now.astimezone(datetime.timezone(datetime.timedelta())).replace(tzinfo=None)

        today = now

    class Date(datetime.date, metaclass=Alike):
        @classmethod
        def today(cls):
            return Datetime.now().date()

    frozen = {datetime.datetime: Datetime, datetime.date: Date}.get(real)
    whole = types.SimpleNamespace(**{**vars(datetime), "datetime": Datetime, "date": Date})
    return unittest.mock.patch(f"{module}.{name}", frozen or whole)
