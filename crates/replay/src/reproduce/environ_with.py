def environ_with(**values):
    """The environment with these variables; those that are None are not set."""
    kept = {name: value for name, value in {**os.environ, **values}.items() if value is not None}
    return unittest.mock.patch.dict("os.environ", kept, clear=True)
