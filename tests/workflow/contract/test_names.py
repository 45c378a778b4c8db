"""Names and addresses as AWS takes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.contract.names import JOB_NAME_LENGTH, SUBJECT_LENGTH, job_name, split_s3_uri, subject_line
from workflow.contract.reading import ContractError


@given(run=st.text(min_size=0, max_size=200), step=st.sampled_from(["prepare", "train", "tune", "evaluate"]))
def test_a_job_name_is_valid_with_its_suffix(run: str, step: str) -> None:
    """Whatever a run is called, SageMaker takes the name, retry suffix included."""
    name = job_name(run, step) + "-10-99"
    assert len(name) <= JOB_NAME_LENGTH
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)


def test_long_names_that_differ_stay_different() -> None:
    """Shortening must not make two runs share a job name."""
    assert job_name("x" * 70 + "1", "train") != job_name("x" * 70 + "2", "train")


@given(st.text(max_size=300))
def test_any_text_becomes_a_subject_that_sns_takes(text: str) -> None:
    """Printable ASCII on one line, never empty, never too long."""
    subject = subject_line(text)
    assert 0 < len(subject) <= SUBJECT_LENGTH
    assert subject.isascii()
    assert subject.isprintable()


@pytest.mark.parametrize("address", ["", "s3:/a/b", "https://a/b", "s3://A_b/c", "s3://"])
def test_what_is_no_s3_address_is_refused(address: str) -> None:
    """A typed path is told from an address before anything is fetched."""
    with pytest.raises(ContractError):
        split_s3_uri(address)


def test_an_s3_address_is_split_at_its_first_slash() -> None:
    """Also one without a key."""
    assert split_s3_uri("s3://a-bucket/a/b/") == ("a-bucket", "a/b/")
    assert split_s3_uri("s3://a-bucket") == ("a-bucket", "")
