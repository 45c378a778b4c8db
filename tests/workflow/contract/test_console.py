"""Where a mail or a page leads in the AWS console, partition by partition."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.contract.console import HOSTS, Console
from workflow.contract.console_links import Places, render_links, write_links

EXECUTION = "arn:{}:states:{}:123456789012:execution:greenlight-build:2026-11-21T10-14-03"
HOME = Console("console.aws.amazon.com", "eu-central-1")
ALL = Places(
    execution=EXECUTION.format("aws", "eu-central-1"),
    training_job="one-train-0-0",
    processing_job="one-prepare-0-0",
    transform_job="one-answer-0-0",
    search="one-tune-0-0",
    endpoint="greenlight-production",
    report="s3://bucket/runs/a b/report/index.html",
    data="s3://bucket/runs/one/dataset/data.html",
    dashboard="greenlight",
)


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-central-1", "console.aws.amazon.com"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
    ],
)
def test_every_link_stays_in_its_partition_and_region(partition: str, region: str, host: str) -> None:
    """An execution in GovCloud is not looked for in the commercial console."""
    console = Console.of(EXECUTION.format(partition, region), {})
    assert console == Console(host, region)
    links = ALL.links(console)
    assert len(links) == 13
    for _, address in links:
        assert address.startswith(f"https://{host}/")
        assert f"region={region}" in address


def test_each_page_of_the_console_is_named_as_the_console_names_it() -> None:
    """As they stand in a browser that shows them."""
    arn, home = EXECUTION.format("aws", "eu-central-1"), "https://console.aws.amazon.com"
    assert [address.removeprefix(home) for _, address in ALL.links(HOME)] == [
        f"/states/home?region=eu-central-1#/v2/executions/details/{arn}",
        "/sagemaker/home?region=eu-central-1#/jobs/one-train-0-0",
        "/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FTrainingJobs"
        "$3FlogStreamNameFilter$3Done-train-0-0",
        "/sagemaker/home?region=eu-central-1#/processing-jobs/one-prepare-0-0",
        "/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FProcessingJobs"
        "$3FlogStreamNameFilter$3Done-prepare-0-0",
        "/sagemaker/home?region=eu-central-1#/transform-jobs/one-answer-0-0",
        "/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FTransformJobs"
        "$3FlogStreamNameFilter$3Done-answer-0-0",
        "/sagemaker/home?region=eu-central-1#/hyper-tuning-jobs/one-tune-0-0",
        "/sagemaker/home?region=eu-central-1#/endpoints/greenlight-production",
        "/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/"
        "$252Faws$252Fsagemaker$252FEndpoints$252Fgreenlight-production",
        "/s3/object/bucket?region=eu-central-1&prefix=runs%2Fa%20b%2Freport%2Findex.html",
        "/s3/object/bucket?region=eu-central-1&prefix=runs%2Fone%2Fdataset%2Fdata.html",
        "/cloudwatch/home?region=eu-central-1#dashboards:name=greenlight",
    ]


@pytest.mark.parametrize("arn", ["", None, "arn:aws-iso:states:us-iso-east-1:123456789012:execution:a:b", "arn:one", 7])
def test_there_is_no_link_where_nobody_knows_the_console(arn: object) -> None:
    """No link is better than a wrong one."""
    assert Console.of(arn, {}) is None
    assert ALL.links(None) == ()
    assert write_links(()) == []
    assert render_links(()) == ""


def test_there_is_no_link_on_the_stand_in() -> None:
    """It has no console, and its account is nobody's."""
    arn = EXECUTION.format("aws", "us-east-1")
    assert Console.of(arn, {}) is not None
    assert Console.of(arn, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}) is None


def test_a_report_at_no_address_is_left_out_and_the_rest_stays() -> None:
    """A notice is sent all the same."""
    assert [word for word, _ in Places(execution="arn:x", report="unknown").links(HOME)] == ["Execution"]


class Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.other: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))
        else:
            self.other.append(tag)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.just('"><script>https://evil.example/\u2028#@'))
def test_no_name_leads_anywhere_else(name: str) -> None:
    """Whatever an execution is called: one host, one line, no markup; and it comes back as it was."""
    links = Places(execution=name, training_job=name, endpoint=name, dashboard=name).links(HOME)
    for _, address in links:
        assert urlsplit(address).hostname == "console.aws.amazon.com"
        assert address.isascii()
        assert address.count("://") == 1
        assert not set(address) & set(' "<>\n')
    if name:
        assert unquote(dict(links)["Execution"]).endswith(f"/details/{name}")
    assert len(write_links(links)) == (len(links) + 2 if links else 0)
    page = Anchors()
    page.feed(render_links(links))
    assert [anchor["href"] for anchor in page.found] == [address for _, address in links]
    assert all(anchor["rel"] == "noopener noreferrer" for anchor in page.found)
    assert page.other in ([], ["p"])


def test_the_consoles_are_those_of_aws() -> None:
    """China's and GovCloud's are no part of the commercial one."""
    assert set(HOSTS) == {"aws", "aws-us-gov", "aws-cn"}
