"""Signing in and out, language and theme."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from sizao.core.errors import ConfigError
from sizao.web.pages import words
from sizao.web.units.services import DEMO_ACCOUNTS, set_preferences

THEME_COOKIE = "sizao_theme"
YEAR_S = 365 * 86_400


@method_decorator(login_not_required, name="dispatch")
class Login(auth.LoginView):
    """The sign-in page. In demo mode it lists the accounts, whose passwords are no secret."""

    template_name = "account/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs) -> dict[str, object]:
        context = super().get_context_data(**kwargs)
        if settings.DEMO:
            context["accounts"] = [
                {
                    "username": one.username,
                    "password": one.password,
                    "name": words.pick(one.name_zh, one.name_en),
                }
                for one in DEMO_ACCOUNTS
            ]
        context["anonymous_theme"] = self.request.COOKIES.get(THEME_COOKIE, "light")
        return context


class Logout(auth.LogoutView):
    """POST only, as Django has it."""


@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep language and theme: with the account, and in cookies for the sign-in page."""
    language = request.POST.get("language")
    theme = request.POST.get("theme")
    language = language if language in dict(settings.LANGUAGES) else None
    theme = theme if theme in ("dark", "light") else None
    if request.user.is_authenticated and (language or theme):
        try:
            set_preferences(request.user, language=language, theme=theme)
        except ConfigError:
            return HttpResponse(status=400)
    following = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}, request.is_secure()):
        following = "/"
    answer = redirect(following)
    if language:
        _keep(answer, settings.LANGUAGE_COOKIE_NAME, language)
    if theme:
        _keep(answer, THEME_COOKIE, theme)
    return answer


def _keep(answer: HttpResponse, name: str, value: str) -> HttpResponse:
    """Remember a choice in this browser, for the pages before the sign-in."""
    answer.set_cookie(
        name,
        value,
        max_age=YEAR_S,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return answer
