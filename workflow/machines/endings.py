"""The bad ends of a machine: each way out is a state that names what failed, and all of them share one tail.

The tail tells everyone why and fails the execution. Knows no run and no order of states.
"""

from __future__ import annotations

from workflow.contract.failures import UNTOLD, Failure
from workflow.machines import settings
from workflow.machines.retries import retry_lambda
from workflow.machines.states import Catch, Fail, LambdaStep, Parameters, Pass

FAILED, NESTED, WAITED_FOR = "failed", "nested", "told"
"""The kinds of notice: everyone is told; a nested execution that failed has told everyone, if it ever began; whoever
waits for this execution tells everyone, and the cause is only put in words."""


class Endings:
    """One machine's ways out, gathered: two states behind them serve them all.

    A way out keeps at ``$.failure`` all that the tail reads, so that nothing can be missing: the constant ``Error``,
    the step ``at`` which it failed, the ``kind`` of notice, and the cause should nobody be told.
    """

    def __init__(self, machine: str, told: Parameters | None = None, *, tail: str = "Tell everyone why") -> None:
        """Make the tail of ``machine``, such as ``build``.

        ``told`` is what the notice gets beside what failed; ``tail`` names its first state.
        """
        # A redrive enters a Fail state again: it ends as before, and nobody is told twice.
        fail = Fail("Failed", error_path="$.failure.Error", cause_path="$.failure.told.Cause")
        self._tell = LambdaStep(
            tail,
            parameters={
                "FunctionName": "${NotifyArn}",
                "Payload": {
                    "kind.$": "$.failure.kind",
                    "machine": machine,
                    "what.$": "$.failure.at",
                    "error_name.$": "$.failure.Error",
                    "run.$": "$$.Execution.Name",
                    "execution.$": "$$.Execution.Id",
                    "error.$": "$.error",
                    **(told or {}),
                },
            },
            result_selector={"Cause.$": "$.Payload.cause"},
            result_path="$.failure.told",
            timeout_seconds=settings.LAMBDA_SECONDS,
            retry=retry_lambda(),
            # Not to what the end reads: the execution ends with the same error when even the telling fails.
            catch=[Catch(fail, error_equals=["States.ALL"], result_path="$.untold")],
        )
        self._tell.next(fail)

    def way_out(self, name: str, *, at: str, error: Failure, kind: str = FAILED) -> Pass:
        """The state ``name``, from which the execution ends with ``error`` because the step ``at`` failed.

        Expects ``$.error`` with ``Error`` and, but for a timeout, ``Cause``. ``kind`` is that of the notice.
        """
        state = Pass(
            name,
            parameters={"Error": error, "at": at, "kind": kind, "told": {"Cause": UNTOLD}},
            result_path="$.failure",
        )
        state.next(self._tell)
        return state
