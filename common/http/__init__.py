"""Outbound HTTP: the one place that opens sockets to other systems."""

from common.http.client import send
from common.http.exchange import (
    MOST_ANSWER_BYTES,
    FailureKind,
    HttpAnswer,
    HttpFailure,
    OutgoingRequest,
    Unsendable,
)
from common.http.headers import check_header_name, check_header_value
from common.http.urls import check_url

__all__ = [
    "MOST_ANSWER_BYTES",
    "FailureKind",
    "HttpAnswer",
    "HttpFailure",
    "OutgoingRequest",
    "Unsendable",
    "check_header_name",
    "check_header_value",
    "check_url",
    "send",
]
