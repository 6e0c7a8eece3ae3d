"""The address that web will listen on."""

from __future__ import annotations

import errno
import socket

from config.environment import LOOPBACK_HOSTS
from config.start_failure import StartFailed


def check_address(host: str, port: int) -> None:
    """Refuse an address that web could not bind."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise StartFailed(
            f"“{host}” is not an address of this machine. Try --host 0.0.0.0."
        ) from None
    except OSError as error:
        raise StartFailed(_sentence(error, host, port)) from error


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Stop what uses it, or choose another: --port {port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023: --port."
    return f"{host} port {port} cannot be used: {error.strerror}. Choose another --host or --port."


def local_url(host: str, port: int) -> str:
    """Return where a browser on this machine reaches web."""
    name = "localhost" if host in (*LOOPBACK_HOSTS, "0.0.0.0", "::") else host  # noqa: S104
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
