"""Templates are read by libyaml as the engine's own parser reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ministack.services.cloudformation import engine

from infra.local.gaps.template_parser import quick

ROOT = Path(__file__).resolve().parents[3]
TAGS = """
A: !GetAtt One.Two.Three
B: [!Ref Thing, !Sub "${A}-x", !If [Yes, 1, 2012-10-17], on]
C: !Join ["", [!ImportValue x, !Select [0, !Split [",", "a,b"]]]]
"""


@pytest.mark.parametrize("template", [TAGS, *(ROOT / "infra" / f"{name}.yaml" for name in ("template", "account"))])
def test_a_template_is_read_the_same(template: str | Path) -> None:
    """Every short tag, dates and words that YAML takes for something else; and the stack's own."""
    text = template if isinstance(template, str) else template.read_text(encoding="utf-8")
    loader = quick(engine.CfnLoader)
    assert issubclass(loader, yaml.CSafeLoader)
    assert yaml.load(text, Loader=loader) == yaml.load(text, Loader=engine.CfnLoader)  # noqa: S506 - SafeLoaders
