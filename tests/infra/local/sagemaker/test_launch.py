"""A container engine is asked for the image itself, with the same tree and environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra.local.sagemaker.launch import Container, launcher
from infra.local.sagemaker.processes import Process
from infra.local.sagemaker.settings import Settings

# Stands for podman: writes down what it is asked.
ENGINE = """#!{python}
import json, pathlib, sys
with pathlib.Path({record!r}).open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def test_an_engine_runs_the_image_and_removes_what_is_left(tmp_path: Path) -> None:
    """The tree is mounted at /opt/ml, and the container is removed by name after any end."""
    engine, record = tmp_path / "engine", tmp_path / "record"
    engine.write_text(ENGINE.format(python=sys.executable, record=str(record)))
    engine.chmod(0o755)
    start = launcher(Settings(tmp_path, "http://127.0.0.1:4566", runtime=str(engine)))
    start.check("greenlight-training:1")
    container = Container("greenlight-training:1", tmp_path / "ml", ["train"], {"RUN": "one"})
    assert Process(start.command(container, lambda line: None), lambda line: None).wait(20) == 0
    run, remove = (json.loads(line) for line in record.read_text().splitlines())
    name = run[run.index("--name") + 1]
    assert run[:2] == ["run", "--rm"]
    assert f"{tmp_path / 'ml'}:/opt/ml" in run
    assert {"RUN=one", "AWS_ENDPOINT_URL=http://127.0.0.1:4566", "GREENLIGHT_WITHOUT_GPU=allow"} <= set(run)
    assert run[-2:] == ["greenlight-training:1", "train"]
    assert remove == ["rm", "--force", name]


def test_an_engine_may_need_more_words_and_a_named_folder_stays_a_process(tmp_path: Path) -> None:
    """Arguments of this machine's engine come first; an image that a folder was named for is not asked of it."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM scratch\nENTRYPOINT ["python", "program.py"]\n')
    settings = Settings(
        tmp_path,
        "http://127.0.0.1:4566",
        runtime=f"{sys.executable} -q",
        run_arguments=("--ulimit", "nofile=9"),
        images={"own-training": folder},
    )
    start = launcher(settings)
    built = start.command(Container("greenlight-training:1", tmp_path / "ml", ["train"], {}), lambda line: None)
    assert list(built.arguments[:3]) == [sys.executable, "-q", "run"]
    assert built.arguments[built.arguments.index("--ulimit") + 1] == "nofile=9"
    assert list(built.afterwards[:3]) == [sys.executable, "-q", "rm"]
    process = start.command(Container("own-training:1", tmp_path / "ml", ["train"], {}), lambda line: None)
    assert process.arguments[1:] == ["program.py", "train"]
