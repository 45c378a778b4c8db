"""The process that functions are forked from: a Python that has read what each of them would read again.

Of the half second of processor time that a function's start takes, a third goes into importing boto3 and as much into
reading the models of the services that it asks. A program of its own, on the functions' Python and with none of our
packages: ``python -I -S fork_server.py SOCKET FOLDER`` imports from FOLDER what the runtime brings. Then each message
on the socket is JSON with a program, its folder and its environment, together with its standard input, output and
errors; it is answered by a file descriptor of a fork that has become that program, which is readable once it ended
(pidfd_open(2)). The process ends when the other end of the socket does. Linux alone.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any

MODELS = ("s3", "sagemaker", "stepfunctions", "dynamodb")
"""The services whose models are read ahead: of those that functions ask, the largest."""
LARGEST_MESSAGE = 1 << 20


def prepare() -> None:
    """Import boto3, and have botocore read each file of its data once, here and in whatever is forked from here."""
    import boto3
    from botocore.loaders import JSONFileLoader

    read, kept = JSONFileLoader.load_file, dict[str, Any]()

    def load_file(self: Any, file_path: str) -> Any:
        # None is for a file that is not there: another path may be tried again.
        if kept.get(file_path) is None:
            kept[file_path] = read(self, file_path)
        return kept[file_path]

    JSONFileLoader.load_file = load_file  # type: ignore[method-assign]
    # With keys, for else they would be looked for; nothing is signed with them.
    keys: dict[str, Any] = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "none")
    session: Any = boto3.session.Session(region_name="us-east-1", **keys)
    for service in MODELS:
        session.client(service)
    del session
    gc.collect()
    # What is collected no more is written to no more, and stays one memory with the forks.
    gc.freeze()


def serve(asked: socket.socket) -> str | None:
    """Fork for whoever asks; in a fork the program that it has to be, and None once nobody can ask any more."""
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([asked.fileno(), *running], [], [])
        for ended in running.keys() & set(ready):
            os.waitpid(running.pop(ended), 0)
            os.close(ended)
        if asked.fileno() not in ready:
            continue
        message, files, _, _ = socket.recv_fds(asked, LARGEST_MESSAGE, 3)
        if not message:
            return None
        process = os.fork()
        if process == 0:
            for number, file in enumerate(files):
                os.dup2(file, number)
            os.closerange(3, 1 + max(asked.detach(), *files, *running))
            return become(**json.loads(message))
        ended = os.pidfd_open(process)
        socket.send_fds(asked, [b"."], [ended])
        for file in files:
            os.close(file)
        running[ended] = process


def become(program: str, folder: str, environment: dict[str, str]) -> str:
    """Take over what an interpreter is started with."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv = [program]
    return program


if __name__ == "__main__":
    _number, _folder = sys.argv[1:]
    sys.path.append(_folder)
    prepare()
    sys.path.remove(_folder)
    _program = serve(socket.socket(fileno=int(_number)))
    if _program:
        _code = compile(Path(_program).read_text(encoding="utf-8"), _program, "exec")
        exec(_code, {"__name__": "__main__", "__file__": _program, "__builtins__": __builtins__})  # noqa: S102 - as asked
