"""What an endpoint takes and answers, in words and as OpenAPI 3.1.

A module next to each group of endpoints describes them with these; `config.api` puts the schema
together. Nothing of it is loaded before somebody asks for the schema.
"""

from __future__ import annotations

from common.endpoint.description.answers import Answer, Problem
from common.endpoint.description.group import Endpoint, Group
from common.endpoint.description.operation import Body, Operation
from common.endpoint.description.parameters import header, in_path, in_query
from common.endpoint.description.schemas import JSON, JsonSchema, ref

__all__ = [
    "JSON",
    "Answer",
    "Body",
    "Endpoint",
    "Group",
    "JsonSchema",
    "Operation",
    "Problem",
    "header",
    "in_path",
    "in_query",
    "ref",
]
