"""The states of a stage that serves without instances: the model that such an endpoint can run.

No other than it can: SageMaker's CreateModel takes no ModelDataSource for serverless endpoints, hence no ETag, and its
guide excludes network isolation and a VPC. The archive lies under its SHA-256, where nobody replaces it, and every
answer names the digest of its model. Knows no order of stages and makes no AWS call.
"""

from __future__ import annotations

from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.serverless import SERVERLESS
from workflow.contract.stage_accounts import STAGES
from workflow.machines import settings
from workflow.machines.kinds import call_sagemaker, name_in
from workflow.machines.states import Choice, Parameters

NO_OTHER_MODEL: Parameters = {f"{stage}_model": {} for stage in STAGES}
"""What an execution knows from its start: every stage has the model that is isolated from networks."""


def model_of(stage: str) -> str:
    """The intrinsic that gives the model's part of a stage's variant: with the model of its own where it has one."""
    return f"States.JsonMerge($.model.variant, $.{stage}_model, false)"


def choose_model(stage: str, configuration: State, failed: State) -> Choice:
    """Give a stage that serves without instances a model of its own, then go on to its configuration."""
    model = call_sagemaker(
        f"Create the serverless {stage} model",
        "createModel",
        {
            # Told apart from the attempts at the other models of this release.
            "ModelName.$": f"States.Format('{{}}-{{}}-2{STAGES.index(stage)}{{}}', $.plan.model_name,"
            " $$.Execution.RedriveCount, $$.State.RetryCount)",
            "ExecutionRoleArn": settings.ENDPOINT_ROLE,
            "PrimaryContainer": {
                "Image.$": "$.plan.image",
                "ModelDataUrl.$": "$.plan.model_data_url",
                "Environment.$": "$.plan.serverless_environment",
            },
            "EnableNetworkIsolation": False,
            "Tags.$": settings.TAGS,
        },
        failed,
        selector={"ModelName.$": name_in("$.ModelArn")},
        at=f"{stage}_model",
    )
    model.next(configuration)
    choice = Choice(f"Is {stage} serverless?")
    choice.add_choice(ChoiceRule.StringEquals(variable=f"$.plan.kinds.{stage}", value=SERVERLESS), model)
    choice.default_choice(configuration)
    return choice
