"""The figures that count: our server beside its limits and beside the best of the others. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.serving.measure import Outcome, Results

DEFAULT = "bf16"
"""The precision that the wanted values are for: that of a processor with bfloat16."""


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


def ratios(results: Results, precision: str = DEFAULT) -> list[Ratio]:
    """Those whose two figures were measured."""
    ours = results.outcomes.get(f"ours-{precision}")
    if ours is None or ours.left_out:
        return []
    found: list[Ratio] = []
    loop = results.limits.get(f"loop-{precision}")
    if loop is not None:
        found.append(Ratio("throughput / the loop without HTTP", ours.rate / loop.rate, 0.9, at_least=True))
    torch, onnx = (_measured(results, kind) for kind in ("torch", "onnx"))
    if torch:
        best = max(torch, key=lambda peer: peer.rate)
        text = f"throughput / best on torch ({best.contestant.name})"
        found.append(Ratio(text, ours.rate / best.rate, 4.0, at_least=True))
    if onnx:
        best = max(onnx, key=lambda peer: peer.rate)
        text = f"throughput / best on ONNX Runtime ({best.contestant.name})"
        found.append(Ratio(text, ours.rate / best.rate, 1.3, at_least=True))
    if loop is not None and 1 in ours.loads:
        quotient = ours.loads[1].quantile_ms(0.99) / loop.p99_ms
        found.append(Ratio("p99 of one client / p99 of the loop", quotient, 1.2, at_least=False))
    if torch:
        least = min(torch, key=lambda peer: peer.peak_bytes)
        text = f"memory / least on torch ({least.contestant.name})"
        found.append(Ratio(text, ours.peak_bytes / least.peak_bytes, 0.5, at_least=False))
    return found


def _measured(results: Results, kind: str) -> list[Outcome]:
    return [one for one in results.outcomes.values() if one.contestant.kind == kind and not one.left_out]
