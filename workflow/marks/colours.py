"""The colour of a class, the same in every drawing, and the ink that can be read on it. Pure.

One of seven that colour-blind people tell apart (Okabe and Ito, "Color Universal Design"); the eighth class has the
first colour again. Every mark has a dark rim, so that it shows on any ground.
"""

from __future__ import annotations

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Orange, sky blue, bluish green, yellow, blue, vermilion and reddish purple."""
RIM: Colour = (32, 32, 32)
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


def colour_of(class_id: int) -> Colour:
    """The colour of a class, by its number."""
    return COLOURS[class_id % len(COLOURS)]


def ink_on(ground: Colour) -> Colour:
    """Black or white, whichever stands out more: relative luminance and contrast as WCAG 2 defines them."""
    red, green, blue = (
        (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4) for part in ground
    )
    return BLACK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else WHITE
