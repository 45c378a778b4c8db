"""The one error a SageMaker operation answers with: AWS's code, a message and the HTTP status.

Every function here names a situation, so that two operations never word the same refusal differently.
"""

from __future__ import annotations

LONGEST_REASON = 1024
"""Characters that SageMaker keeps of a FailureReason."""


class ServiceError(Exception):
    """An operation refused by the service, as the caller's SDK will see it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> ServiceError:
    """A request whose parameters AWS would refuse."""
    return ServiceError("ValidationException", message)


def resource_in_use(message: str) -> ServiceError:
    """A name that a job already has, or a resource that others still hold."""
    return ServiceError("ResourceInUse", message)


def not_found(message: str) -> ServiceError:
    """Something that an operation names and that is not there, where the service has an error for it."""
    return ServiceError("ResourceNotFound", message)


def conflict(message: str) -> ServiceError:
    """A change that contradicts the present state."""
    return ServiceError("ConflictException", message)


def lacking(what: str) -> ServiceError:
    """Something AWS has and the stand-in does not: said plainly, never answered with a made-up success."""
    return ServiceError("UnsupportedOperation", f"the local stand-in for SageMaker lacks {what}", 501)


def model_error(original_status: int, original_message: str, log_group: str) -> ServiceError:
    """A container that answered an invocation with an error."""
    kind = "client" if 400 <= original_status < 500 else "server"
    return ModelError(
        f'Received {kind} error ({original_status}) from primary with message "{original_message}". '
        f"See {log_group} for more information.",
        original_status,
        original_message,
    )


class ModelError(ServiceError):
    """The error of InvokeEndpoint that carries the container's own answer."""

    def __init__(self, message: str, original_status: int, original_message: str) -> None:
        super().__init__("ModelError", message, 424)
        self.original_status = original_status
        self.original_message = original_message


def shorten_reason(reason: str) -> str:
    """A FailureReason as long as SageMaker keeps it; what is cut is the middle, not the exit code."""
    if len(reason) <= LONGEST_REASON:
        return reason
    return f"{reason[:960]} … {reason[-60:]}"
