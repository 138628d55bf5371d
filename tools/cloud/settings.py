"""Django's settings. Everything that differs between installations comes from the environment:

PORTVAKT_DATA  data folder (var/)            DATABASE_URL  database (SQLite in the data folder)
SECRET_KEY     signs sessions (made once)    MQTT_URL      the worker's broker (mqtt://127.0.0.1:1883), or
                                             several with spaces between, and MQTT_CA a file with the CA that signed
                                             their certificates (the system's)
BOARD_BROKERS  brokers as boards reach them, in order of preference: mqtt:// mqtts:// mqtts+psk:// (MQTT_URL)
PIN_KEY        seals PINs and the keys of boards (made once; keep it apart from the database's backups)
ROW_SECURITY   off: PostgreSQL does not keep tenants apart by itself (row_security/; on)
PORTVAKT_URL   the address people open: its host is the one that is served, https makes cookies secure
HOSTING, HOSTING_COUNTRIES   where data is, and may be (privacy/hosting.py)
SESSION_IDLE_HOURS   a session that was not used for so long is over (12)
LOG_IN_PLACES        a MaxMind DB file of towns, for log-ins (members/log_in_places.py; none)
OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME   sign-in through OpenID Connect; or
OIDC_PROVIDERS       a JSON file with several providers (README)
"""

import os
import re
import warnings
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from tools import private

from . import address, providers
from .data import folder, idle, secret_key
from .rules import zones

zones.prefer_newest()
# WhiteNoise hands over small files; that they are read at once is no news to the host.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")

DATA = folder()
SECRET_KEY = secret_key(DATA)
DEBUG = False
MQTT_URL = os.environ.get("MQTT_URL", "mqtt://127.0.0.1:1883")
# Each board has an account of its own: the worker's is not for them.
MQTT_CA = os.environ.get("MQTT_CA")
BOARD_BROKERS = os.environ.get("BOARD_BROKERS") or " ".join(re.sub("//.*@", "//", url) for url in MQTT_URL.split())
PORTVAKT_URL = os.environ.get("PORTVAKT_URL", "http://127.0.0.1:8000")

_address = address.of_pages(PORTVAKT_URL)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", _address.hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [f"{_address.scheme}://{_address.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _address.scheme == "https"
SESSION_ENGINE = "tools.cloud.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds from the sign-in on, however much it is used
SESSION_IDLE = idle(os.environ.get("SESSION_IDLE_HOURS", ""))
LOG_IN_PLACES = os.environ.get("LOG_IN_PLACES", "")
SESSION_COOKIE_SAMESITE = "Lax"  # a sign-in link and the way back from OpenID Connect come from elsewhere
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SESSION_COOKIE_SECURE else 0  # browsers then never ask in plain again
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

INSTALLED_APPS = [
    "tools.cloud",
    "tools.cloud.pages",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",  # htmx itself, served from here
]

MIDDLEWARE = [
    "tools.cloud.row_security.middleware.middleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tools.cloud.sessions.Middleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tools.cloud.row_security.middleware.AuthenticationMiddleware",
    "tools.cloud.authors.middleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Everything comes from here, nothing is inline; nobody frames these pages.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

ROOT_URLCONF = "tools.cloud.urls"
ASGI_APPLICATION = "tools.cloud.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tools.cloud.pages.access.offered",
            ]
        },
    }
]

DATABASES = {"default": address.of_database(f"sqlite:///{DATA / 'portvakt.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # SQLite gives -wal and -shm the mode of the database.
    for _end in ("", "-wal", "-shm"):
        private.file(Path(f"{DATABASES['default']['NAME']}{_end}"))
    # What is erased is overwritten in the file (secure_delete).
    # Acknowledged means durable, so a commit is on the disk (FULL). A writer takes the lock at once
    # (IMMEDIATE): two transactions that read first and write later cannot both wait for one another.
    DATABASES["default"]["ENGINE"] = "tools.cloud.sqlite"  # waits for its turn
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
    }
ROW_SECURITY = address.switch("ROW_SECURITY")
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql" and ROW_SECURITY:
    DATABASES["default"]["ENGINE"] = "tools.cloud.postgresql"

AUTH_USER_MODEL = "cloud.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# No passwords: only providers sign people in, and only people whom a membership or a sign-in link has named.
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_ADAPTER = "tools.cloud.accounts.InvitedOnly"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # identities.py: an address joins once, never twice
SOCIALACCOUNT_STORE_TOKENS = False
OIDC = providers.configured(os.environ)
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "tools.cloud.openid.Provider", "OAUTH_PKCE_ENABLED": True, "APPS": OIDC}
}

LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", _("Norwegian")), ("en", _("English"))]
USE_I18N = True
LOCALE_PATHS = sorted(Path(__file__).parent.glob("*/locale"))  # a room's words lie with the room
FORMAT_MODULE_PATH = "tools.cloud.pages.formats"
USE_TZ = True
TIME_ZONE = "Europe/Oslo"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # no collectstatic step: the few files are found where they lie

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "tools.cloud.services.log_lines.Masked",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"portvakt": {"level": "INFO"}},
}
