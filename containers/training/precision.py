"""Which numbers a training computes in: 16 bits where the hardware has them, as ultralytics does, without a download.

bf16 where the GPU has it, else fp16, else 32 bits. Serving has a precision of its own (see ``quantise``).
"""

from __future__ import annotations

from typing import Any

TOLERANCE = 0.1
"""How far fp16 may lie from 32 bits, as a share of how much the network's answers vary; GPUs with defective half
precision answer NaN or noise."""


def choose(wanted: str | None) -> str:
    """The argument ``amp`` of ultralytics for this machine; ``wanted`` is the hyperparameter, or None."""
    import torch

    if wanted == "fp32" or not torch.cuda.is_available():
        best = "fp32"
    else:
        best = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if wanted not in (None, best):
        print(f"amp = {wanted}: this machine has no such numbers; training computes in {best}", flush=True)
    return best


def check_offline() -> None:
    """Have ultralytics judge fp16 by the network at hand; its own check would download weights for that."""
    from ultralytics.engine import trainer

    trainer.check_amp = works_in_half


def works_in_half(network: Any) -> bool:
    """Whether the network, on its device, gives in fp16 about what it gives in 32 bits."""
    import torch

    device = next(network.parameters()).device
    if device.type != "cuda":
        return False
    pixels = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0)).to(device)
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            exact = _tensors(network(pixels))
            with torch.autocast(device.type, dtype=torch.float16):
                half = _tensors(network(pixels))
    finally:
        network.train(training)
    good = all(close(one, other) for one, other in zip(exact, half, strict=True))
    if not good:
        print("this GPU's half precision is defective: training computes in fp32", flush=True)
    return good


def close(exact: Any, half: Any) -> bool:
    """Whether two tensors of answers are finite and near one another."""
    spread = float(exact.float().std()) + 1e-6
    return bool(half.isfinite().all()) and float((exact.float() - half.float()).abs().mean()) <= TOLERANCE * spread


def _tensors(answer: Any) -> list[Any]:
    """All tensors of what a network gives, in order, out of lists and dictionaries."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, (list, tuple)):
        return [tensor for part in answer for tensor in _tensors(part)]
    return [answer] if hasattr(answer, "isfinite") and answer.is_floating_point() else []
