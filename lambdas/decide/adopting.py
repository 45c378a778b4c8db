"""The edge of an adoption: reads the registry and what lies in S3, signs, and writes the decision once.

Whoever may decide at the command line may adopt. What was decided about a version before stands, whatever it says; but
an approval from before what a release is tried with was signed for is taken over like one from before all signing.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from lambdas.decide import response, services
from lambdas.decide.adoption import EVALUATION, REPORT, Adoption, Registered, Stored, check_replaced, draw_up
from lambdas.decide.answer import UnusableError
from lambdas.decide.deciding import is_asked
from lambdas.decide.opened import read_open
from lambdas.decide.services import dynamodb, logger, metrics, s3, table
from lambdas.decide.standing import believe, find_decision, sign
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.names import NOT_THERE
from workflow.contract.reading import ContractError
from workflow.contract.stored import hash_stored
from workflow.contract.stored_smoke import read_smoke

package_group = os.environ["PROJECT"]
"""The model package group has the project's name."""
sagemaker = boto3.client("sagemaker")

ONE_PERSON = (
    "an adoption is one person's, and this stack requires several: no release would believe it. Build the model anew, "
    "so that they are asked."
)


def answer(given: object, caller: str, function_arn: str, now_epoch: int) -> dict[str, Any]:
    """Adopt a version as ``caller``: 200 with the decision, 409 with the one that stands or with what is against it.

    ``given`` is ``{"version", "reason"}``; ``function_arn`` is the function's own, in whose account and region the
    registry is.
    """
    try:
        asked = Adoption.read(given)
        if services.approvers.required > 1:
            raise UnusableError(ONE_PERSON)
        arn = package_arn(function_arn, asked.version)
        check_not_asked(arn, now_epoch)
        decision = draw_up(*look(arn), asked.reason, caller, now_epoch)
        standing = record(SignedDecision(decision, sign(decision)))
    except ContractError as error:
        return response.document(400, {"error": str(error)})
    except UnusableError as error:
        return response.document(409, {"error": str(error)})
    # The same order again, whose answer was lost, is no second one.
    adopted = replace(standing, at_epoch=decision.at_epoch) == decision
    if adopted:
        logger.info("adopted", package_version=decision.package_version)
        metrics.add_metric(name="Adopted", unit=MetricUnit.Count, value=1)
    return response.document(200 if adopted else 409, standing.document())


def package_arn(function_arn: str, version: int) -> str:
    """The ARN of a version in the stack's own group."""
    _, partition, _, region, account, *_ = function_arn.split(":")
    return f"arn:{partition}:sagemaker:{region}:{account}:model-package/{package_group}/{version}"


def check_not_asked(arn: str, now_epoch: int) -> None:
    """Raise UnusableError where people are asked about a version that nobody decided about: who may approve is known.

    Adopting it would let who started its run approve it, by setting its status first.
    """
    if find_decision(arn) is not None:
        return
    for approval in read_open():
        if (approval.package_arn, approval.scope) == (arn, "") and approval.waits(now_epoch) and is_asked(approval):
            run, version = approval.request.run, approval.request.package_version
            raise UnusableError(f"version {version} waits for a decision: greenlight approve {run}")


def look(arn: str) -> tuple[Registered, Stored]:
    """A version as it is registered, and as it lies in S3 now. Raises UnusableError where it cannot be adopted."""
    try:
        described = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            raise UnusableError(f"there is no version {arn.rpartition('/')[2]}.") from error
        raise
    registered = Registered.read(described, package_group)
    folder = registered.evaluation_uri
    return registered, Stored(
        archive_digest=hash_object(registered.archive_uri),
        evaluation_digest=hash_object(folder + EVALUATION),
        smoke_digest=hash_smoke(folder),
        report_digest=hash_object(folder + REPORT),
    )


def record(signed: SignedDecision) -> Decision:
    """Write a decision unless there is one already; the one that then stands.

    Raises UnusableError where what stands cannot be read, carries no mark of ours, or approved other bytes.
    """
    try:
        table.put_item(Item=signed.item(), ConditionExpression="attribute_not_exists(id)")
    except dynamodb.exceptions.ConditionalCheckFailedException:
        standing = find_decision(signed.decision.model_package_arn)
        if standing is None:
            raise UnusableError("what stands for this version is gone meanwhile.") from None
        decision = believe(standing)
        if not (decision.approved and not decision.smoke_digest):
            return decision
        check_replaced(decision, signed.decision)
        replace_approval(standing, signed)
    return signed.decision


def replace_approval(older: SignedDecision, signed: SignedDecision) -> None:
    """Write a decision in place of this one. Raises UnusableError where somebody else just did."""
    still = {"ConditionExpression": "mac = :mac", "ExpressionAttributeValues": {":mac": older.mac.hex()}}
    try:
        table.put_item(Item=signed.item(), **still)
    except dynamodb.exceptions.ConditionalCheckFailedException:
        raise UnusableError("others are deciding at this moment. Try again.") from None


def hash_smoke(evaluation_uri: str) -> str:
    """The digest of what a release is tried with; empty where a part of it is missing."""
    try:
        return read_smoke(s3, evaluation_uri).digest
    except ContractError:
        return ""


def hash_object(uri: str) -> str:
    """The digest of a stored object; empty where there is none, or this is no address."""
    try:
        return hash_stored(s3, uri).digest
    except ContractError:
        return ""
