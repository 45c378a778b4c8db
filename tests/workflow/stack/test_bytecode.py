"""Byte code that a zip may hold: what an import takes without a look at the source, the same wherever it is made."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from workflow.stack.bytecode import compile_all, compiles_for

ROOT = Path(__file__).resolve().parents[3]
SOURCES = {
    "room/__init__.py": b'"""A package."""\n',
    "room/door.py": b'WORDS = {"open", "shut"}\n\n\ndef knock():\n    raise ValueError("nobody in")\n',
    "room/rule.json": b"{}",
}


def lay_out(folder: Path) -> None:
    """The files and their byte code, as an unpacked zip."""
    for path, content in {**SOURCES, **compile_all(SOURCES)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that finds a folder's modules."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); "
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def test_an_import_takes_the_byte_code_and_never_compiles(tmp_path: Path) -> None:
    """A source that was written over is not even read; what an error tells names the file where it lies now."""
    lay_out(tmp_path)
    (tmp_path / "room" / "door.py").write_bytes(b"\n\n\n\n\nnothing that compiles (\n")
    failed = run("import room.door; room.door.knock()", tmp_path)
    assert failed.stderr.endswith("ValueError: nobody in\n")
    assert f'File "{tmp_path}/room/door.py", line 5, in knock' in failed.stderr


def test_the_same_source_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    """Neither what else is loaded nor how strings hash in a process gets into byte code."""
    lay_out(tmp_path)
    contract = sorted((ROOT / "workflow" / "contract").glob("*.py"))
    ours = compile_all({path.name: path.read_bytes() for path in contract})
    code = (
        "import hashlib, pathlib; from workflow.stack.bytecode import compile_all\n"
        f"found = compile_all({{p.name: p.read_bytes() for p in map(pathlib.Path, {[str(p) for p in contract]!r})}})\n"
        "print([hashlib.sha256(found[name]).hexdigest() for name in sorted(found)])"
    )
    said = {run(f"import {loaded}\n{code}", ROOT).stdout for loaded in ("json", "workflow.contract.build_plan")}
    assert said == {f"{[hashlib.sha256(ours[name]).hexdigest() for name in sorted(ours)]}\n"}


def test_only_modules_are_compiled_and_only_for_the_same_python() -> None:
    """Of data there is no byte code; byte code of another version would be carried for nothing."""
    tag = sys.implementation.cache_tag
    assert set(compile_all(SOURCES)) == {f"room/__pycache__/{name}.{tag}.pyc" for name in ("__init__", "door")}
    own = "{}.{}".format(*sys.version_info)
    assert compiles_for(own)
    assert not compiles_for("3.0")
