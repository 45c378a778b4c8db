"""Which identities in AWS a stack lets decide, and which of them it tells apart."""

from __future__ import annotations

import pytest

from lambdas.decide.approvers import Approvers
from workflow.contract.person import are_same

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/ada"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Approvers/ada"
CENTER = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Approvers_0a1b/ada@example.com"


def listing(*names: str, group: str = "") -> Approvers:
    """A stack that lists these names."""
    return Approvers.read({"APPROVERS": ", ".join(names), "APPROVERS_GROUP": group})


def test_where_nobody_is_named_whoever_may_call_decides() -> None:
    """As IAM says."""
    assert listing().lets(SESSION)


@pytest.mark.parametrize(
    ("arn", "listed"),
    [
        (USER, USER),
        (SESSION, SESSION),
        (SESSION, f"arn:aws:iam::{ACCOUNT}:role/Approvers"),
        (SESSION, f"arn:aws:iam::{ACCOUNT}:role/people/of/Approvers"),
        (CENTER, "Ada@example.com"),
        (CENTER, f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Approvers_0a1b"),
    ],
)
def test_an_identity_that_is_listed_decides(arn: str, listed: str) -> None:
    """A user or a session by its ARN, a role's sessions by the role's, a user of Identity Center by the name there."""
    assert listing("ben@example.com", listed).lets(arn)


@pytest.mark.parametrize(
    ("arn", "listed"),
    [
        (USER, "ada"),
        (SESSION, "ada"),
        (SESSION, f"arn:aws:iam::{ACCOUNT}:role/Approver"),
        (SESSION, f"arn:aws:iam::{ACCOUNT}:role/Approver."),
        (SESSION, "arn:aws:iam::999999999999:role/Approvers"),
        (SESSION, SESSION.replace("/ada", "/ben")),
        (USER.replace("/ada", "/adam"), USER),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/ada", "ada"),
        (CENTER, "ada"),
        (CENTER.removesuffix("@example.com"), "ada"),
        ("", "ada"),
    ],
)
def test_an_identity_that_is_not_listed_does_not(arn: str, listed: str) -> None:
    """Least of all one that has a listed name because somebody called their session so."""
    assert not listing(listed).lets(arn)


def test_a_group_names_no_identity_in_aws() -> None:
    """They have to be listed."""
    assert not listing(group="approvers").lets(USER)
    assert listing(USER, group="approvers").lets(USER)


@pytest.mark.parametrize(
    ("one", "other", "listed", "same"),
    [
        (USER, USER.replace("/ada", "/ben"), (), False),
        (SESSION, SESSION.replace("/ada", "/ben"), (), True),
        (SESSION, SESSION.replace("/ada", "/ben"), (SESSION, SESSION.replace("/ada", "/ben")), False),
        (SESSION, SESSION.replace("/ada", "/ben"), (SESSION, f"arn:aws:iam::{ACCOUNT}:role/Approvers"), True),
        (CENTER, CENTER.replace("/ada", "/ben"), (), False),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/ada", f"arn:aws:sts::{ACCOUNT}:federated-user/ben", (), True),
        (USER, CENTER, (), True),
        (USER, SESSION, (), True),
    ],
)
def test_sessions_are_one_person_unless_somebody_vouches_for_their_names(
    one: str, other: str, listed: tuple[str, ...], same: bool
) -> None:
    """Whoever begins a session names it; Identity Center does not let them, and a list of sessions is a word for it."""
    stack = listing(*listed)
    assert are_same(stack.names(one), stack.names(other)) is same


@pytest.mark.parametrize("said", ["two", "1.5"])
def test_a_number_that_is_none_lets_no_function_start(said: str) -> None:
    """Rather none than one."""
    with pytest.raises(ValueError, match="invalid literal"):
        Approvers.read({"REQUIRED_APPROVALS": said})
