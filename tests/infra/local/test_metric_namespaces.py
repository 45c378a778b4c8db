"""What a policy is told of figures that somebody publishes."""

from __future__ import annotations

import json

import pytest

from infra.local.gaps.metric_namespaces import namespace_of


@pytest.mark.parametrize(
    ("body", "params", "found"),
    [
        (json.dumps({"Namespace": "Greenlight/Probe"}).encode(), {}, "Greenlight/Probe"),
        (b"Action=PutMetricData", {"Namespace": ["Greenlight/Probe"]}, "Greenlight/Probe"),
        (b"{}", {}, ""),
        (b"", {}, ""),
    ],
    ids=["JSON", "query", "none", "nothing"],
)
def test_the_namespace_is_read_in_every_form_of_a_request(
    body: bytes, params: dict[str, list[str]], found: str
) -> None:
    """One that names none matches no policy that asks for one."""
    assert namespace_of(body, params) == found
