"""Runs a collection as somebody does who imports it into Postman and presses Send."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.newman.installation import newman_command
from tests.outside_tools import missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one request; `sent` is the body as it went out."""

    status: int
    content: bytes
    sent: str

    @property
    def body(self) -> Any:
        return json.loads(self.content)


RunNewman = Callable[..., list[Answer]]


@pytest.fixture
def run_newman(tmp_path: Path) -> RunNewman:
    """Run a collection, its variables filled in: `run_newman(collection, api_key="…")`."""
    command = newman_command()
    if command is None:
        missing("NEWMAN")

    def run(collection: Mapping[str, Any], **variables: str) -> list[Answer]:
        given, told = tmp_path / "collection.json", tmp_path / "report.json"
        given.write_text(json.dumps(_filled_in(collection, variables)), encoding="utf-8")
        told.unlink(missing_ok=True)
        done = subprocess.run(
            [
                *command, "run", str(given), "--reporters", "cli,json",
                "--reporter-json-export", str(told), "--timeout", "60000",
            ],
            # Whatever proxy a developer has: the servers of the tests are on loopback.
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(told.read_text(encoding="utf-8"))["run"]
        assert report["failures"] == []
        return [_answer(execution) for execution in report["executions"]]

    return run


def _filled_in(collection: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    rows = [dict(row) for row in collection["variable"]]
    assert {row["key"] for row in rows} == set(variables)
    for row in rows:
        row["value"] = variables[row["key"]]
    return {**collection, "variable": rows}


def _answer(execution: Mapping[str, Any]) -> Answer:
    response = execution["response"]
    return Answer(
        status=response["code"],
        content=bytes(response["stream"]["data"]) if "stream" in response else b"",
        sent=execution["request"]["body"]["raw"],
    )
