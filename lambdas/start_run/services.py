"""What both ways into this function share: its settings, its clients, its log.

Made once, when Lambda loads the function.
"""

from __future__ import annotations

import os

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer

machine = os.environ["BUILD_MACHINE"]
"""The ARN of the machine that builds."""
logger = Logger()
tracer = Tracer()
metrics = Metrics()
stepfunctions = boto3.client("stepfunctions")
