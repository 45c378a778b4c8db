"""Where a stack reads data and weights beside its own bucket: its parameter ``Sources``, and what to add to it.

A source is the ARN of a bucket's folder or object: the bucket's, a slash and how keys begin. The roles may read what
begins so. Pure.
"""

from __future__ import annotations

import re

from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError

_ARN = re.compile(r"arn:[a-z-]+:s3:::([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?")
_KEY = re.compile(r"arn:[a-z-]+:kms:[^:\s]+:\d+:key/[A-Za-z0-9-]+")


def split_sources(text: str) -> tuple[str, ...]:
    """The sources of a parameter, with commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def source_arn(address: str, partition: str) -> str:
    """An S3 address, or an ARN, as a source. Raises ContractError for anything else, and for wildcards."""
    if re.search(r"[*?]", address):
        raise ContractError(f"Sources: {address!r} has a wildcard; a source is the beginning of what may be read")
    found = _ARN.fullmatch(address)
    if found:
        return address if found[2] is not None else f"{address}/"
    bucket, key = split_s3_uri(address)
    return f"arn:{partition}:s3:::{bucket}/{key}"


def bucket_of(source: str) -> str:
    """The ARN of the bucket that a source is in."""
    return source.partition("/")[0]


def covers(sources: tuple[str, ...], uri: str) -> bool:
    """Whether an S3 address is within what a stack reads."""
    bucket, key = split_s3_uri(uri)
    return any(f"{bucket}/{key}".startswith(source.rpartition(":::")[2]) for source in sources)


def with_source(sources: tuple[str, ...], uri: str) -> str:
    """The parameter with one more source: what to give to ``greenlight deploy``."""
    return f"Sources={','.join((*sources, uri))}"


def explain_denial(uri: str, own: tuple[str, ...], sources: tuple[str, ...], keys: tuple[str, ...], said: str) -> str:
    """What to do about an address that a stack may not read; ``own`` is what it reads anyway, ``said`` S3's words."""
    if not covers((*own, *sources), uri):
        return (
            f"it is outside of what this stack reads. Let it: greenlight deploy --parameter {with_source(sources, uri)}"
        )
    key = _KEY.search(said)
    if "kms" in said.lower():
        named = key[0] if key else "ARN-OF-THE-KEY"
        listed = ",".join((*keys, named))
        return f"its key does not let the stack. Let it: greenlight deploy --parameter SourceKeys={listed}"
    return (
        "the bucket's own policy or its KMS key does not let the stack's roles: change the policy, or for the key "
        f"greenlight deploy --parameter SourceKeys={','.join((*keys, 'ARN-OF-THE-KEY'))}"
    )
