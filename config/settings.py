"""Settings from the environment alone. Every variable is listed in .env.example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.escape_proxy = True
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

DEBUG = env.bool("DEBUG", default=False)
# Set by the test suite alone: plain static files, and a database in a file.
TESTING = env.bool("PATCHBAY_TESTING", default=False)
DATA_DIR = Path(env.str("PATCHBAY_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()


def _key(name: str, file_name: str) -> str:
    """Return a key from the environment, else from the data folder where `run` generated it."""
    value = env.str(name, default="")
    path = DATA_DIR / file_name
    if not value and path.is_file():
        value = path.read_text(encoding="utf-8").strip()
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Start with ./patchbay run, which generates it under {DATA_DIR}, "
            f"or put {name} into the environment."
        )
    return value


SECRET_KEY = _key("SECRET_KEY", "secret.key")
# Newest first, comma-separated `id:base64-of-32-bytes`. Old keys stay to decrypt.
ENCRYPTION_KEYS = _key("ENCRYPTION_KEYS", "encryption.keys")

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where senders reach this installation; shown in the URLs that operators copy.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
IS_HTTPS = PUBLIC_URL.startswith("https://")
# How many proxies of our own stand in front; 0 takes the peer's address.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# django.contrib.sites is never installed: the label `sites` is ours, and flatpages and redirects,
# which import it, stay out with it.
INSTALLED_APPS = [
    "sites.apps.SitesConfig",
    "integrations.apps.IntegrationsConfig",
    "contacts.apps.ContactsConfig",
    "webhooks.apps.WebhooksConfig",
    "config.apps.ConfigConfig",
    "config.apps.PatchbayAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_q",
    "axes",
]

MIDDLEWARE = [
    "config.middleware.ReceptionFirstMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "sites.User"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    config: dict[str, Any] = env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'patchbay.sqlite3'}")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["CONN_MAX_AGE"] = None
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # FULL: an event that was answered survives a power cut, not only a crash.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728; "
                "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-20000;"
            ),
        }
        return config
    config["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": _database()}

if TESTING and DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because writer threads and worker processes open connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not (DEBUG or TESTING)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOGIN_URL = "/admin/login/"

Q_CLUSTER = {
    "name": "patchbay",
    "orm": "default",
    "workers": 2,
    "timeout": 60,
    "retry": 300,
    "queue_limit": 4,
    "bulk": 2,
    "poll": 0.5,
    "save_limit": -1,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "recycle": 500,
    "max_rss": 300_000,
    "guard_cycle": 1,
}
