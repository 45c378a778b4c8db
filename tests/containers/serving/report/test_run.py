"""Time, cost and origin of a run, as the page tells them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from containers.serving.report.run import cost, jobs, numbers
from containers.serving.report.words import duration, money, signed, size
from tests.containers.serving.report.example_pages import example, tuned
from tests.containers.serving.report.page_outline import Outline
from workflow.contract.cost import HOURLY, PRICED, SOURCE, Job, total
from workflow.contract.run_input import RunInput

README = Path(__file__).parents[4] / "infra" / "README.md"


def test_the_price_of_every_default_instance_is_known() -> None:
    """Otherwise the usual run would have no cost."""
    usual = RunInput(dataset="s3://bucket/data")
    for instance in (usual.training_instance, usual.processing_instance, usual.endpoint_instance):
        assert HOURLY[instance] > 0


def test_prices_agree_with_the_readme() -> None:
    """An endpoint's month, and half an hour of training within a run of about a dollar."""
    month = re.search(r"endpoints.*`(ml\.\S+)` each: about \$(\d+) a month", README.read_text(encoding="utf-8"))
    assert month
    assert HOURLY[month[1]] * 730 == pytest.approx(float(month[2]), abs=2.5)
    run = re.search(r"half an hour on `(ml\.\S+)` \| about \$(\d+)", README.read_text(encoding="utf-8"))
    assert run
    assert 0.5 < HOURLY[run[1]] / 2 <= float(run[2])


def test_a_job_costs_its_time_on_all_its_instances() -> None:
    """Half an hour on two of them is an hour's price."""
    assert Job("Preparation", 1800, "ml.m7i.xlarge", 2).dollars == pytest.approx(HOURLY["ml.m7i.xlarge"])


def test_an_unknown_instance_has_a_time_and_no_price() -> None:
    """Neither its own nor a sum: half a sum would look like the whole."""
    known = (Job("Training", 3600, "ml.z9.mega"), Job("Evaluation", 60, "ml.m7i.xlarge"))
    assert known[0].dollars is None
    assert total(known) is None
    assert total(()) is None
    text = Outline(cost(known)).text
    assert "Training ml.z9.mega 1 h 0 min –" in text
    assert "Together 1 h 1 min –" in text
    assert "not known or not in the list" in text


def test_every_job_stands_with_its_time_its_instance_and_about_its_cost() -> None:
    """An hour of training is its price; spot is a ceiling; where the prices come from is said."""
    page = example()
    assert page.training
    told = {**page.training, "seconds": 3600}
    text = Outline(cost(jobs(page.record, told, (), page.preparation, 31.7))).text
    assert "Job Time Cost, about" in text
    assert "Preparation 2 × ml.m7i.xlarge 42 s below $0.01" in text
    assert "Training ml.g5.xlarge, spot 1 h 0 min up to $1.41" in text
    assert "Evaluation ml.m7i.xlarge 32 s below $0.01" in text
    assert "Together 1 h 1 min up to $1.42" in text
    assert f"{PRICED} ({SOURCE})" in text
    assert "Spot capacity was asked for" in text


def test_nothing_claims_an_instance_or_a_price_where_nobody_bills() -> None:
    """On the stand-in the type of an instance is but a name."""
    page = replace(example(), billed=False)
    section = page.html().split('<section class="cost">')[1].split("</section>")[0]
    shown = Outline(section).text
    assert "Preparation 42 s" in shown
    assert "Together" in shown
    assert "ml." not in shown
    assert "$" not in shown


def test_the_machine_that_trained_is_priced_and_not_the_one_that_was_wanted() -> None:
    """Where capacity was short, another one did."""
    page = example()
    told = {**(page.training or {}), "instance": "ml.g5.2xlarge"}
    assert [job.instance for job in jobs(page.record, told, (), None, 1)] == ["ml.g5.2xlarge", "ml.m7i.xlarge"]
    told = {**(page.training or {}), "instance": ""}
    assert [job.instance for job in jobs(page.record, told, (), None, 1)] == ["ml.g5.xlarge", "ml.m7i.xlarge"]


def test_a_search_costs_all_its_trainings() -> None:
    """Six of four and a half minutes; the seventh never started."""
    page = tuned()
    searched = jobs(page.record, page.training, page.trials, None, 1)[0]
    assert searched == Job("Search, 6 trainings", 6 * 270, "ml.g5.xlarge", spot=True)


def test_without_documents_only_the_evaluation_is_timed() -> None:
    """Nothing is made up."""
    assert jobs(None, None, (), None, 0.4) == (Job("Evaluation", 0.4, ""),)
    text = Outline(cost(jobs(None, None, (), None, 0.4))).text
    assert "Spot" not in text
    assert "list prices" not in text


def test_every_digest_stands_on_the_page() -> None:
    """Data, model, archive, production, program and container."""
    metrics = example().evidence.metrics
    assert metrics.champion
    text = Outline(numbers(metrics, None)).text
    for digest in (
        metrics.dataset_digest,
        metrics.candidate.model_digest,
        metrics.candidate.archive_digest,
        metrics.champion.model_digest,
        metrics.code_digest,
        metrics.container,
    ):
        assert f" {digest} " in text
    bare = Outline(numbers(replace(metrics, champion=None, code_digest="", container=""), None)).text
    assert "Container" not in bare
    assert "production" not in bare


def test_settings_are_there_for_whoever_asks() -> None:
    """Hyperparameters and the gate's floors, folded."""
    text = Outline(numbers(example().evidence.metrics, example().record)).text
    assert "model yolov8n, epochs 50, image_size 640, batch 16, seed 0" in text
    assert "minimum_map50 0.5, class_floors (bolt 0.6), maximum_regression 0.02" in text


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("detect", "its box overlaps"),
        ("obb", "its turned box overlaps"),
        ("pose", "(OKS)"),
        ("segment", "overlaps of the outlines"),
        ("classify", "Top-1 is the share"),
    ],
)
def test_every_task_says_how_its_figures_are_defined(task: str, said: str) -> None:
    """Shortly, and without figures that it does not have."""
    text = Outline(numbers(example(task).evidence.metrics, None)).text
    assert said in text
    assert ("mAP50" in text) == (task != "classify")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")],
)
def test_times_are_said_as_people_say_them(seconds: float, said: str) -> None:
    """And 59.6 seconds are a minute."""
    assert duration(seconds) == said


def test_numbers_are_written_plainly() -> None:
    """A real minus, thousands, cents, the unit that fits."""
    assert (signed(-0.0213), signed(1200, 0)) == ("−0.021", "+1,200")
    assert (money(1234.5), money(0.004), money(None)) == ("$1,234.50", "below $0.01", "–")
    assert (size(12_300_000), size(4_200)) == ("12.3 MB", "4.2 kB")
