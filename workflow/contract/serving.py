"""How a version is served: the keys that say so in an input, and how they are kept with the version.

What an input says of it holds for the version it builds; whoever releases a version later may say otherwise for that
release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from workflow.contract.asynchronous import ASYNC, AsynchronousInput
from workflow.contract.autoscaling import AutoscalingInput, check_autoscaling
from workflow.contract.challenge import AB, CHALLENGES, SHADOW, ChallengeInput
from workflow.contract.rule import InputError, OneOf, Rule, among, key, rules_of
from workflow.contract.serverless import SERVERLESS, ServerlessInput, check_keys
from workflow.contract.shared_endpoint import SHARED, SharedInput

REALTIME, BATCH = "realtime", "batch"
KINDS = (REALTIME, SERVERLESS, ASYNC, SHARED, AB, SHADOW, BATCH)
"""How production may serve."""
ANSWER_AT_ONCE = (REALTIME, *CHALLENGES)
"""Those that come to a fleet of instances of the version's own, which answers whoever waits."""
SAME = "same"
STAGED = (SAME, REALTIME, SERVERLESS, ASYNC)
"""How staging may serve: like production, or as it is named."""


def batch_name(project: str) -> str:
    """What is recorded in the place of an endpoint's configuration where production serves by batches."""
    return f"{project}-batch"


LONGEST = 256
"""Characters of one property of a version (CreateModelPackage, CustomerMetadataProperties)."""


@dataclass(frozen=True)
class ServingInput(SharedInput, ChallengeInput, AutoscalingInput, AsynchronousInput, ServerlessInput):
    """How production and staging serve."""

    serve: str = key(OneOf("how production serves", KINDS), REALTIME)
    staging_serve: str = key(OneOf("how staging serves; same is as production does", STAGED), SAME)


@dataclass(frozen=True)
class Serving(ServingInput):
    """The keys, complete and in harmony with one another. Making one raises InputError where they are not."""

    def __post_init__(self) -> None:
        """See that no key contradicts another."""
        check_autoscaling(self, instances=self.serve in (*ANSWER_AT_ONCE, ASYNC), to_zero=self.serve == ASYNC)
        check_keys(self)
        if self.serve == BATCH and self.staging_serve != SAME:
            raise InputError(
                f"staging_serve = {self.staging_serve}: what serves by batches is tried by one, and by no endpoint; "
                f"leave it out, or set serve={self.staging_serve}, too"
            )

    @staticmethod
    def of(given: ServingInput) -> Serving:
        """Those of an input. Raises InputError where they contradict one another."""
        return Serving(**{name: getattr(given, name) for name in SERVING_RULES})

    @staticmethod
    def read(given: Mapping[str, Any]) -> Serving:
        """Read keys, each by its rule. Raises InputError naming the key and what is allowed."""
        for name in given:
            if name not in SERVING_RULES:
                raise InputError(f"{name}: unknown key{among(name, sorted(SERVING_RULES))}")
        return Serving(**{name: SERVING_RULES[name].read(name, value) for name, value in given.items()})

    @staticmethod
    def parse(text: str) -> Serving:
        """Read what ``text`` wrote. Raises InputError where it is nothing of the kind."""
        given = {}
        for word in text.split():
            name, _, value = word.partition("=")
            given[name] = _value(value)
        return Serving.read(given)

    def text(self) -> str:
        """The keys as the registry keeps them, words ``key=value``: the kind, and what is not as it is by default."""
        standard = Serving()
        kept = [f"serve={self.serve}"]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "serve" and value != getattr(standard, field.name):
                kept.append(f"{field.name}={value if isinstance(value, str) else json.dumps(value)}")
        return " ".join(kept)

    def changed(self, given: Mapping[str, Any]) -> Serving:
        """The same with these keys instead. Raises InputError naming the key and what is allowed."""
        return Serving.read({**asdict(self), **given})

    def stage(self, stage: str) -> str:
        """The kind in which a stage serves, ``staging`` or ``production``.

        Staging shares no endpoint, and nobody is challenged there.
        """
        if stage == "production":
            return self.serve
        alike = REALTIME if self.serve in (SHARED, *CHALLENGES) else self.serve
        return alike if self.staging_serve == SAME else self.staging_serve


SERVING_RULES: Mapping[str, Rule[Any]] = rules_of(ServingInput)
"""Every key of an input that says how a version is served."""


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
