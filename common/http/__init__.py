"""Outbound HTTP: the one place that opens sockets to other systems."""

from common.http.exchange import (
    MOST_ANSWER_BYTES,
    FailureKind,
    HttpAnswer,
    HttpFailure,
    OutgoingRequest,
)

__all__ = ["MOST_ANSWER_BYTES", "FailureKind", "HttpAnswer", "HttpFailure", "OutgoingRequest"]
