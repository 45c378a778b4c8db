"""What all ways into this function share: its settings, its clients, its log.

Made once, when Lambda loads the function.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer

from lambdas.decide.approvers import Approvers
from lambdas.decide.identity import Policy


@dataclass(frozen=True)
class Environment:
    """The function's settings: the ARNs of the keys that decisions and requests are marked with, beside the table."""

    table: str
    decision_key: str
    request_key: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            table=environ["TABLE"], decision_key=environ["DECISION_KEY"], request_key=environ["REQUEST_KEY"]
        )


environment = Environment.read(os.environ)
policy = Policy.read(os.environ)
"""Who signs in at the mailed link, and who may approve there; None where the stack names no issuer."""
approvers = Approvers.read(os.environ)
"""Who may decide at any door, and how many have to say yes."""
logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
kms = boto3.client("kms")
stepfunctions = boto3.client("stepfunctions")
table = boto3.resource("dynamodb").Table(environment.table)
dynamodb = table.meta.client
