"""Where the stack's model registry can be: CloudFormation makes its group, and does not know that type everywhere."""

from __future__ import annotations

from workflow.errors import UsageError
from workflow.stack.outputs import Place

WITHOUT_GROUPS = frozenset(
    {
        *("ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-6"),
        *("cn-north-1", "cn-northwest-1", "us-gov-east-1"),
    }
)
"""Without AWS::SageMaker::ModelPackageGroup in the list of types that CloudFormation publishes for each region, in
November 2026. A test reads the lists that the installed cfn-lint holds."""


def has_groups(place: Place) -> bool:
    """Whether CloudFormation can make the registry's group there."""
    return place.region not in WITHOUT_GROUPS


def check_registry(place: Place) -> None:
    """Raise UsageError where the stack could not be made: before anything is packed, built or pushed."""
    if not has_groups(place):
        raise UsageError(
            f"CloudFormation makes no model package group in {place.region}, and the stack keeps its models in one: "
            "deploy in another region."
        )
