"""Stands in for wrk: keeps connections busy and reads every answer.

Costs more CPU than wrk does, which the server then lacks: its figures are lower. It knows each
acknowledged id, so that the check afterwards is exact.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.load import Load

_STATUS: Final = re.compile(rb"^HTTP/1\.1 (\d{3})")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID: Final = re.compile(rb'"id" *: *"([^"]+)"')


def signed_requests(file: Path, path: str, timestamp: str) -> Iterator[bytes]:
    """Yield the requests of a file made by `traffic`, ready for the wire."""
    with file.open("rb") as lines:
        body = lines.readline().rstrip(b"\n")
        for line in lines:
            message_id, signature = line.split()
            yield (
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nsvix-id: {message_id.decode()}\r\n"
                f"svix-timestamp: {timestamp}\r\nsvix-signature: {signature.decode()}\r\n\r\n"
            ).encode() + body


def drive(port: int, requests: Iterator[bytes], *, seconds: int, connections: int) -> Load:
    """Send requests over that many connections until the time is up or none is left."""
    return asyncio.run(_drive(port, requests, seconds, connections))


async def _drive(port: int, requests: Iterator[bytes], seconds: int, connections: int) -> Load:
    load = Load(acknowledged=0, refused=0, failed=0, seconds=0.0, p50_ms=0.0, p99_ms=0.0)
    latencies: list[float] = []
    started = time.perf_counter()
    until = started + seconds
    await asyncio.gather(
        *(_connection(port, requests, until, load, latencies) for _ in range(connections))
    )
    load.seconds = time.perf_counter() - started
    latencies.sort()
    if latencies:
        load.p50_ms = latencies[len(latencies) // 2] * 1e3
        load.p99_ms = latencies[len(latencies) * 99 // 100] * 1e3
    return load


async def _connection(
    port: int, requests: Iterator[bytes], until: float, load: Load, latencies: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for request in requests:
            sent_at = time.perf_counter()
            if sent_at >= until:
                break
            writer.write(request)
            status, body = await _answer(reader)
            latencies.append(time.perf_counter() - sent_at)
            _count(load, status, body)
    except (OSError, asyncio.IncompleteReadError):
        load.failed += 1
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status, length = _STATUS.search(head), _LENGTH.search(head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return int(status[1]) if status else 0, body


def _count(load: Load, status: int, body: bytes) -> None:
    if not 200 <= status < 300:
        load.refused += 1
        return
    load.acknowledged += 1
    found = _ID.search(body)
    if found:
        load.acknowledged_ids.append(found[1].decode())
