"""Who may decide in a stack, whichever door they come by, how many have to say yes, and who counts as one. Pure.

A list names people by their verified e-mail address or subject, which the sign-in compares, and identities in AWS by
their ARN. A session of a role is called what whoever begins it likes: sessions of one role are one person, unless IAM
Identity Center names them after its users, or the list names them one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workflow.contract.vote import read_required

IDENTITY_CENTER = "AWSReservedSSO_"
"""What the names of roles begin with whose sessions AWS names after the users of IAM Identity Center."""

SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/(?P<name>.+)")


@dataclass(frozen=True)
class Approvers:
    """What a stack says of its approvers.

    ``required`` is how many people have to say yes. ``listed`` and ``group`` are empty where everybody may decide whom
    a door lets in. ``sign_in`` says that an issuer tells who comes by the mailed link, ``starter_may`` that who started
    a run may approve it.
    """

    required: int
    listed: frozenset[str]
    group: str
    sign_in: bool
    starter_may: bool

    @staticmethod
    def read(environ: Mapping[str, str]) -> Approvers:
        """Read the settings from environment variables."""
        return Approvers(
            required=read_required(environ),
            listed=read_list(environ),
            group=environ.get("APPROVERS_GROUP", ""),
            sign_in=bool(environ.get("OIDC_ISSUER")),
            starter_may=environ.get("SELF_APPROVAL", "") == "allow",
        )

    @property
    def link_is_closed(self) -> bool:
        """Whether nobody decides at the mailed link, because it does not tell who of the approvers comes by it."""
        return not self.sign_in and (self.required > 1 or self._are_named())

    @property
    def are_told_apart(self) -> bool:
        """Whether every decision is somebody's, so that who started a run can be kept from approving it."""
        return self.sign_in or self.link_is_closed

    def lets(self, arn: str) -> bool:
        """Whether an identity in AWS may decide. A group says nothing of it: where there is one, the list has to."""
        if not self._are_named() or arn in self.listed:
            return True
        session = SESSION.fullmatch(arn)
        if session is None:
            return False
        # An address alone is the same person everywhere; a bare name may be another's subject at the issuer.
        address = session["name"].casefold() if _is_of_identity_center(session) and "@" in session["name"] else ""
        return address in map(str.casefold, self.listed) or self._lists_role(session)

    def names(self, arn: str) -> tuple[str, ...]:
        """Everything that an identity in AWS is called: its ARN, and its role where sessions are not told apart."""
        if ":sts:" not in arn:
            return (arn,)
        session = SESSION.fullmatch(arn)
        named = arn in self.listed and not (session and self._lists_role(session))
        if named or (session and _is_of_identity_center(session)):
            return (arn,)
        return (arn, arn.rpartition("/")[0])

    def _are_named(self) -> bool:
        return bool(self.listed or self.group)

    def _lists_role(self, session: re.Match[str]) -> bool:
        role = re.compile(
            f"arn:{re.escape(session['partition'])}:iam::{session['account']}:role/(.+/)?{re.escape(session['role'])}"
        )
        return any(role.fullmatch(name) for name in self.listed)


def read_list(environ: Mapping[str, str]) -> frozenset[str]:
    """The names that the stack lists."""
    listed = (name.strip() for name in environ.get("APPROVERS", "").split(","))
    return frozenset(name for name in listed if name)


def _is_of_identity_center(session: re.Match[str]) -> bool:
    return session["role"].startswith(IDENTITY_CENTER)
