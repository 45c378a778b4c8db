"""The place of a run's cost in the evaluation's page: an estimate, until the gate knows what SageMaker bills."""

from __future__ import annotations

START = '<section class="cost">'
"""How the section begins; the page has one."""

END = "</section>"
"""How it ends; it holds no other section."""
