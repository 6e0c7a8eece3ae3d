"""The schema itself: whole, valid OpenAPI 3.1, and served without cost to those who do not ask."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from io import StringIO
from typing import Any, Final

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from config.api.generator import public_schema, routes
from config.environment import BASE_DIR

_METHODS: Final = frozenset(("get", "post", "put", "patch", "delete", "options"))
# The console answers there, by a redirect; and people open links to the portal.
_NOT_CALLED_BY_SYSTEMS: Final = frozenset(("/",))
_PORTAL: Final = "/portal/"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return public_schema()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in _METHODS)


def test_every_address_outside_the_console_is_described(document: dict[str, Any]) -> None:
    # Both slash forms are one address.
    known = {path.removesuffix("/") or "/" for path, _ in routes() if not path.startswith(_PORTAL)}
    assert known - _NOT_CALLED_BY_SYSTEMS == set(document["paths"])


def test_it_is_valid_and_nothing_is_warned_of() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_its_schemas_are_json_schemas_and_every_reference_leads_somewhere(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    referred = {each.rpartition("/")[2] for each in _references(document)}
    assert referred == set(schemas)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(target := part.get("$ref"), str):
            yield target
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _references(each)


def test_operations_have_names_words_and_a_tag_that_is_described(document: dict[str, Any]) -> None:
    found = list(operations(document))
    assert len({each["operationId"] for each in found}) == len(found)
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for operation in found:
        assert operation["summary"]
        assert set(operation["tags"]) <= tags
        assert all(each["description"] for each in operation["responses"].values())
    used = {name for each in found for choice in each["security"] for name in choice}
    assert used == set(document["components"]["securitySchemes"])


def test_every_name_in_an_address_is_a_parameter(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in _METHODS & item.keys():
            given = item[method].get("parameters", ())
            names = {each["name"] for each in given if each["in"] == "path"}
            assert names == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_it_tells_the_version_that_is_installed(document: dict[str, Any]) -> None:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    assert document["info"]["version"] == project["project"]["version"]
    assert document["openapi"].startswith("3.1.")
    assert [server["url"] for server in document["servers"]] == ["/"]


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("*/*", "", "application/yaml"),
        ("application/yaml", "", "application/yaml"),
        ("application/json", "", "application/json"),
        ("application/vnd.oai.openapi+json", "", "application/vnd.oai.openapi+json"),
        ("*/*", "?format=json", "application/json"),
        ("text/html, */*;q=0.8", "?format=yaml", "application/yaml"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_it_is_served_as_yaml_and_as_json(
    client: Client, document: dict[str, Any], accept: str, query: str, media_type: str, slash: str
) -> None:
    response = client.get(f"/api/schema{slash}{query}", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    read = json.loads if "json" in media_type else yaml.safe_load
    assert read(response.content) == json.loads(json.dumps(document))


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs"])
def test_other_methods_are_told_which_there_are(path: str) -> None:
    response = Client(enforce_csrf_checks=True).post(path)
    assert (response.status_code, response.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_web_process_that_starts_does_not_load_it() -> None:
    program = (
        "import django, sys; django.setup(); from django.urls import get_resolver; "
        "get_resolver().url_patterns; import config.reception_first; "
        "print([name for name in sys.modules if name.startswith(('drf_spectacular.generators', "
        "'drf_spectacular.openapi', 'common.endpoint.description', 'config.api.generator'))])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
