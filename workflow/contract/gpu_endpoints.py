"""Whether a run whose endpoints have GPUs comes to use them: asked before anything is paid for in vain. Pure.

An engine for a GPU is built by the training and measured by the evaluation, so all three have to have the same one.
"""

from __future__ import annotations

from workflow.contract.instance_type import family, has_gpu
from workflow.contract.model import HALF
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput


def check_gpu(given: RunInput, *, builds_engines: bool) -> None:
    """Raise InputError where a GPU would not be used, or is missing; says what to set instead.

    ``builds_engines`` is whether the stack's images build engines and run them.
    """
    serves = given.endpoint_instance
    if not has_gpu(serves):
        if given.precision == HALF:
            raise InputError(
                f"precision = {HALF}: is computed by a GPU, and endpoint_instance = {serves} has none: set "
                "precision=auto, or an endpoint_instance that has one, such as ml.g5.xlarge"
            )
        return
    if given.precision != HALF:
        raise InputError(
            f"endpoint_instance = {serves}: its GPU would do nothing, for precision = {given.precision} is computed by "
            f"processors: set precision={HALF}, or an endpoint_instance without a GPU, such as ml.c7i.xlarge"
        )
    if not builds_engines:
        raise InputError(
            f"precision = {HALF}: the stack's images neither build nor run engines for GPUs: deploy those that do "
            "(greenlight deploy --parameter GpuEndpoints=yes), or set precision=auto and an endpoint_instance without "
            "a GPU, such as ml.c7i.xlarge"
        )
    others = {
        "training_instance": (given.training_instance,),
        "fallback_instances": given.fallback_instances,
        "processing_instance": (given.processing_instance,),
    }
    for key, instances in others.items():
        for instance in instances:
            if family(instance) != family(serves):
                raise InputError(
                    f"{key} = {instance}: the engine for endpoint_instance = {serves} is built where it trains and "
                    f"measured where it is evaluated, on the same GPU: take one of ml.{family(serves)} here, too"
                )
