"""Middleware: static files, the user's language, request counting; and one context processor."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import redirect
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from whitenoise.middleware import WhiteNoiseMiddleware

from sizao.web import metrics
from sizao.web.api.refusal import denied_to_partner
from sizao.web.clock import feed_factor, feed_now
from sizao.web.evidence.rounds import is_full
from sizao.web.forecast.services import condition
from sizao.web.heartbeats import troubles
from sizao.web.pages.navigation import Navigation
from sizao.web.sources.access import may_see
from sizao.web.sources.services import open_silences
from sizao.web.units import partners


class StaticFiles(WhiteNoiseMiddleware):
    """Static files from the wheel, read whole.

    WhiteNoise answers with a synchronous iterator, which Django under ASGI warns about and
    drains in a thread; our largest file is some 1.5 MB, so reading it is simpler.
    """

    @staticmethod
    def serve(static_file, request):
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        response = HttpResponse(body, status=int(answer.status))
        del response["content-type"]
        for key, value in answer.headers:
            response[key] = value
        return response


class SignInRequired(LoginRequiredMiddleware):
    """Pages send a stranger to the sign-in page; the API answers 401 by itself."""

    def process_view(self, request, view_func, view_args, view_kwargs):
        if request.path_info.startswith("/api/"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class PartnersOwnPages:
    """An account of a partner agency opens its own pages and nothing else.

    Bearer tokens are known only inside the API, the streams and the CAP list, which ask
    ``units/partners.py`` themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        user = request.user
        if not user.is_authenticated or partners.may_open(user, request.resolver_match):
            return None
        api = request.path_info.startswith("/api/")
        if not api and not getattr(view_func, "login_required", True):
            return None  # open to strangers, or it asks for itself
        if request.resolver_match.view_name == "map":
            return redirect(partners.HOME)
        if api:
            return denied_to_partner()
        raise PermissionDenied


class SiteLanguage(LocaleMiddleware):
    """Chinese unless somebody chose otherwise here.

    A duty desk's browser may be set to any language; what it asks for is not followed, only the
    choice kept in the cookie by the language switch.
    """

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)
        known = dict(settings.LANGUAGES)
        translation.activate(chosen if chosen in known else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()


class UserLanguage:
    """A signed-in user's own language wins over the cookie's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated or not user.language:
            return self.get_response(request)
        with translation.override(user.language):
            request.LANGUAGE_CODE = user.language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", user.language)
            return response


class CountRequests:
    """Counts answers by method and status for /metrics."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        metrics.http_requests.labels(request.method, response.status_code // 100 * 100).inc()
        return response


def installation(request: HttpRequest) -> dict[str, object]:
    """Context of every page: demo mode, feed time, where one can go, parts that do not run, silent
    sources, forecast."""
    found = {"demo": settings.DEMO, "feed_now": feed_now(), "feed_factor": feed_factor()}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        found["navigation"] = Navigation(request)
        found["forecast_condition"] = SimpleLazyObject(condition)
        found["troubles"] = SimpleLazyObject(lambda: troubles(time.time()))
    if user is not None and user.is_authenticated and may_see(user):
        return found | {
            "sees_sources": True,
            "silent_sources": SimpleLazyObject(open_silences),
            "evidence_full": SimpleLazyObject(is_full),
        }
    return found
