"""The place of the gate's verdict in the evaluation's page: what the page leaves for it, and what then stands there."""

from __future__ import annotations

MARKER = "<!--verdict-->"
"""What the evaluation writes where the verdict shall stand: a page is judged by nobody until it is replaced."""

PASSED = '<section class="verdict passed">'
REJECTED = '<section class="verdict rejected">'
"""How the verdict's section begins; the page's own styles know both."""

END = "</section>"
"""How it ends; a verdict holds no other section."""
