"""Which compiled loops a program loads from the cache and which it compiles.

For programs of their own: a loop that a process has it does not look for again.
"""

from __future__ import annotations

from typing import Any

from numba.core import caching, event


class Met(event.Listener):
    """Names of functions, from :meth:`listening` on or since they were forgotten."""

    def __init__(self) -> None:
        self.loaded: set[str] = set()
        """Compiled, too, if the cache has not got them: they are looked for there first."""
        self.compiled: set[str] = set()

    @classmethod
    def listening(cls) -> Met:
        met = cls()
        load = caching.Cache.load_overload

        def noted(cache: Any, *given: Any) -> Any:
            met.loaded.add(cache._py_func.__qualname__)
            return load(cache, *given)

        caching.Cache.load_overload = noted
        event.register("numba:compile", met)
        return met

    def on_start(self, what: Any) -> None:
        self.compiled.add(what.data["dispatcher"].py_func.__qualname__)

    def on_end(self, what: Any) -> None:
        pass

    def forget(self) -> None:
        self.loaded.clear()
        self.compiled.clear()
