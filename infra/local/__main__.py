"""`python -m infra.local`: starts the stand-in for AWS, in the foreground or in the background, and stops it.

Knows the command line; what is served is `server.py`.
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local import private_files, running
from infra.local.settings import Settings

_EPILOG = """\
Everything an AWS SDK needs is in STATE/env:  source .greenlight/local/env
A page that shows it, in a browser:           greenlight console --open
The mail that would have been sent:           curl $AWS_ENDPOINT_URL/_local/mail
The log:                                      STATE/log.txt
"""
_TOOL, _RUN_ARGUMENTS = "GREENLIGHT_CONTAINER_TOOL", "GREENLIGHT_RUN_ARGS"
_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    private_files.keep_private()
    state: Path = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    if options.stop:
        stopped = running.stop(state)
        print("stopped" if stopped else f"no stand-in is running on {state}")
        return 0
    claim = running.claim(state)
    if claim is None and options.detach and (line := running.address(state)):
        _tell(line, state)
        return 0
    if claim is None:
        return _refuse(f"a stand-in is running on {state} already; --stop stops it")
    with claim:
        private_files.make_private(state)
        listener = _listen(options.host, options.port)
        if listener is None:
            return _refuse(f"port {options.port} on {options.host} is in use; take another --port, or 0 for a free one")
        if not options.detach:
            _serve(_settings(options, state, listener), listener)
            return 0
    listener.close()
    return _start_detached([argument for argument in given if argument != "--detach"], state)


def _settings(options: argparse.Namespace, state: Path, listener: socket.socket) -> Settings:
    return Settings(
        host=options.host,
        port=listener.getsockname()[1],
        state=state,
        images=dict(options.image),
        wait_scale=options.wait_scale,
        iam=options.iam,
        warm=options.warm,
        # A machine may need another program than the usual one, or more arguments of it.
        runtime="process" if options.runtime == "process" else os.environ.get(_TOOL) or options.runtime,
        run_arguments=tuple(shlex.split(os.environ.get(_RUN_ARGUMENTS, ""))),
        without_capacity=frozenset(options.without_capacity),
        quotas=dict(options.quota),
    )


def _serve(settings: Settings, listener: socket.socket) -> None:
    environment = settings.environment()
    os.environ.clear()
    os.environ.update(environment)
    shutil.rmtree(settings.scratch, ignore_errors=True)
    settings.scratch.mkdir()
    logging.basicConfig(
        filename=settings.state / "log.txt",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s [%(name)s] %(message)s",
    )

    def ready() -> None:
        running.write_files(settings.state, settings.client_environment)
        _tell(f"AWS_ENDPOINT_URL={settings.url}", settings.state)

    from infra.local import server

    try:
        server.run(settings, listener, ready)
    finally:
        running.remove_pid(settings.state)


def _start_detached(arguments: list[str], state: Path) -> int:
    line = running.start_detached(arguments, state / "log.txt")
    if line is None:
        return _refuse(f"the stand-in did not start; see {state / 'log.txt'}")
    _tell(line, state)
    return 0


def _tell(line: str, state: Path) -> None:
    """Print where the stand-in is, and to a person how it is looked at; a program reads the one line."""
    print(line, flush=True)
    if sys.stdout.isatty():
        print(f"look at it: source {os.path.relpath(state)}/env; greenlight console --open", flush=True)


def _listen(host: str, port: int) -> socket.socket | None:
    """The socket the stand-in serves on, taken before anything is loaded; None when the port is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        return None
    return listener


def _refuse(message: str) -> int:
    print(f"infra.local: {message}", file=sys.stderr)
    return _USAGE_ERROR


def _image(text: str) -> tuple[str, Path]:
    name, separator, folder = text.partition("=")
    if not separator or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR with an existing folder")
    return name, Path(folder).resolve()


def _quota(text: str) -> tuple[str, float]:
    name, separator, value = text.rpartition("=")
    if not separator or not value.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    return name, float(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local",
        allow_abbrev=False,
        description="A stand-in for AWS on this machine: one process, one port, state kept over a restart.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=4566, help="where to listen; 0 takes a free port (default: 4566)")
    parser.add_argument("--host", default="127.0.0.1", help="on which address to listen (default: this machine only)")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(".greenlight/local"),
        help="folder that keeps everything (default: %(default)s)",
    )
    parser.add_argument(
        "--image",
        type=_image,
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="run images of this repository name from DIR, as a process; may be given more than once",
    )
    parser.add_argument(
        "--wait-scale",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="multiply every Wait state and retry delay by FACTOR (default: 1; 0.1 makes ten seconds one)",
    )
    parser.add_argument(
        "--runtime",
        choices=("process", "podman", "docker"),
        default="process",
        help="run a job as a process with its image's requirements, or in the built image (default: process)",
    )
    parser.add_argument(
        "--without-capacity",
        action="append",
        default=[],
        metavar="INSTANCE",
        help="let every training on this instance type fail as on AWS when it is short; may be given more than once",
    )
    parser.add_argument(
        "--quota",
        type=_quota,
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="set a quota of the account, such as 'ml.g5.xlarge for training job usage=0'; may be given more than once",
    )
    parser.add_argument("--iam", action="store_true", help="enforce IAM policies on every request")
    parser.add_argument(
        "--warm",
        action="store_true",
        help="start functions ahead of their first calls, as provisioned concurrency does (default: when called)",
    )
    parser.add_argument("--detach", action="store_true", help="start in the background and return when it is ready")
    parser.add_argument("--stop", action="store_true", help="stop the stand-in that serves --state")
    return parser


if __name__ == "__main__":
    sys.exit(main())
