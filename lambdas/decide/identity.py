"""Who signed in at the mailed link, and whether they may decide there. Pure.

Anything in doubt is a no: an e-mail address that the issuer did not verify is none, and neither is a group that no
claim names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.decide.approvers import read_list
from workflow.contract.plain_text import is_plain_name

NAME_LENGTH = 80
"""What a decision's name may have; whoever has a longer one decides at another door."""


class NobodyError(Exception):
    """The issuer does not say clearly who signed in: says why, without anything of the token."""


@dataclass(frozen=True)
class Person:
    """Who signed in. ``subject`` is the issuer's own name of them; ``email`` is empty where it did not verify one."""

    subject: str
    email: str

    @staticmethod
    def read(claims: Mapping[str, Any]) -> Person:
        """Read the claims of a checked ID token. Raises NobodyError where they give no plain name."""
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not subject:
            raise NobodyError("the token names no subject")
        verified = isinstance(email, str) and claims.get("email_verified") in (True, "true")
        person = Person(subject, str(email) if verified else "")
        if len(person.name) > NAME_LENGTH or not is_plain_name(person.name) or not person.name.strip():
            raise NobodyError("the name is no plain name")
        return person

    @property
    def name(self) -> str:
        """What a decision calls them."""
        return self.email or self.subject

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that they are called."""
        return tuple(name for name in (self.email, self.subject) if name)


@dataclass(frozen=True)
class Policy:
    """By whom, and how, a stack with an issuer lets approve at the mailed link.

    ``client_secret_arn`` is empty for a public client. ``approvers`` are verified e-mail addresses and subjects;
    ``group`` is looked for in the claim ``claim``.
    """

    issuer: str
    client_id: str
    client_secret_arn: str
    approvers: frozenset[str]
    group: str
    claim: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Policy | None:
        """Read the settings from environment variables; None where the stack names no issuer."""
        if not environ.get("OIDC_ISSUER"):
            return None
        return Policy(
            issuer=environ["OIDC_ISSUER"],
            client_id=environ.get("OIDC_CLIENT_ID", ""),
            client_secret_arn=environ.get("OIDC_CLIENT_SECRET_ARN", ""),
            approvers=read_list(environ),
            group=environ.get("APPROVERS_GROUP", ""),
            claim=environ.get("APPROVERS_CLAIM", "") or "groups",
        )

    def lets(self, person: Person, claims: Mapping[str, Any]) -> bool:
        """Whether somebody may decide, by a list or by a group of the checked token."""
        if person.subject in self.approvers:
            return True
        if person.email and person.email.casefold() in {name.casefold() for name in self.approvers}:
            return True
        groups = claims.get(self.claim)
        return bool(self.group) and (groups == self.group or (isinstance(groups, list) and self.group in groups))

    def fingerprint(self) -> str:
        """A text that changes with every setting, so that who signed in under others has to sign in again."""
        return repr((self.issuer, self.client_id, sorted(self.approvers), self.group, self.claim))
