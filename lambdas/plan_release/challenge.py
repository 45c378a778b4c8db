"""What is planned of a challenge: the champion as it serves, the challenger beside it, and what they are held to. Pure.

SageMaker allows one shadow variant beside one production variant (its guide, "Create a shadow test") and none for
serverless or asynchronous endpoints ("Exclusions" of shadow tests); variants that are weighted have instances, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lambdas.plan_release.package import RefusalError
from workflow.contract.challenge import (
    AB,
    CHALLENGER_VARIANT,
    CHALLENGES,
    CHAMPION_VARIANT,
    Challenge,
)
from workflow.contract.serving import Serving

LOOKS = 100
"""So many looks at a challenge, if it lasts long enough: an execution's history holds 25,000 events."""
SHORTEST_LOOK_SECONDS = 10
LONGEST_LOOK_SECONDS = 900


def draw_challenge(
    serving: Serving,
    release: str,
    variant: Mapping[str, Any],
    configuration: Mapping[str, Any],
    instances: int,
    serves: str,
    recorded: str,
) -> Challenge:
    """The challenge of a version whose variant is given, beside the champion's ``configuration`` as SageMaker has it.

    ``instances`` is how many production has now, ``serves`` what it serves and ``recorded`` what the last release
    recorded. Raises RefusalError where the two cannot stand beside one another.
    """
    if serving.serve not in CHALLENGES:
        raise RefusalError(f"serve = {serving.serve}: a challenge is for serve = {' or '.join(CHALLENGES)}")
    if not serves or serves != recorded:
        raise RefusalError(
            f"there is no champion to challenge: production serves {serves or 'nothing'}, and "
            f"{recorded or 'nothing'} is recorded. Release a version with serve=realtime first"
        )
    champion = check_alone(configuration, serves)
    share = serving.challenger_share
    seconds = max(1, round(serving.challenge_hours * 3600))
    return Challenge(
        kind=serving.serve,
        release=release,
        champion={**champion, "InitialInstanceCount": instances, "InitialVariantWeight": weigh_champion(serving)},
        challenger={
            **variant,
            "VariantName": CHALLENGER_VARIANT,
            "InitialInstanceCount": max(1, math.ceil(instances * share)),
            "InitialVariantWeight": share,
        },
        seconds=seconds,
        look_seconds=min(LONGEST_LOOK_SECONDS, max(SHORTEST_LOOK_SECONDS, seconds // LOOKS)),
        minimum_requests=serving.challenge_minimum_requests,
        ends=serving.challenge_ends,
        latency_ratio=serving.challenge_latency_ratio,
        error_difference=serving.challenge_error_difference,
        agreement=serving.challenge_agreement,
    )


def weigh_champion(serving: Serving) -> float:
    """The champion's weight: what the challenger leaves it, or 1 where the challenger gets copies.

    A variant answers the share that its weight has of all production variants' (ProductionVariant,
    InitialVariantWeight); a shadow variant is sent its weight's share of the production variant's.
    """
    return round(1 - serving.challenger_share, 6) if serving.serve == AB else 1.0


def check_alone(configuration: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The one variant of the champion's configuration. Raises RefusalError where it is not one on instances."""
    variants = configuration.get("ProductionVariants", [])
    alone = len(variants) == 1 and variants[0].get("VariantName") == CHAMPION_VARIANT
    for member in ("ShadowProductionVariants", "AsyncInferenceConfig"):
        alone = alone and not configuration.get(member)
    if not alone or not variants[0].get("InstanceType") or not variants[0].get("ModelName"):
        raise RefusalError(
            f"{name} cannot be challenged: it is not one variant of one model on instances that answers at once "
            "(serverless and asynchronous endpoints have no shadow variants). Release with serve=realtime instead"
        )
    return dict(variants[0])
