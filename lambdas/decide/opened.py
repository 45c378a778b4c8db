"""The approval requests that are open, whichever way in asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from lambdas.decide.deciding import find
from lambdas.decide.services import dynamodb, environment, logger
from workflow.contract.approval import StoredApproval
from workflow.contract.reading import ContractError
from workflow.contract.table_keys import OPEN


def list_open() -> Iterator[str]:
    """The keys of every request that waits, or was decided and not delivered.

    Those that have a secret, which leaves the table once they are over: the index holds no others, however long the
    table remembers. One that waits without a secret was asked before the table kept digests: nobody can answer it.
    """
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=environment.table, IndexName=OPEN, ProjectionExpression="id"
    )
    for page in pages:
        for item in page["Items"]:
            yield str(item["id"])


def read_open() -> Iterator[StoredApproval]:
    """Every one of them that can be read: one that is damaged must not keep anybody from the others."""
    for key in list_open():
        item = find(key)
        try:
            if item is not None:
                yield StoredApproval.parse(item)
        except ContractError as error:
            logger.error("a request cannot be read", error=type(error).__name__)
