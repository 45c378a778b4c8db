"""The template's parameters as they are where nobody says."""

from __future__ import annotations

from tests.infra import template
from workflow.stack.template import usual_values


def test_every_parameter_of_the_template_is_read_with_what_it_is_where_nobody_says() -> None:
    """Numbers as text, as CloudFormation has them; nothing where there is no default."""
    usual = usual_values(template.PATH)
    declared = template.load()["Parameters"]
    assert usual == {name: str(item.get("Default", "")) for name, item in declared.items()}
    assert (usual["ApprovalConcurrency"], usual["Defaults"], usual["CodeBucket"]) == ("5", "{}", "")
