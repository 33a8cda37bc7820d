"""A module whose body raises."""


class Setting:
    def __init__(self, value):
        self.value = value


LIMITS = {"rows": Setting(0)}

PER_ROW = 100 / LIMITS["rows"].value
