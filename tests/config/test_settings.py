from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.environment import checked_hosts
from tests.keys import TEST_KEYS

ROOT = Path(__file__).resolve().parent.parent.parent
SHOW = (
    "import json, sys; from django.conf import settings; "
    "print(json.dumps({n: getattr(settings, n, None) for n in sys.argv[1:]}))"
)


def bare_environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return an environment as a fresh machine has it, plus the variables."""
    return {
        "PATH": os.environ["PATH"],
        "PATCHBAY_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **variables,
    }


def refusal(folder: Path, **variables: str) -> str:
    """Return what the command line says when the settings refuse to load."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=bare_environment(folder, **variables), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("Patchbay cannot start: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def shown(folder: Path, *names: str, **variables: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *names],
        cwd=ROOT, env=bare_environment(folder, **TEST_KEYS, **variables), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    result: dict[str, object] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENCRYPTION_KEYS", "bad"),
        ("PUBLIC_URL", "hooks.example.com"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://u:p4ss@host:port/name"),
        ("DATABASE_URL", "mysql://u:p4ss@host/name"),
        ("WORKER_BATCH_SIZE", "many"),
        ("RETENTION_BODY_DAYS", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_STYLE", "xml"),
    ],
)
def test_value_that_makes_no_sense_is_named_in_one_sentence(
    tmp_path: Path, name: str, value: str
) -> None:
    sentence = refusal(tmp_path, **{**TEST_KEYS, name: value})
    assert name in sentence
    assert "p4ss" not in sentence


@pytest.mark.parametrize("debug", ["False", "True"])
@pytest.mark.parametrize("missing", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_no_key_no_start(tmp_path: Path, missing: str, debug: str) -> None:
    keys = {name: value for name, value in TEST_KEYS.items() if name != missing}
    said = refusal(tmp_path, DEBUG=debug, **keys)
    assert f"{missing} is not set. Start with ./patchbay run" in said


@pytest.mark.parametrize("key", ["hunter2", "django-insecure-" + "x" * 60])
def test_placeholder_key_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    said = refusal(tmp_path, **{**TEST_KEYS, "SECRET_KEY": key})
    assert "at least 40 random characters" in said
    assert key not in said


def test_key_comes_from_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("k" * 50 + "\n")
    (tmp_path / "encryption.keys").write_text(TEST_KEYS["ENCRYPTION_KEYS"])
    done = subprocess.run(
        [sys.executable, "-c", SHOW, "SECRET_KEY"],
        cwd=ROOT, env=bare_environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"SECRET_KEY": "k" * 50}


def test_public_address_without_hosts_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, PUBLIC_URL="https://hooks.example.com", **TEST_KEYS)
    assert "Set ALLOWED_HOSTS=hooks.example.com" in said


@pytest.mark.parametrize(
    ("hosts", "public", "allowed"),
    [
        ([], "localhost", True),
        ([], "127.0.0.1", True),
        ([], "hooks.example.com", False),
        ([], "", False),
        (["other.example.com"], "hooks.example.com", False),
        (["other.example.com"], "localhost", False),
        (["hooks.example.com"], "hooks.example.com", True),
        ([".example.com"], "hooks.example.com", True),
        ([".example.com"], "badexample.com", False),
        (["[2001:db8::1]"], "2001:db8::1", True),
        (["*"], "hooks.example.com", True),
    ],
)
def test_hosts_must_cover_the_public_address(hosts: list[str], public: str, allowed: bool) -> None:
    if allowed:
        assert checked_hosts(hosts, public)
    else:
        with pytest.raises(Exception, match="ALLOWED_HOSTS"):
            checked_hosts(hosts, public)


SECURE = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS")


def test_https_makes_cookies_secure_and_sends_hsts(tmp_path: Path) -> None:
    variables = {"PUBLIC_URL": "https://a.example.com", "ALLOWED_HOSTS": "a.example.com"}
    assert shown(tmp_path, *SECURE, **variables) == dict(
        zip(SECURE, (True, True, 31_536_000), strict=True)
    )
    assert shown(tmp_path, *SECURE) == dict(zip(SECURE, (False, False, 0), strict=True))


def test_proxy_header_is_trusted_only_when_asked(tmp_path: Path) -> None:
    name = "SECURE_PROXY_SSL_HEADER"
    assert shown(tmp_path, name) == {name: None}
    assert shown(tmp_path, name, TRUST_X_FORWARDED_PROTO="True") == {
        name: ["HTTP_X_FORWARDED_PROTO", "https"]
    }


def test_ongages_largest_batch_is_not_cut_by_django() -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE > 8 * 1024 * 1024


def test_example_file_lists_every_variable_and_no_other() -> None:
    listed = set(
        re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    internal = {"PATCHBAY_TESTING", "PATCHBAY_SUPERVISOR", "DJANGO_SETTINGS_MODULE", "NO_COLOR"}
    assert listed == variables_read() - internal


def variables_read() -> set[str]:
    """Return the first argument of every reading of the environment in the production code."""
    found: set[str] = set()
    for package in ("config", "webhooks", "contacts", "integrations", "sites", "common"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found |= _variable_of(node)
    return found


def _variable_of(node: ast.AST) -> set[str]:
    if not isinstance(node, ast.Call) or not node.args:
        return set()
    function, name = ast.unparse(node.func), node.args[0]
    reads = re.fullmatch(
        r"env\.\w+|os\.environ\.(get|setdefault)|os\.getenv|key_text|whole_number|one_of", function
    )
    is_name = isinstance(name, ast.Constant) and isinstance(name.value, str)
    return {name.value} if reads and is_name else set()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", [False, "dummy", "", 25, False, False]),
        ("consolemail://", [True, "console", "", 25, False, False]),
        ("smtp://mail.example.com", [True, "smtp", "mail.example.com", 25, False, False]),
        ("smtp+tls://a:b%40c@mail.example.com",
         [True, "smtp", "mail.example.com", 587, True, False]),
        ("smtp+ssl://a:b@mail.example.com:1465",
         [True, "smtp", "mail.example.com", 1465, False, True]),
    ],
)  # fmt: skip
def test_mail_server_is_one_address(tmp_path: Path, url: str, expected: list[object]) -> None:
    names = ("EMAIL_IS_ON", "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS",
             "EMAIL_USE_SSL", "EMAIL_HOST_PASSWORD")  # fmt: skip
    found = shown(tmp_path, *names, EMAIL_URL=url)
    password = found.pop("EMAIL_HOST_PASSWORD")
    values = list(found.values())
    values[1] = str(values[1]).split(".")[-2]
    assert values == expected
    assert password == ("b@c" if "%40" in url else "b" if "@" in url else "")


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "smtp://", "http://a:hunter2@mail.example.com",
     "smtp://a:hunter2@mail.example.com:port", "smtp://a:hunter2@mail.example.com?timeout=3"],
)  # fmt: skip
def test_mail_server_that_makes_no_sense_is_refused_unquoted(tmp_path: Path, url: str) -> None:
    told = refusal(tmp_path, **TEST_KEYS, EMAIL_URL=url)
    assert "EMAIL_URL must be smtp+tls://user:password@host:587" in told
    assert "hunter2" not in told
