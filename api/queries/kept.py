"""What was put together from rows that never change, kept for the next page: the few used last."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The last `most` values by key, shared by the threads of a process. Only for what nobody changes."""

    def __init__(self, most: int = 3) -> None:
        self._most = most
        self._values: dict[str, Value] = {}
        self._mutex = Lock()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """The value of `key`, made when it is not kept. Two threads may both make it; the later one is kept."""
        with self._mutex:
            if key in self._values:
                self._values[key] = self._values.pop(key)
                return self._values[key]
        made = make()
        with self._mutex:
            self._values[key] = made
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]
        return made
