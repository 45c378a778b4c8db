"""The figures that count: our server beside its limits and beside the best of the others. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.serving.measure import TRIAL_CLIENTS, Outcome, Results
from tests.bench.serving.processes import instruction_sets

SAME_OBJECTS = 0.95
"""Share of the objects of ultralytics and a contestant that both see, from which it counts."""


@dataclass(frozen=True)
class Ratio:
    """One quotient of two figures of the same run, and what is wanted of it."""

    text: str
    value: float
    wanted: float
    at_least: bool

    @property
    def enough(self) -> bool:
        """Whether it is what is wanted."""
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted

    @property
    def wish(self) -> str:
        """What is wanted, such as ``≥ 0.90``."""
        return f"{'≥' if self.at_least else '≤'} {self.wanted:.2f}"


def judged(results: Results) -> Outcome | None:
    """The fastest of ours that sees what ultralytics sees: the wanted values are for it."""
    right = [one for one in _measured(results, "ours") if one.agreement.share >= SAME_OBJECTS]
    return max(right, key=lambda one: one.rate, default=None)


def ratios(results: Results, ours: Outcome) -> list[Ratio]:
    """Those of one of ours whose two figures were measured."""
    found: list[Ratio] = []
    loop = results.limits.get(f"loop-{ours.contestant.precision}")
    if loop is not None and loop.together.times and TRIAL_CLIENTS in ours.loads:
        quotient = ours.loads[TRIAL_CLIENTS].rate / loop.together.rate
        found.append(Ratio("throughput / the loop without HTTP", quotient, 0.93, at_least=True))
    torch, onnx = (_measured(results, kind) for kind in ("torch", "onnx"))
    if torch:
        best = max(torch, key=lambda peer: peer.rate)
        text = f"throughput / best on torch ({best.contestant.name})"
        wanted = 4.0 if "amx_bf16" in instruction_sets() else 3.0
        found.append(Ratio(text, ours.rate / best.rate, wanted, at_least=True))
    if onnx:
        best = max(onnx, key=lambda peer: peer.rate)
        text = f"throughput / best on ONNX Runtime ({best.contestant.name})"
        found.append(Ratio(text, ours.rate / best.rate, 2.1, at_least=True))
    if loop is not None and loop.alone.times and 1 in ours.loads:
        quotient = ours.loads[1].quantile_ms(0.99) / loop.quantile_ms(0.99)
        found.append(Ratio("p99 of one client / p99 of the loop", quotient, 1.15, at_least=False))
    if torch:
        least = min(torch, key=lambda peer: peer.memory_bytes)
        text = f"memory / least on torch ({least.contestant.name}), a process a core"
        found.append(Ratio(text, ours.memory_bytes / least.memory_bytes, 0.5, at_least=False))
    return found


def _measured(results: Results, kind: str) -> list[Outcome]:
    return [one for one in results.outcomes.values() if one.contestant.kind == kind and not one.left_out]
