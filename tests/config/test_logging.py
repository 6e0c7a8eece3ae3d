from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django_q.signals import post_execute_in_worker, pre_execute

from config.log_context import RequestLogMiddleware
from config.logging import formatter


class Captured:
    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter(human=False))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Captured]:
    captured = Captured()
    root = logging.getLogger()
    root.addHandler(captured.handler)
    level = root.level
    root.setLevel(logging.INFO)
    yield captured
    root.removeHandler(captured.handler)
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()


SECRET = "hunter2-canary"


@pytest.mark.parametrize(
    "fields",
    [
        {"password": SECRET},
        {"signing_secret": SECRET},
        {"api_key": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"body": SECRET},
        {"headers": {"x": SECRET}},
        {"nested": {"deeper": {"token": SECRET}}},
        {"items": [{"token": SECRET}]},
        {"url": f"https://example.com/in/1?token={SECRET}&a=1"},
        {"url": f"postgres://patchbay:{SECRET}@db/patchbay"},
        {"text": f"sent Bearer {SECRET} along"},
        {"text": f"whsec_{SECRET}"},
    ],
    ids=str,
)
def test_secret_never_reaches_a_line(log: Captured, fields: dict[str, Any]) -> None:
    structlog.get_logger("t").info("it happened", **fields)
    assert log.lines()[0]["event"] == "it happened"
    assert SECRET not in log.stream.getvalue()


def test_text_made_to_be_slow_is_a_line_like_any_other(log: Captured) -> None:
    structlog.get_logger("t").info("it happened", text="?" + "key" * 200_000)
    structlog.get_logger("t").info("it happened", text=f"?{'key' * 200_000}={SECRET}")
    assert SECRET not in log.stream.getvalue()
    assert len(log.lines()) == 2


def test_secret_in_a_traceback_is_masked(log: Captured) -> None:
    try:
        int(f"GET /in/1?secret={SECRET} by jane@example.com")
    except ValueError:
        logging.getLogger("t").exception("failed")
        structlog.get_logger("t").exception("failed")
    for line in log.lines():
        assert "GET /in/1?secret=•••" in line["exception"]
        assert "jane@example.com" not in line["exception"]
        assert SECRET not in line["exception"]


def test_foreign_records_are_the_same_kind_of_line(log: Captured) -> None:
    logging.getLogger("django.db").warning("row %s of %s", 3, 7)
    line = log.lines()[0]
    assert (line["event"], line["level"], line["logger"]) == ("row 3 of 7", "warning", "django.db")


def test_sender_cannot_forge_a_line(log: Captured) -> None:
    structlog.get_logger("t").info("from", header="a\n{}\r\x1b[31m\u2028\u202eb")
    assert log.stream.getvalue().count("\n") == 1
    assert log.lines()[0]["header"] == "a\\n{}\\r\\x1b[31m\\u2028\\u202eb"


def test_person_sees_no_control_characters_either() -> None:
    record = logging.LogRecord("t", logging.INFO, "", 0, "a\x1b[2Jb\nc", None, None)
    shown = formatter(human=True).format(record)
    assert "\x1b[2J" not in shown
    assert "\n" not in shown


def test_request_id_is_on_the_lines_and_in_the_answer(log: Captured) -> None:
    def view(_: HttpRequest) -> HttpResponse:
        structlog.get_logger("t").info("inside")
        return HttpResponse()

    first = RequestLogMiddleware(view)(HttpRequest())["X-Request-Id"]
    second = RequestLogMiddleware(view)(HttpRequest())["X-Request-Id"]
    assert [line["request_id"] for line in log.lines()] == [first, second]
    assert first != second


def test_job_id_is_on_the_lines_of_its_run_only(log: Captured) -> None:
    task = {"id": "abc", "func": "sites.jobs.run", "args": (SECRET,)}
    pre_execute.send(sender="django_q", func=None, task=task)
    structlog.get_logger("t").info("during")
    post_execute_in_worker.send(sender="django_q", func=None, task=task)
    structlog.get_logger("t").info("after")
    during, after = log.lines()
    assert (during["job_id"], during["job"]) == ("abc", "sites.jobs.run")
    assert "job_id" not in after
    assert SECRET not in log.stream.getvalue()


def test_a_host_name_of_a_strangers_choice_leaves_no_line(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/admin/login/", headers={"host": "evil.example.com"})
    assert response.status_code == 400
    assert not caplog.records


@pytest.mark.parametrize(
    "sent",
    [
        "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1),
        "x&" * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1),
    ],
    ids=["bytes", "values"],
)
def test_too_much_of_a_stranger_leaves_no_line(caplog: pytest.LogCaptureFixture, sent: str) -> None:
    # The check of the token is the first that reads what was sent.
    client = Client(enforce_csrf_checks=True)
    client.cookies.load({settings.CSRF_COOKIE_NAME: "t" * 32})
    form = "application/x-www-form-urlencoded"
    assert client.post("/admin/login/", sent, content_type=form).status_code == 400
    assert not caplog.records
