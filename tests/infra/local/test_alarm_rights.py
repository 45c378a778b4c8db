"""Policies that name alarms are held to what a request deletes."""

from __future__ import annotations

import json

import pytest

from infra.local.gaps.alarm_rights import first_alarm

pytestmark = pytest.mark.fast


def test_the_first_alarm_of_a_request_is_the_one_it_is_about() -> None:
    """In JSON, as SDKs send it now, and as a query; a request about none names none."""
    assert first_alarm(json.dumps({"AlarmNames": ["a", "b"]}).encode(), {}) == "a"
    assert first_alarm(b"Action=DeleteAlarms", {"AlarmNames.member.1": ["a"]}) == "a"
    assert first_alarm(b"{}", {}) == ""
