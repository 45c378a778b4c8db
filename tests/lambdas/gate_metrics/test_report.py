"""The verdict in the evaluation's page."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from lambdas.gate_metrics.decision import Decision
from lambdas.gate_metrics.report import put_cost, put_verdict
from tests.lambdas.gate_metrics.figures import judge
from workflow.contract.cost import Job
from workflow.contract.cost_section import END, START

PAGE = "<!doctype html><h1>Run one</h1><!--verdict--><p>Figures"


def test_the_verdict_takes_the_markers_place() -> None:
    """Heading first, then every reason."""
    text = put_verdict(PAGE, judge())
    assert text is not None
    assert text.startswith(
        '<!doctype html><h1>Run one</h1><section class="verdict passed"><h2>Passed all checks; 2 are turned off</h2>'
    )
    assert "<li>mAP50 0.964 ≥ 0.80 on 53 objects</li>" in text
    assert text.endswith("</ul></section><p>Figures")


def test_a_rejection_looks_like_one() -> None:
    """With a class and words of its own."""
    text = put_verdict(PAGE, judge(training_status="Stopped"))
    assert text is not None
    assert (
        '<section class="verdict rejected"><h2>Rejected: one check failed</h2><ul><li>training is Stopped</li></ul>'
        in text
    )


def test_a_repeated_state_puts_its_verdict_in_the_earlier_ones_place() -> None:
    """A function that is asked again after its answer was lost finds its own verdict."""
    once = put_verdict(PAGE, judge(training_status="Stopped"))
    assert once is not None
    assert put_verdict(once, judge()) == put_verdict(PAGE, judge())


def test_a_page_without_exactly_one_place_is_left_alone() -> None:
    """Nobody guesses where the verdict belongs."""
    assert put_verdict("<p>Figures", judge()) is None
    assert put_verdict(PAGE + "<!--verdict-->", judge()) is None


class Tags(HTMLParser):
    """Counts what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(alphabet=st.sampled_from("<>&\"'\\1!-/gabscript ")) | st.just("</section><!--verdict-->\\g<0>"))
def test_a_reason_is_text_whatever_a_class_is_called(reason: str) -> None:
    """No tag, no second marker, no reference to a group comes out of it."""
    text = put_verdict(PAGE, Decision(False, (reason,), "", None))
    assert text is not None
    seen = Tags()
    seen.feed(text)
    assert seen.tags == ["h1", "section", "h2", "ul", "li", "p"]
    assert reason in seen.text
    assert put_verdict(text, Decision(False, (reason,), "", None)) == text


def test_a_bill_takes_the_place_of_the_estimate_and_of_an_earlier_bill() -> None:
    """The rest of the page stays; where nothing is known, the estimate does."""
    page = f"<h1>Run one</h1>{START}<h2>Time and cost</h2>an estimate{END}<section>more</section>"
    billed = (Job("Preparation", 60, "ml.m7i.xlarge", 2), Job("Training", 1080, "ml.g5.xlarge"))
    text = put_cost(page, billed)
    assert "an estimate" not in text
    assert text.startswith("<h1>Run one</h1>")
    assert text.endswith("<section>more</section>")
    assert '<th scope="row">Training <small>ml.g5.xlarge</small></th><td>1,080 s</td><td>$0.42</td>' in text
    assert "2 × ml.m7i.xlarge" in text
    assert "The run was billed about $0.43 (list prices of 2026, us-east-1)." in text
    assert put_cost(text, billed) == text
    assert put_cost(page, ()) == page
    assert put_cost("<p>Figures", billed) == "<p>Figures"


def test_the_verdict_leads_to_the_run_in_the_console() -> None:
    """In the frame of the approval page nothing opens; where the report is a page of its own, it leaves it."""
    text = put_verdict(PAGE, judge(), (("Execution", "https://console.aws.amazon.com/x"),))
    assert text is not None
    assert '<a href="https://console.aws.amazon.com/x" target="_top" rel="noopener noreferrer">Execution</a>' in text
    assert put_verdict(text, judge()) == put_verdict(PAGE, judge())
