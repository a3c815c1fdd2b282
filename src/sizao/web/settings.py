"""Django settings. What an installation may change stands in ``config.py``, not here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from sizao.core.errors import ConfigError
from sizao.core.kernel_cache import use_kernel_cache
from sizao.log.datadir import DataDir
from sizao.web.config import config, secret_key

# Apps import Numba, which is to find the folder set however Django was started.
use_kernel_cache()

HERE = Path(__file__).resolve().parent
DATA = DataDir(Path(config.data.read()).resolve())

DEBUG = False
DEMO: bool = config.demo.read()
SECRET_KEY = secret_key(DATA.root)
ALLOWED_HOSTS = config.hosts.read()

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "sizao.web.units",
    "sizao.web.audit",
    "sizao.web.fleet",
    "sizao.web.imports",
    "sizao.web.cases",
    "sizao.web.measures",
    "sizao.web.field",
    "sizao.web.warnings",
    "sizao.web.basis",
    "sizao.web.hotlist",
    "sizao.web.reports",
    "sizao.web.hazards",
    "sizao.web.calls",
    "sizao.web.listings",
    "sizao.web.roster",
    "sizao.web.handover",
    "sizao.web.briefing",
    "sizao.web.evidence",
    "sizao.web.risk",
    "sizao.web.forecast",
    "sizao.web.treatments",
    "sizao.web.exposure",
    "sizao.web.enterprises",
    "sizao.web.calendar",
    "sizao.web.plan",
    "sizao.web.junctions",
    "sizao.web.indicators",
    "sizao.web.channels",
    "sizao.web.clocks",
    "sizao.web.storm",
    "sizao.web.live",
    "sizao.web.desk",
    "sizao.web.sources",
    "sizao.web.platforms",
    "sizao.web.rules",
    "sizao.web.fences",
    "sizao.web.tables",
    "sizao.web.places",
    "sizao.web.response",
    "sizao.web.drills",
    "sizao.web.review",
    "sizao.web.api",
    "sizao.web.pages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "sizao.web.middleware.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sizao.web.middleware.SiteLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sizao.web.middleware.UserLanguage",
    # Closed unless a view says otherwise.
    "sizao.web.middleware.SignInRequired",
    "sizao.web.middleware.PartnersOwnPages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sizao.web.middleware.CountRequests",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "sizao.web.urls"
ASGI_APPLICATION = "sizao.web.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sizao.web.middleware.installation",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    url = config.database_url.read()
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA.database,
            # Threads and their connections live as long as the process.
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                    " PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;"
                ),
            },
            "TEST": {"NAME": None},
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ConfigError("SIZAO_DATABASE_URL must be postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "units.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
     "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "map"
LOGOUT_REDIRECT_URL = "login"

AXES_FAILURE_LIMIT = config.login_tries.read()
AXES_COOLOFF_TIME = config.login_pause_min.read() / 60
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True  # the audit log has every sign-in

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "static"] if (HERE / "static").is_dir() else []
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# The files of the wheel are served as they are: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SESSION_COOKIE_AGE = config.session_hours.read() * 3600
SESSION_COOKIE_NAME = "sizao_session"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "sizao_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if config.https.read():
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # MapLibre and ECharts set style attributes on elements they make.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"sizao": {"level": "INFO"}},
}
