"""Gap: nobody pulls an image here, so nobody is asked whether a role may.

On AWS an endpoint's role pulls it: the role's policies have to allow that, and for a registry of another account the
repository's policy, too.
"""

from __future__ import annotations

import re

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import ecr

from infra.local.gaps.patching import require
from infra.local.gaps.stack_callers import may

_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z.]+/([^:@]+)")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def may_pull(role_arn: str, image: str) -> bool:
    """Whether a role may pull an image of ECR; one of another registry is not ECR's to refuse."""
    found = _IMAGE.match(image)
    if found is None:
        return True
    owner, region, repository = found.groups()
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    session = f"arn:aws:sts::{account}:assumed-role/{name}/SageMaker"
    arn = f"arn:aws:ecr:{region}:{owner}:repository/{repository}"
    if not all(may(session, action, arn) for action in _PULL):
        return False
    if owner == account:
        return True
    policy = ecr._repo_policies.get_scoped(owner, region, repository)
    return all(_allowed(policy, session, account, action, arn) for action in _PULL)


def _allowed(policy: str | None, session: str, account: str, action: str, arn: str) -> bool:
    asked = iam_evaluator.EvalContext(
        principal_arn=session,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=arn,
        region=get_region(),
    )
    # A repository's policy names no resource: it is about its own.
    return bool(policy) and iam_evaluator.evaluate_resource_policy(policy, asked).decision == "Allow"


def install() -> None:
    """See that the engine has what this reads."""
    require(ecr, "_repo_policies")
    require(iam_evaluator, "evaluate_resource_policy")
