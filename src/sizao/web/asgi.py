"""The ASGI application. The process is wired by ``app/commands/serve.py`` before this loads."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sizao.web.settings")

application = get_asgi_application()
