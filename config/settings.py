"""Settings from the environment alone. Every variable is listed in .env.example."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.api.spectacular import SPECTACULAR
from config.environment import (
    BASE_DIR,
    ENCRYPTION_KEYS_FILE,
    SECRET_KEY_FILE,
    checked_encryption_keys,
    checked_hosts,
    checked_public_url,
    checked_secret_key,
    data_folder,
    database_config,
    email_config,
    env,
    key_text,
    networks,
    one_of,
    port_ranges,
    whole_number,
)
from config.logging import logging_settings

DEBUG: bool = env.bool("DEBUG", default=False)
# Set by the test suite alone: plain static files, and a database in a file.
TESTING: bool = env.bool("PATCHBAY_TESTING", default=False)
DATA_DIR: Path = data_folder()

# DEBUG is no back door: keys are asked for all the same.
SECRET_KEY: str = checked_secret_key(key_text("SECRET_KEY", DATA_DIR / SECRET_KEY_FILE))
# Newest first, comma-separated `id:base64-of-32-bytes`. Old keys stay to decrypt.
ENCRYPTION_KEYS: str = checked_encryption_keys(
    key_text("ENCRYPTION_KEYS", DATA_DIR / ENCRYPTION_KEYS_FILE)
)

# Where senders reach this installation; shown in the URLs that operators copy.
PUBLIC_URL: str = checked_public_url(env.str("PUBLIC_URL", default="http://localhost:8000"))
IS_HTTPS = PUBLIC_URL.startswith("https://")
_public_host = urlsplit(PUBLIC_URL).hostname or ""
ALLOWED_HOSTS: list[str] = checked_hosts(env.list("ALLOWED_HOSTS", default=[]), _public_host)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
# How many proxies of our own stand in front; 0 takes the peer's address.
TRUSTED_PROXY_COUNT: int = whole_number("TRUSTED_PROXY_COUNT", 0)
# Webhooks a second that one client address may send to one web process; 0 is no limit.
RECEPTION_THROTTLE_PER_ADDRESS: int = whole_number("RECEPTION_THROTTLE_PER_ADDRESS", 2000)
# Requests a second that one API key may make to one web process; 0 is no limit.
API_THROTTLE_PER_KEY: int = whole_number("API_THROTTLE_PER_KEY", 100)
# Custom events a minute that one API key may send to one web process; 0 is no limit.
CUSTOM_EVENTS_PER_MINUTE: int = whole_number("CUSTOM_EVENTS_PER_MINUTE", 6000)
# Requests a second from pages and apps, each with up to 100 events, that one client address or all
# users of one publishable key may send to one web process; 0 is no limit.
APP_THROTTLE_PER_ADDRESS: int = whole_number("APP_THROTTLE_PER_ADDRESS", 20)
APP_THROTTLE_PER_KEY: int = whole_number("APP_THROTTLE_PER_KEY", 500)

_is_secure = IS_HTTPS and not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_secure
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.stale_form"
SESSION_ENGINE = "config.session_store"
SESSION_COOKIE_NAME = "patchbay_session"
CSRF_COOKIE_NAME = "patchbay_csrf"
# One working day: operators log in in the morning.
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SECURE_HSTS_SECONDS: int = whole_number("HSTS_SECONDS", 31_536_000) if _is_secure else 0
if env.bool("TRUST_X_FORWARDED_PROTO", default=False):
    # Only behind a proxy that sets or removes this header on every request.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# No redirect to https either: a webhook sender counts it as a failure. HSTS moves browsers.
SECURE_SSL_REDIRECT = False
# Ongage posts batches of up to 8 MiB. Reception has caps of its own, per preset.
DATA_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024
# The editor of a reception event posts nine values a row: 100 rows, which is the most, fit, and of
# somewhat more the editor itself can say that they are too many.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_500
FILE_UPLOAD_HANDLERS = [
    "config.upload_limit.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# django.contrib.sites is never installed: the label `sites` is ours, and flatpages and redirects,
# which import it, stay out with it.
INSTALLED_APPS = [
    "sites.apps.SitesConfig",
    "integrations.apps.IntegrationsConfig",
    "contacts.apps.ContactsConfig",
    "onsite.apps.OnsiteConfig",
    "webhooks.apps.WebhooksConfig",
    "automation.apps.AutomationConfig",
    "config.apps.ConfigConfig",
    "config.apps.PatchbayAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "axes",
]

MIDDLEWARE = [
    "config.log_context.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.content_security_policy.ContentSecurityPolicyMiddleware",
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
    config = database_config(default=f"sqlite:///{DATA_DIR / 'patchbay.sqlite3'}")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["CONN_MAX_AGE"] = None
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # FULL: an event that was answered survives a power cut, not only a crash.
            # Each thread of a process has its connection, and each connection a cache of its own.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728; "
                "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-8000;"
            ),
        }
        return config
    config["CONN_MAX_AGE"] = whole_number("CONN_MAX_AGE", 60)
    config["CONN_HEALTH_CHECKS"] = True
    # A server that vanished is noticed in seconds instead of the minutes TCP would wait.
    config.setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
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
    "sites.password_hashing.OneAtATimeArgon2",
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
    {"NAME": "sites.passwords.ReplacesHandedOverPassword"},
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOGIN_URL = "/admin/login/"

LOGGING = logging_settings(
    level=one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"),
    style=one_of("LOG_STYLE", ("json", "human", "auto"), default="auto"),
)

# One address cannot lock out everybody, and one name cannot be locked out from everywhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "common.client_address.client_address"
# Log-ins are in our own audit; the tables of axes only count failures.
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_CALLABLE = "config.errors.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

REST_FRAMEWORK = {
    # A view opens itself by naming its classes; one that forgets to is closed.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.endpoint.parser.JsonParser"],
    "EXCEPTION_HANDLER": "common.endpoint.exceptions.problem_of",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": TRUSTED_PROXY_COUNT,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = SPECTACULAR

# Threads of one web process. The journal's writer does the writing: they mostly wait for it.
WEB_THREADS = 48 if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3" else 24
# PostgreSQL only: how many web processes `./patchbay run` starts; SQLite always has one.
WEB_WORKERS: int = whole_number("WEB_WORKERS", 2)

# Shows the named checks of /readyz to a monitor; empty, only superusers see them.
HEALTH_TOKEN: str = env.str("HEALTH_TOKEN", default="")
HEALTH_OLDEST_UNPROCESSED_SECONDS: int = whole_number("HEALTH_OLDEST_UNPROCESSED_SECONDS", 300)
HEALTH_OLDEST_DUE_SECONDS: int = whole_number("HEALTH_OLDEST_DUE_SECONDS", 300)
HEALTH_WORKER_SECONDS: int = whole_number("HEALTH_WORKER_SECONDS", 30)
HEALTH_QCLUSTER_SECONDS: int = whole_number("HEALTH_QCLUSTER_SECONDS", 180)

# Who is told of delivery trouble by e-mail is chosen per member; without a server nobody is.
_email = email_config(env.str("EMAIL_URL", default=""))
EMAIL_IS_ON = bool(_email)
EMAIL_BACKEND: str = _email.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST: str = _email.get("EMAIL_HOST") or ""
EMAIL_PORT: int = _email.get("EMAIL_PORT", 25)
EMAIL_HOST_USER: str = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD: str = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS: bool = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = _email.get("EMAIL_USE_SSL", False)
# Seconds: a run of the qcluster must not hang on a server that never answers.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str("EMAIL_FROM", default=f"Patchbay <patchbay@{_public_host}>")

# Networks and addresses that outbound calls may reach although they are not public, such as an
# on-premises API; and the ports that URLs may name.
OUTBOUND_ALLOWED_NETWORKS: list[str] = networks("OUTBOUND_ALLOWED_NETWORKS")
OUTBOUND_ALLOWED_PORTS: list[range] = port_ranges("OUTBOUND_ALLOWED_PORTS", "80,443,8080,8443")

# How long a worker may hold events without finishing them; well above the work of one batch.
WORKER_LEASE_SECONDS: int = whole_number("WORKER_LEASE_SECONDS", 60)
WORKER_BATCH_SIZE: int = whole_number("WORKER_BATCH_SIZE", 500)
# The most deliveries that one worker has under way at once, over all subscriptions.
WORKER_DELIVERIES: int = whole_number("WORKER_DELIVERIES", 512)
# How long a worker that is stopped waits for answers; below the supervisor's own grace period.
WORKER_GRACE_SECONDS: int = whole_number("WORKER_GRACE_SECONDS", 15)

# Days after which rows are removed; 0 keeps them for ever.
RETENTION_BODY_DAYS: int = whole_number("RETENTION_BODY_DAYS", 30)
RETENTION_EVENT_DAYS: int = whole_number("RETENTION_EVENT_DAYS", 90)
RETENTION_REJECTED_DAYS: int = whole_number("RETENTION_REJECTED_DAYS", 14)
RETENTION_API_CALL_DAYS: int = whole_number("RETENTION_API_CALL_DAYS", 30)
RETENTION_SUBMISSION_DAYS: int = whole_number("RETENTION_SUBMISSION_DAYS", 90)
RETENTION_COUNT_DAYS: int = whole_number("RETENTION_COUNT_DAYS", 60)
RETENTION_CONTACT_FILE_DAYS: int = whole_number("RETENTION_CONTACT_FILE_DAYS", 7)
RETENTION_SEGMENT_MOVE_DAYS: int = whole_number("RETENTION_SEGMENT_MOVE_DAYS", 90)

# What the library exports by itself. Contacts escape their own cells, and so that they come back.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

Q_CLUSTER = {
    "name": "patchbay",
    "orm": "default",
    "workers": 2,
    # A job's turn, and a slice that asks another system twice, 30 s each time.
    "timeout": 90,
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
