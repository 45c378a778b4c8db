"""A Python that has torch imported already: an interpreter of an image's environment that forks for each program.

Of the eight seconds of processor time that a small training takes, five go into importing torch and what its
optimisers import, and the tests start some eighty such programs. ``WarmPython.start`` gives a path that is called as
the interpreter is (``-m module …`` or ``-c code …``): the program runs in a fork of a process that did nothing but
import, with the caller's arguments, environment, folder, input and outputs; signals reach it, and it ends when its
caller is killed.
Where a fork would not be what the caller asks for (other options, another namespace, affinity or limit, a variable that
libraries read when they are loaded), the interpreter itself is started.

Run as a program, ``python -m tests.warm_python SOCKET``, this is the process that forks. Linux alone.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import resource
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
IMPORTED = ("torch", "torch._dynamo")
READ_WHEN_LOADED = ("ATEN", "CUDA", "DNNL", "KMP", "LD_", "MKL", "OMP", "ONEDNN", "OPENBLAS", "PYTHON", "TORCH")
"""What the names of variables begin with that are of no use to a process which has loaded its libraries."""
START_SECONDS = 120
CALLER = '''#!{base} -IS
"""Has a program run by the process that listens, or by the interpreter itself where that would be another thing."""
import importlib.util, sys
found = importlib.util.spec_from_file_location("warm_python", {module!r})
module = importlib.util.module_from_spec(found)
sys.modules["warm_python"] = module
found.loader.exec_module(module)
sys.exit(module.call({real!r}, {place!r}, sys.argv[1:]))
'''


@dataclass
class WarmPython:
    """The interpreter to call, and the process behind it."""

    path: Path
    process: subprocess.Popen[bytes]

    @staticmethod
    def start(real: Path, folder: Path) -> WarmPython:
        """Start the process behind a new interpreter in ``folder``, which is called as ``real`` is."""
        place = folder / "socket"
        path = folder / "environments" / "training-warm" / "python"
        path.parent.mkdir(parents=True)
        program = [str(real), "-m", "tests.warm_python", str(place)]
        process = subprocess.Popen(program, cwd=ROOT, stdin=subprocess.DEVNULL)
        base = os.path.realpath(sys.executable)
        path.write_text(CALLER.format(base=base, module=__file__, real=str(real), place=str(place)))
        path.chmod(0o755)
        until = time.monotonic() + START_SECONDS
        while not place.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{real} does not import {' and '.join(IMPORTED)}")
            time.sleep(0.05)
        return WarmPython(path, process)

    def stop(self) -> None:
        """End the process, and with it whatever still runs."""
        self.process.terminate()
        self.process.wait()


def conditions() -> dict[str, Any]:
    """What a fork takes over from the process that forks, and cannot change or would change too late."""
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {
        "variables": {key: value for key, value in sorted(os.environ.items()) if key.startswith(READ_WHEN_LOADED)},
        "limits": [list(resource.getrlimit(getattr(resource, name))) for name in names],
        "affinity": sorted(os.sched_getaffinity(0)),
        "namespaces": [str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("mnt", "user", "net", "pid")],
        "user": os.getuid(),
    }


# --- the caller


def call(real: str, place: str, arguments: list[str]) -> int:
    """Have a program run, and its exit status; ends by the same signal where the program did."""
    if len(arguments) < 2 or arguments[0] not in ("-m", "-c"):
        be_real(real, arguments)
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(place)
        except OSError:
            be_real(real, arguments)
        asked = {
            "arguments": arguments,
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
            "conditions": conditions(),
        }
        message = json.dumps(asked).encode()
        files = array.array("i", [0, 1, 2])
        connection.sendmsg([len(message).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files.tobytes())])
        connection.sendall(message)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, lambda got, _: connection.sendall(bytes([got])))
        answer = connection.recv(64).decode()
    if not answer:
        be_real(real, arguments)
    status = int(answer)
    if status < 0:
        with suppress(OSError):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


def be_real(real: str, arguments: list[str]) -> NoReturn:
    """Become the interpreter itself."""
    os.execv(real, [real, *arguments])  # noqa: S606 - its path is the tests' own


# --- the process that forks


def main() -> None:
    """Import, listen, and fork for each who calls."""
    from containers.training.environment import variables

    # How long threads spin is read when the libraries are loaded, which the program itself would set before.
    os.environ["GOMP_SPINCOUNT"] = variables(Path(), 1)["GOMP_SPINCOUNT"]
    own, given = conditions(), dict(os.environ)
    for name in IMPORTED:
        importlib.import_module(name)
    set_by_them = {key: value for key, value in os.environ.items() if given.get(key) != value}
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    hidden = Path(sys.argv[1] + ".part")
    listener.bind(str(hidden))
    listener.listen()
    hidden.rename(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    while os.getppid() == parent:
        if not select.select([listener], [], [], 1)[0]:
            continue
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            for number in (signal.SIGCHLD, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            attend(connection, own, set_by_them)
        connection.close()


def attend(connection: socket.socket, own: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Run one program in a fork of this fork, and tell its caller how it ended.

    ``environment`` is what the libraries set as they were imported.
    """
    size, control, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(3 * 4))
    files = array.array("i", control[0][2])
    message = b""
    while len(message) < int.from_bytes(size, "big"):
        message += connection.recv(1 << 20)
    asked = json.loads(message)
    if asked["conditions"] != own:
        os._exit(0)
    job = os.fork()
    if job == 0:
        connection.close()
        os.setsid()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        status = run(asked["arguments"], {**environment, **asked["environment"]}, asked["folder"])
        # What an interpreter does at its end, but for taking all that was imported apart, each page of it a copy.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status & 0xFF)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(job)
    watched: list[Any] = [connection, ended]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if ended in ready:
            _, status = os.waitpid(job, 0)
            connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        told = connection.recv(1)
        with suppress(ProcessLookupError):
            if told:
                os.kill(job, told[0])
            else:
                os.killpg(job, signal.SIGKILL)
                os.waitpid(job, 0)
                os._exit(0)


def run(arguments: list[str], environment: Mapping[str, str], folder: str) -> int:
    """Be the program; the status that it ends with."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    importlib.invalidate_caches()
    kind, what, *rest = arguments
    try:
        if kind == "-m":
            sys.path[0] = folder
            sys.argv = [what, *rest]
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = ""
            sys.argv = ["-c", *rest]
            sys.modules["__main__"] = program = types.ModuleType("__main__")
            exec(compile(what, "<string>", "exec"), program.__dict__)  # noqa: S102 - as the interpreter does
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
