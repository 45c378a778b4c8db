"""Sends requests over many connections until the port is closed, and writes down what became of each.

Standard library only, so that it also runs inside a container: ``python load_until_refused.py PORT CALLERS IMAGE LOG``.
The log gets ``sent N`` once a request has left in full, and ``answered N STATUS`` once its answer has come in full;
a number without an answer is a lost request.
"""

from __future__ import annotations

import http.client
import sys
import threading
from contextlib import closing
from pathlib import Path

_lock = threading.Lock()
_count = 0


def call(port: int, image: bytes, log: Path) -> None:
    """One caller: a connection is kept until the server closes it; the first refused one ends the caller."""
    global _count
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.connect()
        except OSError:
            return
        with closing(connection):
            while connection.sock is not None:
                with _lock:
                    _count += 1
                    number = _count
                try:
                    connection.request("POST", "/invocations", image, {"Content-Type": "image/png"})
                    write(log, f"sent {number}")
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException) as error:
                    write(log, f"error {number} {type(error).__name__}")
                    break
                write(log, f"answered {number} {answer.status}")


def outcome(log: Path) -> tuple[int, set[int]]:
    """How many requests were answered with 200, and the numbers of those that left and got no such answer."""
    lines = [line.split() for line in log.read_text().splitlines()]
    sent = {int(words[1]) for words in lines if words[0] == "sent"}
    answered = {int(words[1]) for words in lines if words[0] == "answered" and words[2] == "200"}
    return len(answered), sent - answered


def write(log: Path, line: str) -> None:
    """Add a line at once: whoever runs this may be killed with the server."""
    with _lock, log.open("a") as stream:
        stream.write(line + "\n")


def main() -> None:
    """Start the callers and wait for their ends."""
    port, callers, image, log = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).read_bytes(), Path(sys.argv[4])
    threads = [threading.Thread(target=call, args=(port, image, log)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
