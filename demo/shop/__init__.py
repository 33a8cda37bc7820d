"""A small shop whose bugs are real: the service that the demo watches."""
