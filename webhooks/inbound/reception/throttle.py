"""The buckets of reception: per source and per client address."""

from __future__ import annotations

from common.endpoint.throttle import Throttle

throttle = Throttle()
