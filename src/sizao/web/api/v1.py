"""The API as one object. OpenAPI 3.1 is at ``/api/v1/openapi.json``."""

from __future__ import annotations

from ninja import NinjaAPI
from ninja.renderers import JSONRenderer

from sizao import __version__
from sizao.web.api import errors, lists, risk, sources, things
from sizao.web.api.auth import AUTH
from sizao.web.cap import api as cap
from sizao.web.hazards import api as hazards
from sizao.web.measures import api as measures


class _Utf8(JSONRenderer):
    """Chinese as it is: a third of the bytes, and a person can read it."""

    json_dumps_params = {"ensure_ascii": False}


api = NinjaAPI(
    renderer=_Utf8(),
    title="Sizao 四早",
    version=__version__,
    description=(
        "Road-safety operations: warnings, cases, vehicles, detections, indicators. "
        "Errors have one shape; see docs/reference/api.md."
    ),
    docs_url=None,  # its pages come from a CDN; police networks have none
    auth=AUTH,
    urls_namespace="api",
)
errors.install(api)
api.add_router("", lists.router)
api.add_router("", things.router)
api.add_router("", sources.router)
api.add_router("", risk.router)
api.add_router("", cap.router)
api.add_router("", hazards.router)
api.add_router("", measures.router)
