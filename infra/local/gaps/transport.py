"""Gap: policies that ask for TLS. The engine is reached by plain HTTP, so it denies what such a policy guards.

A request from this machine to itself crosses no network; here it counts as one over TLS, and policies decide the rest.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ministack import app

from infra.local.gaps.patching import replace

_their_pin: Any = None


def _pin_request_origin(source_ip: str, secure_transport: bool) -> None:
    _their_pin(source_ip, secure_transport or _is_this_machine(source_ip))


def _is_this_machine(source_ip: str) -> bool:
    try:
        return ipaddress.ip_address(source_ip).is_loopback
    except ValueError:
        return False


def install() -> None:
    """Count requests over the loopback interface as secure."""
    global _their_pin
    _their_pin = replace(app, "pin_request_origin", _pin_request_origin)
