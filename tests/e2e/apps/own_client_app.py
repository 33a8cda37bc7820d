"""Raises what cases.py, kinds.py and alone.py have, each seen by our own client with its name as tag `case`."""

import time

import alone
import kinds

import cases
import reenact

# So that no budget of the client is used up.
PACE_SECONDS = 0.05


if __name__ == "__main__":
    for name, crash in {**cases.CASES, **kinds.KINDS, **alone.ALONE}.items():
        try:
            crash()
        except Exception as error:
            reenact.capture_exception(error, tags={"case": name})
        time.sleep(PACE_SECONDS)
    assert reenact.flush(30), reenact.status()
