"""The decoder in the serving environment, in one process for all questions."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.containers.serving.conftest import ROOT


class Decoder:
    """A running ``ask_decoder``; ``log`` is the file it writes its stderr to."""

    def __init__(self, python: Path) -> None:
        """Start it with the interpreter of the serving environment."""
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close
        program = [str(python), "-m", "tests.containers.serving.model.ask_decoder"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(program, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=self.log, text=True)

    def ask(self, word: str, data: bytes) -> Any:
        """The pictures, or what was said instead; fails when the process died of the question."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        print(word, data.hex(), file=stdin, flush=True)
        answer = stdout.readline()
        assert answer, f"the decoder ended with {self._process.wait(10)}"
        return json.loads(answer)

    def pixels(self, word: str, data: bytes) -> list[np.ndarray]:
        """The pictures as arrays [height, width, 3]."""
        answer = self.ask(word, data)
        assert isinstance(answer, list), answer
        return [np.frombuffer(bytes.fromhex(one["pixels"]), np.uint8).reshape(one["shape"]) for one in answer]

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()
        self.log.close()
