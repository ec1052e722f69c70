"""Signals that end a process, in a form that code may wait for."""

import os
import select


class Wish:
    """Something that is not yet asked for, until `set`: like `threading.Event`, but a signal's handler may set it.

    An Event's lock is held for a moment each time somebody waits. A signal that arrives on that thread just then has
    the handler wait for what it interrupted, and the process never ends (https://docs.python.org/3/library/signal.html,
    "Signals and threads"). A byte in a pipe takes no lock; as nobody reads it, it is there for everyone who waits.
    """

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        self._is_set = False

    def set(self) -> None:
        """Have it asked for, from now on."""
        if not self._is_set:
            self._is_set = True
            os.write(self._in, b"!")

    def is_set(self) -> bool:
        """Whether it was asked for."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait until it is asked for, at most that long; returns whether it was."""
        return self._is_set or bool(select.select([self._out], [], [], seconds)[0])
