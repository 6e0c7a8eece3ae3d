"""Name look-ups that never keep a caller waiting beyond its deadline."""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from common.http.deadline import Deadline

# What the system's resolver gives: family and the address to connect to, port and scope included.
Found: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]

Answer: TypeAlias = list[Found] | Exception

MOST_THREADS: Final = 16


def system_addresses(host: str, port: int) -> list[Found]:
    """Ask the system's resolver; raises OSError when it knows no such name."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in answers]


@dataclass(slots=True)
class _Question:
    host: str
    port: int
    deadline: Deadline
    tell: Callable[[Answer], object]

    def resolve(self) -> None:
        try:
            self.deadline.left()  # nobody waits any more: do not hold up the others
            self.tell(system_addresses(self.host, self.port))
        except Exception as error:  # raised again where the question was asked
            self.tell(error)


class Resolver:
    """A few daemon threads of our own, started as they are needed.

    A look-up cannot be interrupted. Threads of the standard executor would also hold up the end of
    the process until the resolver gives up.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: after a fork, the threads exist in the parent only."""
        self._lock = threading.Lock()
        self._questions: queue.SimpleQueue[_Question] = queue.SimpleQueue()
        self._threads = 0
        self._waiting = 0

    def addresses(self, host: str, port: int, deadline: Deadline) -> list[Found]:
        """Return all addresses of a host; raises what the resolver raises, or TimeoutError."""
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.ask(host, port, deadline, answers.put)
        try:
            answer = answers.get(timeout=deadline.left())
        except queue.Empty:
            raise TimeoutError("The name look-up took too long.") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(
        self, host: str, port: int, deadline: Deadline, tell: Callable[[Answer], object]
    ) -> None:
        """Have `tell` called with the addresses or the error, in one of the threads."""
        with self._lock:
            self._waiting += 1
            if self._waiting > self._threads < MOST_THREADS:
                self._threads += 1
                threading.Thread(target=self._work, name="name-look-up", daemon=True).start()
        self._questions.put(_Question(host, port, deadline, tell))

    def _work(self) -> None:
        questions = self._questions
        while True:
            questions.get().resolve()
            with self._lock:
                self._waiting -= 1


resolver = Resolver()
os.register_at_fork(after_in_child=resolver.forget)
