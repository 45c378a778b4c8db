"""How data says that it is complete, and how a stack waits for that."""

from __future__ import annotations

MARKER = ".ready"
"""The name of an object that says that the dataset it lies in is complete; whatever reads the data leaves it out."""

SETTLED, MARKED = "settled", "marker"
"""What a stack starts a build upon: that nothing more has come for some minutes, or the marker."""
