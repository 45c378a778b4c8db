"""The state of a stage that serves without instances: the model that such an endpoint can run.

No other than it can: SageMaker's CreateModel takes no ModelDataSource for serverless endpoints, hence no ETag, and its
guide excludes network isolation and a VPC. The archive lies under its SHA-256, where nobody replaces it, and every
answer names the digest of its model. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from stepfunctions.steps.choice_rule import ChoiceRule, Rule
from stepfunctions.steps.states import State

from workflow.contract.serverless import SERVERLESS
from workflow.machines import settings
from workflow.machines.endpoints import model_named, next_name
from workflow.machines.kinds import call_sagemaker
from workflow.machines.states import Task


def is_serverless() -> Rule:
    """Whether the stage serves without instances."""
    return ChoiceRule.StringEquals(variable="$.plan.kind", value=SERVERLESS)


def create_serverless_model(failed: State) -> Task:
    """The model of a stage that serves without instances."""
    return call_sagemaker(
        "Create the serverless model",
        "createModel",
        {
            "ModelName.$": next_name("$.plan.model_name"),
            "ExecutionRoleArn": settings.ENDPOINT_ROLE,
            "PrimaryContainer": {
                "Image.$": "$.plan.image",
                "ModelDataUrl.$": "$.plan.model_data_url",
                "Environment.$": "$.plan.environment",
            },
            "EnableNetworkIsolation": False,
            "Tags.$": settings.TAGS,
        },
        failed,
        selector=model_named(),
        at="model",
    )
