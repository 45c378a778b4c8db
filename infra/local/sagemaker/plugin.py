"""Plugs SageMaker into MiniStack's own registries.

Every place that is written to is named here and checked first, so that another version of MiniStack fails when the
stand-in starts and not in the middle of a run. The engine must have been imported with its environment set.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.local.sagemaker import callers, protocol, service
from infra.local.sagemaker.cloudformation import MODEL_PACKAGE_GROUP
from infra.local.sagemaker.endpoints import async_invocations, invocations
from infra.local.sagemaker.figures import Figure
from infra.local.sagemaker.iam import condition_keys, resource_arn
from infra.local.sagemaker.scaling import protocol as scaling
from infra.local.sagemaker.settings import Settings

NAME = "sagemaker"
# Invocations are a service of their own for the engine, which makes Content-Type fit a service's protocol. Both sign
# as `sagemaker`, so only the path tells them apart.
RUNTIME = "sagemaker-runtime"
_HEALTH_SECONDS = 240.0
_SHORTEST_HEALTH_SECONDS = 30.0
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")


class IncompatibleEngineError(Exception):
    """MiniStack lacks something that SageMaker is plugged into."""


def register(
    *,
    state: Path,
    endpoint_url: str,
    images: Mapping[str, Path] | None = None,
    wait_scale: float = 1.0,
    **more: Any,
) -> service.Accounts:
    """Open the service and make MiniStack answer for it; the caller ends it with ``stop()``.

    ``wait_scale`` shortens the waits of a deployment, and the time in which a container must be healthy down to half
    a minute. ``more`` are further members of :class:`Settings`.
    """
    from ministack import app
    from ministack.core import iam_actions, responses, router
    from ministack.services import cloudwatch, eventbridge, stepfunctions, sts
    from ministack.services.cloudformation import provisioners

    limits = {"health_timeout_seconds": max(_SHORTEST_HEALTH_SECONDS, _HEALTH_SECONDS * min(1.0, wait_scale))}
    settings = Settings(
        state.resolve(), endpoint_url, images=dict(images or {}), wait_scale=wait_scale, **{**limits, **more}
    )
    _table(app, "SERVICE_REGISTRY")[NAME] = {"module": NAME}
    for name in (NAME, RUNTIME):
        _table(app, "SERVICE_HANDLERS")[name] = protocol.handle_request
        _table(iam_actions, "SERVICE_TO_IAM_NAMESPACE")[name] = NAME
    _table(app, "_state_map")[NAME] = NAME
    _table(app, "_loaded_modules")[NAME] = sys.modules[protocol.__name__]
    _table(app, "SERVICE_REGISTRY")[scaling.NAME] = {"module": scaling.NAME}
    _table(app, "SERVICE_HANDLERS")[scaling.NAME] = scaling.handle_request
    _table(app, "_loaded_modules")[scaling.NAME] = sys.modules[scaling.__name__]
    _table(iam_actions, "SERVICE_TO_IAM_NAMESPACE")[scaling.NAME] = scaling.NAME
    _table(router, "SERVICE_PATTERNS")[scaling.NAME] = {"target_prefixes": [scaling.TARGET]}
    _table(router, "SERVICE_PATTERNS")[NAME] = {"target_prefixes": [protocol.TARGET]}
    _table(iam_actions, "_BOTOCORE_SERVICE_MAP")[RUNTIME] = [RUNTIME]
    _table(stepfunctions, "_AWS_SDK_SERVICE_MAP")[NAME] = {"target_prefix": "SageMaker", "protocol": "json"}
    _table(stepfunctions, "_AWS_SDK_ERROR_PREFIX")[NAME] = "SageMaker"
    _table(provisioners, "_RESOURCE_HANDLERS")["AWS::SageMaker::ModelPackageGroup"] = MODEL_PACKAGE_GROUP
    _route_invocations(app, router)
    _name_resources(iam_actions, settings, _function(responses, "get_account_id"))
    _name_conditions(iam_actions)
    _name_machines(app, stepfunctions)
    _function(sts, "_caller_identity")
    put_events = _function(eventbridge, "_put_events")
    store, evaluate = _function(cloudwatch, "_store_datum"), _function(cloudwatch, "_evaluate_all_alarms")
    in_account = _function(responses, "request_scope")

    def listen(sagemaker: service.SageMaker) -> None:
        here = sagemaker.workshop.settings.account_id, sagemaker.workshop.settings.region

        def announce(entry: dict[str, Any]) -> None:
            with in_account(*here):
                put_events({"Entries": [entry]}, allow_aws_source=True)

        def publish(figures: list[Figure]) -> None:
            with in_account(*here):
                for one in figures:
                    dimensions = dict(one.dimensions)
                    store(one.namespace, one.name, dimensions, one.at, one.unit, one.value, None, None, None)
                evaluate()

        sagemaker.workshop.announcements.listen(announce)
        sagemaker.workshop.figures.listen(publish)

    return service.configure(settings, _function(responses, "get_account_id"), listen)


def _route_invocations(app: Any, router: Any) -> None:
    """An invocation, signed or not, is known by its path, before the engine takes it for S3."""
    detect = _function(router, "detect_service")
    if _function(app, "detect_service") is not detect:
        raise IncompatibleEngineError("ministack.app no longer routes with ministack.core.router.detect_service")

    def detect_service(method: str, path: str, headers: dict[str, str], query_params: dict[str, Any]) -> str:
        if method == "POST" and (invocations.PATH.match(path) or async_invocations.PATH.match(path)):
            scope = _SCOPE.search(headers.get("authorization", ""))
            if scope is None or scope.group(1) == NAME:
                return RUNTIME
        return str(detect(method, path, headers, query_params))

    router.detect_service = detect_service
    app.detect_service = detect_service


def _name_resources(iam_actions: Any, settings: Settings, whose: Callable[[], str]) -> None:
    """Policies that name SageMaker resources are judged by the resource a request is about."""
    extract = _function(iam_actions, "extract_resource_arn")

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        if service not in (NAME, RUNTIME):
            return str(extract(service, method, path, headers, body, *more))
        arn = settings.of_account(whose()).arn
        found = invocations.PATH.match(path) or async_invocations.PATH.match(path)
        if found:
            return arn(f"endpoint/{found.group(1)}")
        return resource_arn(_members(body), arn)

    iam_actions.extract_resource_arn = extract_resource_arn


def _name_conditions(iam_actions: Any) -> None:
    """Policies whose conditions ask what a SageMaker request sets are judged by that, too."""
    request_tag_context = _function(iam_actions, "request_tag_context")

    def request_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
        keys = condition_keys(_members(body)) if service == NAME else {}
        if service == scaling.NAME:
            keys = scaling.condition_keys(_members(body))
        return {**request_tag_context(service, iam_action, body, params), **keys}

    iam_actions.request_tag_context = request_context


def _members(body: bytes) -> dict[str, Any]:
    """A request's parameters; none where it has none that can be read."""
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parameters if isinstance(parameters, dict) else {}


def _name_machines(app: Any, stepfunctions: Any) -> None:
    """A state machine calls a service as its role, or as its task's; the engine lets it call as the account."""
    from infra.local.gaps import control, task_roles

    send = _function(app, "call_service_handler_sync")
    executions, machines = (getattr(stepfunctions, name) for name in ("_executions", "_state_machines"))

    def call_service_handler_sync(handler: Any, method: str, path: str, headers: Any, *more: Any) -> Any:
        execution = executions.get(control.current().arn)
        machine = machines.get(execution["stateMachineArn"]) if execution else None
        role = task_roles.current() or (machine["roleArn"] if machine else "")
        as_role = {**headers, callers.MACHINE: role} if role else headers
        return send(handler, method, path, as_role, *more)

    app.call_service_handler_sync = call_service_handler_sync


def _table(module: Any, name: str) -> dict[str, Any]:
    found = getattr(module, name, None)
    if not isinstance(found, dict):
        raise IncompatibleEngineError(f"{module.__name__}.{name} is {type(found).__name__}, not a dict")
    return found


def _function(module: Any, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(found):
        raise IncompatibleEngineError(f"{module.__name__}.{name} is {type(found).__name__}, not a function")
    return found
