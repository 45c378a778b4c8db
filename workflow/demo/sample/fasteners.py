"""Draws one fastener as seen from above: a bolt lying on its side, a hexagonal nut or a washer.

Each shape is a distance field with surface normals, lit by the picture's own lamp, so that edges are
smooth and highlights turn with the light. Knows nothing of benches, datasets or boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]

CLASSES = ("bolt", "nut", "washer")

METALS: tuple[tuple[str, tuple[float, float, float], float], ...] = (
    ("zinc", (0.74, 0.77, 0.80), 1.0),
    ("steel", (0.58, 0.60, 0.63), 0.9),
    ("brass", (0.84, 0.66, 0.32), 0.9),
    ("black oxide", (0.24, 0.24, 0.26), 0.6),
)
"""Name, colour and gloss."""

SHARES: dict[str, tuple[float, float, float, float]] = {
    "bolt": (0.20, 0.25, 0.15, 0.40),
    "nut": (0.15, 0.20, 0.50, 0.15),
    "washer": (0.50, 0.30, 0.10, 0.10),
}
"""How often each kind comes in each metal: every kind in all of them, so that only its shape is sure."""


@dataclass(frozen=True)
class Lamp:
    """Where the light comes from: a unit vector, x to the right, y down, z towards the camera."""

    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Surface:
    """A shape over a patch: distance to its edge in pixels (negative inside), normals, and a darkening."""

    distance: Field
    normal_x: Field
    normal_y: Field
    tint: Field
    brushed: bool = False


@dataclass(frozen=True)
class Stamp:
    """A drawn fastener: colours (height, width, 3) and coverage (height, width), both from 0 to 1."""

    colour: Field
    coverage: Field


def draw(kind: str, size: float, angle: float, lamp: Lamp, rng: np.random.Generator) -> Stamp:
    """A fastener of about ``size`` pixels across (a bolt: along), turned by ``angle`` radians."""
    half = int(size * 0.5) + 4
    axis = np.arange(-half, half + 1, dtype=float)
    x, y = np.meshgrid(axis, axis)
    u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    surface = SHAPES[kind](u, v, size, rng)
    normal_x = surface.normal_x * np.cos(angle) - surface.normal_y * np.sin(angle)
    normal_y = surface.normal_x * np.sin(angle) + surface.normal_y * np.cos(angle)
    _, metal, gloss = METALS[rng.choice(len(METALS), p=SHARES[kind])]
    light = _light(normal_x, normal_y, lamp, gloss, np.arctan2(y, x) if surface.brushed else None)
    wear = 1 + 0.035 * rng.standard_normal(x.shape)
    base = np.array(metal) * rng.uniform(0.92, 1.08)
    colour = base * (light[0] * surface.tint * wear)[..., None] + (light[1] * gloss * surface.tint)[..., None]
    return Stamp(np.clip(colour, 0, 1), np.clip(0.5 - surface.distance, 0, 1))


def _light(nx: Field, ny: Field, lamp: Lamp, gloss: float, turn: Field | None) -> tuple[Field, Field]:
    nz = np.sqrt(np.clip(1 - nx**2 - ny**2, 0.02, 1))
    diffuse = np.clip(nx * lamp.x + ny * lamp.y + nz * lamp.z, 0, 1)
    half = np.array([lamp.x, lamp.y, lamp.z + 1])
    half /= np.linalg.norm(half)
    shine = np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1) ** 26 * 0.5
    if turn is not None:
        # Turned on a lathe, the surface mirrors the lamp in two opposite wedges.
        shine = shine * 0.4 + 0.3 * np.abs(np.cos(turn - np.arctan2(lamp.y, lamp.x))) ** 8
    return 0.34 + 0.72 * diffuse, shine * gloss


def _hexagon(u: Field, v: Field, apothem: float) -> Field:
    slanted = np.abs(u) * np.cos(np.pi / 6) + np.abs(v) * np.sin(np.pi / 6)
    edge: Field = np.maximum(slanted, np.abs(v)) - apothem
    return edge


def _bevel(radius: Field, inner: float, outer: float, width: float) -> Field:
    """How strongly the normal leans outwards: up near the outer edge, down (inwards) near the hole."""
    return 0.75 * (np.clip((radius - outer + width) / width, 0, 1) - np.clip((inner + width - radius) / width, 0, 1))


def _nut(u: Field, v: Field, size: float, rng: np.random.Generator) -> Surface:
    apothem = size * 0.5 * np.cos(np.pi / 6)
    hole = apothem * rng.uniform(0.54, 0.62)
    radius = np.hypot(u, v) + 1e-9
    lean = _bevel(radius, hole * 1.1, apothem * 1.05, apothem * 0.12)
    thread = np.clip((hole * 1.12 - radius) / (hole * 0.12), 0, 1)
    tint = 1 - 0.6 * thread * (0.6 + 0.4 * np.cos(radius * 2.4 + np.arctan2(v, u)))
    distance = np.maximum(_hexagon(u, v, apothem), hole - radius)
    return Surface(distance, lean * u / radius, lean * v / radius, tint)


def _washer(u: Field, v: Field, size: float, rng: np.random.Generator) -> Surface:
    outer = size * 0.5
    hole = outer * rng.uniform(0.42, 0.56)
    radius = np.hypot(u, v) + 1e-9
    lean = _bevel(radius, hole, outer, max(1.5, outer * 0.07))
    tint = 1 + 0.05 * np.sin(radius * 2.1)
    return Surface(np.maximum(radius - outer, hole - radius), lean * u / radius, lean * v / radius, tint, brushed=True)


def _bolt(u: Field, v: Field, size: float, rng: np.random.Generator) -> Surface:
    half = size * 0.5
    shank = size * rng.uniform(0.095, 0.12)
    head, head_end = shank * rng.uniform(1.75, 1.95), -half + size * rng.uniform(0.17, 0.21)
    pitch = max(3.2, shank * 0.55)
    start = head_end + size * rng.uniform(0.05, 0.3)
    thread = np.where(u > start, np.sin((u + v * 0.25) * 2 * np.pi / pitch), 0.0)
    taper = np.clip((u - half + shank * 0.5) / (shank * 0.5), 0, 1) * shank * 0.35
    radius = shank * (1 + 0.07 * thread) - taper
    rod = np.maximum(np.abs(v) - radius, np.maximum(-half - u, u - half))
    rounded = 0.1 * head * np.clip(-half + head * 0.25 - u, 0, None) / (head * 0.25)
    cap = np.maximum(np.abs(v) - head + rounded, np.maximum(-half - u, u - head_end))
    in_head = cap <= rod
    lean = np.where(in_head, np.where(np.abs(v) > head * 0.5, 0.72, 0.05) * np.sign(v), np.clip(v / shank, -0.97, 0.97))
    along = np.where(in_head, -0.5 * np.clip((-half + 2.5 - u) / 2.5, 0, 1), 0.5 * thread * np.sqrt(1 - lean**2))
    edge = np.abs(np.abs(v) - head * 0.5) < 0.8
    tint = np.where(in_head, np.where(edge, 1.12, 1.0), 1 - 0.16 * (thread < -0.3))
    tint = tint * (1 - 0.4 * np.clip(1 - np.abs(u - head_end - 1) / 2.5, 0, 1) * ~in_head)
    return Surface(np.minimum(rod, cap), along, lean, tint)


SHAPES: dict[str, Callable[[Field, Field, float, np.random.Generator], Surface]] = {
    "bolt": _bolt,
    "nut": _nut,
    "washer": _washer,
}
