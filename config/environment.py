"""Where settings come from: the environment, then `.env`, then keys in the data folder."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from common.encryption import KeyRing

BASE_DIR: Final = Path(__file__).resolve().parent.parent
SECRET_KEY_FILE: Final = "secret.key"  # noqa: S105 (a file name)
ENCRYPTION_KEYS_FILE: Final = "encryption.keys"
DATABASE_SCHEMES: Final = ("sqlite", "postgres", "postgresql", "pgsql")
EMAIL_SCHEMES: Final = ("smtp", "smtp+tls", "smtp+ssl")
LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "::1")

_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")

env = environ.Env()
# Without it a value that starts with `$` is read from the variable it names; `\$` is a dollar.
env.escape_proxy = True
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)


def data_folder() -> Path:
    """Return the folder of keys, logs, static files and, by default, the database."""
    # A relative folder is meant from the checkout, wherever a command is called from.
    return (BASE_DIR / str(env.str("PATCHBAY_DATA_DIR", default="var"))).resolve()


def key_text(name: str, path: Path) -> str:
    """Return a key from the environment, else from the file that `./patchbay run` generated."""
    value = str(env.str(name, default=""))
    try:
        value = value or path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read from {path}: {error.strerror}."
        ) from None
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Start with ./patchbay run, which generates it in {path.parent}, "
            f"or put {name} into the environment."
        )
    return value


def checked_secret_key(key: str) -> str:
    if len(key) < 40 or key.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            "SECRET_KEY is too short or a placeholder. Set at least 40 random characters, or unset "
            "it and start with ./patchbay run, which generates one."
        )
    return key


def checked_encryption_keys(text: str) -> str:
    """Return the keys, or refuse before the first secret is to be stored under them."""
    KeyRing.from_text(text)
    return text


def checked_public_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImproperlyConfigured(
            "PUBLIC_URL must be a whole address, such as https://hooks.example.com."
        )
    return url.rstrip("/")


def database_config(default: str) -> dict[str, Any]:
    """Return Django's settings for `DATABASE_URL`; a refusal does not quote it."""
    # Looked at first: environ would warn about a scheme it does not know, password and all.
    is_known = urlsplit(env.str("DATABASE_URL", default=default)).scheme in DATABASE_SCHEMES
    try:
        config: dict[str, Any] = env.db("DATABASE_URL", default=default) if is_known else {}
    except ValueError:
        config = {}
    if not config:
        raise ImproperlyConfigured(
            "DATABASE_URL must be postgres://user:password@host:port/name or sqlite:///path, with "
            "@ / # and : in a password percent-encoded."
        )
    return config


def email_config(url: str) -> dict[str, Any]:
    """Return Django's settings for `EMAIL_URL`, none for an empty one; a refusal does not quote it.

    Of the schemes, `smtp+tls` begins in plain text and switches (STARTTLS), `smtp+ssl` does not.
    """
    if not url:
        return {}
    try:
        parts = urlsplit(url)
        is_known = parts.scheme == "consolemail" or (
            parts.scheme in EMAIL_SCHEMES and bool(parts.hostname)
        )
        config: dict[str, Any] = env.email_url_config(url) if is_known else {}
    except ValueError:
        config = {}
    if not config or config.pop("OPTIONS", None):
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp+tls://user:password@host:587, smtp+ssl://…:465, smtp://host:25 "
            "or consolemail://, with @ / # and : in a password percent-encoded."
        )
    default_port = 465 if parts.scheme == "smtp+ssl" else 587 if "+" in parts.scheme else 25
    config["EMAIL_PORT"] = config["EMAIL_PORT"] or default_port
    return config


def whole_number(name: str, default: int) -> int:
    try:
        value = int(env.int(name, default=default))
    except ValueError:
        value = -1
    if value < 0:
        raise ImproperlyConfigured(f"{name} must be a whole number, 0 or more.")
    return value


def networks(name: str) -> list[str]:
    """Return addresses and CIDR networks in canonical text."""
    try:
        return [str(ipaddress.ip_network(entry.strip())) for entry in env.list(name, default=[])]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be addresses and networks such as 10.1.0.0/16, comma-separated: {error}."
        ) from error


def port_ranges(name: str, default: str) -> list[range]:
    """Return ports and ranges of them, such as 80,443,8000-8999."""
    text = str(env.str(name, default=default))
    matches = [_PORTS.fullmatch(entry.strip()) for entry in text.split(",")]
    found = [range(int(match[1]), int(match[2] or match[1]) + 1) for match in matches if match]
    if len(found) < len(matches) or not all(
        each and 0 < each[0] < 65536 > each[-1] for each in found
    ):
        raise ImproperlyConfigured(
            f"{name} must be port numbers and ranges such as 80,443,8000-8999."
        )
    return found


def one_of(name: str, choices: Collection[str], default: str) -> str:
    value = str(env.str(name, default=default))
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")
    return value


def checked_hosts(hosts: list[str], public_host: str) -> list[str]:
    """Return the host names to answer for, or refuse when the public one is not among them."""
    if not hosts and public_host in LOOPBACK_HOSTS:
        return ["localhost", "127.0.0.1", "[::1]"]
    if not any(_covers(host.strip("[]"), public_host) for host in hosts):
        named = public_host or "your.host.name"
        raise ImproperlyConfigured(
            f"PUBLIC_URL names the host “{public_host}”, which ALLOWED_HOSTS does not contain. "
            f"Set ALLOWED_HOSTS={named}, comma-separated when there are several names."
        )
    return hosts


def _covers(pattern: str, host: str) -> bool:
    return pattern in ("*", host) or (pattern.startswith(".") and f".{host}".endswith(pattern))
