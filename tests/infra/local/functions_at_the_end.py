"""Run as a program: functions that are invoked while the stand-in ends them, in a process that nothing else is in.

Prints as JSON how many processes there were before the end, what a function answers after it, and how many are left.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from ministack.services import lambda_svc

from infra.local.gaps import functions
from tests.infra.local.machines import zipped


def main() -> None:
    """One function waits for its call, one never gets as far as that, and one comes late."""
    functions.install()
    assert invoke("waiting", "def handler(event, context): return 1")["body"] == 1
    code = "import time\ntime.sleep(600)\ndef handler(event, context): return 1"
    threading.Thread(target=invoke, args=("starting", code), daemon=True).start()
    until = time.monotonic() + 20
    while len(children()) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    before = len(children())
    functions.end()
    late = invoke("late", "def handler(event, context): return 1")
    print(json.dumps({"before": before, "late": late["body"]["errorMessage"], "left": len(children())}))


def invoke(name: str, code: str) -> dict[str, Any]:
    """What the function answers."""
    config = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Timeout": 900}
    config["FunctionArn"] = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    function = {"config": config, "code_zip": zipped({"index.py": code})}
    answer: dict[str, Any] = lambda_svc._execute_function_warm(function, {}, "one")
    return answer


def children() -> list[str]:
    """Processes that this one has started and that still run."""
    started = [
        part for thread in Path("/proc/self/task").iterdir() for part in (thread / "children").read_text().split()
    ]
    return [one for one in started if "zombie" not in Path(f"/proc/{one}/status").read_text()]


if __name__ == "__main__":
    main()
