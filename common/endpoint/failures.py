"""What the log says when an endpoint fails in a way that nobody foresaw."""

from __future__ import annotations

import logging
import traceback

logger = logging.getLogger(__name__)


def log_failure(endpoint: str, error: Exception) -> None:
    """Log the kind and the place of an error, never its text: that may quote the request."""
    frames = traceback.extract_tb(error.__traceback__)
    place = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    logger.error("%s failed: %s at %s", endpoint, type(error).__name__, place)
