from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.endpoint.description.operation import Operation
from common.endpoint.description.parameters import Parameter
from common.endpoint.description.schemas import JsonSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address, by its name in the URLconf, and what each of its methods does.

    `parameters` are those in the path, by the names that the URLconf gives them.
    """

    url_name: str
    operations: Mapping[str, Operation]
    parameters: Sequence[Parameter] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Endpoints that belong together, under one tag, with the schemas that they refer to."""

    tag: str
    description: str
    endpoints: Sequence[Endpoint]
    schemas: Mapping[str, JsonSchema] = field(default_factory=dict)
    security_schemes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
