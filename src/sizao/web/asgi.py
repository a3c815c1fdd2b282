"""The server application. The process is wired by ``app/commands/serve.py`` before this loads.

Everything but the two live streams is plain synchronous Django: it runs in a few threads that
live as long as the process, each with its own database connection that stays open. Django's own
ASGI handler makes a thread and a connection a request and hops between loop and thread for each
middleware, which was half of the time of an ordinary answer. The streams, which are open for half
an hour and mostly silent, stay coroutines.
"""

from __future__ import annotations

import os
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from sizao.web.live.visit import visit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sizao.web.settings")

WORKERS = 4
"""Threads that answer. They share one interpreter, so more would only wait for each other."""

STREAMS = ("/stream/vehicles", "/stream/events")
"""Paths whose views are coroutines."""

_streams = get_asgi_application()
_pages = WSGIMiddleware(get_wsgi_application(), workers=WORKERS)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application: streams to Django's ASGI handler, all else to the threads."""
    if scope.get("path") not in STREAMS:
        await _pages(scope, receive, send)
        return
    with visit():
        await _streams(scope, receive, send)
