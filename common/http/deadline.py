"""One deadline for everything that a call does on its socket."""

from __future__ import annotations

import io
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Deadline:
    """A moment of the monotonic clock that nothing may outlive."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, always more than 0; raises TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The deadline has passed.")
        return left

    def at_most(self, seconds: float) -> Deadline:
        """Return a deadline this many seconds ahead, but no later than this one."""
        sooner = Deadline(seconds)
        sooner._at = min(sooner._at, self._at)
        return sooner


class TimedSocket:
    """A connected socket on which no single read or write, nor all together, outlive a deadline.

    A plain timeout starts anew with every read, so that a peer which drips one byte at a time
    never ends. Here each gets what is left. It is what `http.client` needs of a socket.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: ReadableBuffer) -> None:
        rest = memoryview(data).cast("B")
        while rest:
            self._socket.settimeout(self._deadline.left())
            rest = rest[self._socket.send(rest) :]

    def receive_into(self, buffer: WriteableBuffer) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def settimeout(self, _seconds: float | None) -> None:
        """Ignore what a client library would like: only the deadline counts."""

    def close(self) -> None:
        """Leave it open: the answer may still be read when the connection lets go of it."""

    def hang_up(self) -> None:
        self._socket.close()


class _Reader(io.RawIOBase):
    def __init__(self, timed: TimedSocket) -> None:
        super().__init__()
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._timed.receive_into(buffer)
