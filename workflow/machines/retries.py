"""What each kind of call is retried for, and how long: what passes by itself, a quota in use, a mail not sent."""

from __future__ import annotations

from workflow.contract.failures import (
    ENDPOINT_LEAVES_BY_FUNCTION,
    ENDPOINT_MOVES_BY_FUNCTION,
    NOT_ASKED_BY_FUNCTION,
)
from workflow.machines.states import Retry


def retry_lambda() -> list[Retry]:
    """Retries of a Lambda state: the errors that AWS says pass by themselves."""
    return [
        Retry(
            error_equals=[
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException",
            ],
            interval_seconds=2,
            max_attempts=6,
            backoff_rate=2.0,
            max_delay_seconds=60,
            jitter_strategy="FULL",
        )
    ]


def retry_asking() -> list[Retry]:
    """Retries of a question that reached nobody: soon at first, then each quarter of an hour, about six hours in all.

    The training before it is paid for. The function's own error, and what Lambda says of a function that was cut off.
    """
    return [
        Retry(
            error_equals=[NOT_ASKED_BY_FUNCTION, "Sandbox.Timedout", "Lambda.Unknown"],
            interval_seconds=15,
            max_attempts=50,
            backoff_rate=2.0,
            max_delay_seconds=900,
            jitter_strategy="FULL",
        )
    ]


def retry_sagemaker() -> list[Retry]:
    """Retries of a SageMaker call: throttling soon and a few times, a quota in use later and for about an hour."""
    return [*retry_throttled(), retry_quota()]


def retry_throttled() -> list[Retry]:
    """Retries of a SageMaker call that has its own way to wait for a quota."""
    return [
        Retry(
            error_equals=[
                "ThrottlingException",
                "SageMaker.ThrottlingException",
                "SageMaker.SdkClientException",
                # What Step Functions calls every error the service's model does not name, throttling among them.
                "SageMaker.AmazonSageMakerException",
                "SageMaker.SageMakerException",
            ],
            interval_seconds=5,
            max_attempts=4,
            backoff_rate=2.0,
            max_delay_seconds=120,
            jitter_strategy="FULL",
        ),
    ]


QUOTA = "SageMaker.ResourceLimitExceededException"
"""Both of a quota in use, which is free again later, and of one that the account does not have at all."""


def retry_quota() -> Retry:
    """Retries where a quota is in use; a retry cannot see whether there is any."""
    return Retry(
        error_equals=[QUOTA],
        interval_seconds=60,
        max_attempts=10,
        backoff_rate=1.5,
        max_delay_seconds=600,
        jitter_strategy="FULL",
    )


def retry_storage() -> list[Retry]:
    """Retries of an S3 call, which fails for a moment only."""
    return [_retry_for_a_moment("S3.SdkClientException", "S3.S3Exception")]


def retry_cloudwatch() -> list[Retry]:
    """Retries of a CloudWatch call: throttling, and what fails for a moment."""
    return [
        _retry_for_a_moment("ThrottlingException", "CloudWatch.SdkClientException", "CloudWatch.CloudWatchException")
    ]


def _retry_for_a_moment(*errors: str) -> Retry:
    return Retry(
        error_equals=list(errors),
        interval_seconds=2,
        max_attempts=4,
        backoff_rate=2.0,
        max_delay_seconds=30,
        jitter_strategy="FULL",
    )


def retry_planning() -> list[Retry]:
    """Retries of a release's plan while an endpoint is being put away: ten minutes, longer than SageMaker takes."""
    return [
        Retry(
            error_equals=[ENDPOINT_LEAVES_BY_FUNCTION],
            interval_seconds=30,
            max_attempts=40,
            backoff_rate=1.0,
            jitter_strategy="FULL",
        )
    ]


def retry_moving() -> list[Retry]:
    """Retries of a stage's plan while its endpoint is on its way to another configuration: an hour, as it may take.

    That is so where a release was stopped meanwhile, and is redriven.
    """
    return [
        Retry(
            error_equals=[ENDPOINT_MOVES_BY_FUNCTION],
            interval_seconds=30,
            max_attempts=240,
            backoff_rate=1.0,
            jitter_strategy="FULL",
        )
    ]
