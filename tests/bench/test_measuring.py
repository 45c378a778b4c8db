"""The benchmark's own instruments: its client, what it reads of processes, how it compares."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.bench.serving.agreement import Agreement, Found, compare
from tests.bench.serving.contestants import Contestant, Setting
from tests.bench.serving.limits import Limit, Worked
from tests.bench.serving.load import Answer, Load, LoadError, quantile, request, run_load
from tests.bench.serving.measure import TRIAL_CLIENTS, Outcome, Results, Trial
from tests.bench.serving.processes import busy_seconds, family, instruction_sets, processor_name, proportional_bytes
from tests.bench.serving.program import Launch, free_port
from tests.bench.serving.ratios import Ratio, judged
from tests.bench.serving.workload import Workload

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@contextmanager
def echo() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server that answers a constant, and its port."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.serving.echo", str(port)]) as process:
        try:
            for _ in range(100):
                try:
                    run_load(port, [request("/", b"x")], clients=1, warm_up=0, seconds=0.01)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            yield process, port
        finally:
            process.kill()


def test_every_connection_is_answered_and_the_times_rise() -> None:
    """Bodies larger than what a socket takes at once, five clients, two pictures."""
    watched: list[float] = []
    with echo() as (_, port):
        requests = [request("/", bytes(3_000_000)), request("/", b"small")]
        load = run_load(
            port, requests, clients=5, warm_up=0.1, seconds=0.3, watch=lambda: watched.append(time.perf_counter())
        )
    assert load.latencies == sorted(load.latencies)
    assert 10 < len(load.latencies) < load.answered
    assert (set(load.answers), load.errors, len(watched)) == ({0, 1}, [], 2)
    assert load.answers[1].startswith(b'{"detections"')
    assert 0 < load.client_seconds <= 0.5


def test_nothing_is_left_to_be_answered() -> None:
    """Or a server would work on it while the next is measured."""
    asked: list[float] = []

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(time.perf_counter())
            time.sleep(0.1)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        load = run_load(server.server_port, [request("/", b"x")], clients=4, warm_up=0.05, seconds=0.2)
        server.shutdown()
    assert len(asked) == load.answered > 4
    assert len(load.latencies) < load.answered


def test_a_server_that_goes_away_is_no_result() -> None:
    """The load ends with the reason instead of a figure."""
    with echo() as (process, port), pytest.raises(LoadError, match="closed a connection"):
        run_load(port, [request("/", b"x")], clients=2, warm_up=0, seconds=20, watch=process.kill)


def test_an_answer_is_put_together_from_any_pieces() -> None:
    """Byte by byte; it is complete at the last."""
    text = b"HTTP/1.1 503 Busy\r\nCONTENT-LENGTH: 5\r\nX: y\r\n\r\nhello"
    answer = Answer()
    assert [answer.add(text[at : at + 1]) for at in range(len(text))] == [False] * (len(text) - 1) + [True]
    assert (answer.status, answer.body) == (503, b"hello")


def test_an_answer_without_a_length_is_refused() -> None:
    """Its end could not be told."""
    with pytest.raises(LoadError, match="without a length"):
        Answer().add(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_quantiles_are_values_that_were_measured() -> None:
    """Nearest rank: of 100 values the 99th, of few the largest."""
    rising = [float(number) for number in range(1, 101)]
    assert (quantile(rising, 0.5), quantile(rising, 0.99), quantile([1.0, 9.0], 0.99)) == (50.0, 99.0, 9.0)
    assert Load(1, 2.0, [0.1, 0.3]).rate == 1.0


@linux
def test_memory_and_time_of_a_family_count_its_children() -> None:
    """A child that holds 60 MB and has computed belongs to its parent, also when a shell between them has ended."""
    child = "held = bytearray(b'x') * 60_000_000; sum(range(3_000_000)); print(flush=True); import time; time.sleep(60)"
    command = ["sh", "-c", f'{sys.executable} -c "{child}" & exit 0']
    before = busy_seconds()
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        try:
            shell.wait(10)
            assert proportional_bytes(shell.pid) > 60_000_000
            spent = family(shell.pid)
            assert 0.02 < sum(spent.values()) <= busy_seconds() - before + 0.05
        finally:
            for process in family(shell.pid):
                os.kill(process, 9)


@linux
def test_a_processor_has_a_name_and_instructions() -> None:
    """Without them nobody knows what a table is of."""
    assert processor_name()
    assert set(instruction_sets()) & {"avx2", "asimd"}


def test_same_objects_agree_and_others_do_not() -> None:
    """A box moved by a pixel is the same, one of another class is not; what neither is sure of is no matter."""
    box = (10.0, 10.0, 110.0, 110.0)
    expected = [[Found(box, 0.9, 0), Found((200, 200, 300, 300), 0.3, 0)], [Found(box, 0.8, 1)]]
    same = {0: [Found((11.0, 10.0, 111.0, 110.0), 0.6, 0)], 1: [Found(box, 0.8, 1)]}
    assert compare(expected, same).share == 1.0
    other = {0: [Found(box, 0.9, 2)], 1: []}
    found = compare(expected, other)
    assert (str(found), found.share) == ("0/2 +1", 0.0)
    lost = compare(expected, {0: [Found((0.0, 0.0, 50.0, 110.0), 0.9, 0)], 1: [Found(box, 0.4, 1)]})
    assert str(lost) == "1/2 +1"


def test_turns_are_counted_as_one_measurement() -> None:
    """Of a server and of the loop, in which each process keeps its own list."""
    load = Load(1, 2.0, [0.1, 0.4], answered=3, foreign_share=0.1)
    load.add(Load(1, 1.0, [0.2], answered=1, foreign_share=0.3))
    assert (load.latencies, load.rate, load.answered, load.foreign_share) == ([0.1, 0.2, 0.4], 1.0, 4, 0.3)
    limit = Limit("loop", "")
    limit.together.add(Worked([[0.1, 0.1], [0.2]], 0.3))
    limit.together.add(Worked([[0.1], [0.2, 0.2]], 0.6))
    assert limit.together.times == [[0.1, 0.1, 0.1], [0.2, 0.2, 0.2]]
    assert limit.together.rate == pytest.approx(15.0)
    assert limit.processor_ms == pytest.approx(150.0)


def measured(name: str, kind: str, rates: dict[Setting, float], memory: dict[Setting, int], share: int = 20) -> Outcome:
    """An outcome of these rates and bytes by setting; ``share`` objects of twenty are right."""
    contestant = Contestant(
        name, kind, "", (), Path(), tuple(rates), lambda *_: Launch((), {}, Path(), "", ""), lambda _: [], name
    )
    best = max(rates, key=lambda setting: rates[setting])
    return Outcome(
        contestant,
        best,
        peak_bytes=memory[best],
        loads={TRIAL_CLIENTS: Load(TRIAL_CLIENTS, 1.0, [0.1] * int(rates[best]))},
        trials={setting: Trial(rates[setting], memory[setting]) for setting in rates} if len(rates) > 1 else {},
        agreement=Agreement(20, share, 0),
    )


def test_memory_is_that_of_a_process_a_core_whichever_setting_is_the_faster() -> None:
    """Two settings that answer alike, one of which holds a model and the other two."""
    usual, other = Setting(2, 1), Setting(1, 2)
    for rates in ({usual: 30.0, other: 31.0}, {usual: 31.0, other: 30.0}):
        assert measured("peer", "torch", rates, {usual: 840, other: 500}).memory_bytes == 840


def test_judged_is_the_fastest_of_ours_that_is_right() -> None:
    """One that sees other objects than ultralytics may be as fast as it likes."""
    own = Setting(1, 1)
    ours = [
        measured("bf16", "ours", {own: 100.0}, {own: 1}),
        measured("f32", "ours", {own: 50.0}, {own: 1}),
        measured("int8", "ours", {own: 120.0}, {own: 1}, share=18),
    ]
    results = Results(
        Workload("", (), Path(), Path(), Path(), ()), 2, outcomes={one.contestant.name: one for one in ours}
    )
    fastest = judged(results)
    assert fastest is not None
    assert fastest.contestant.name == "bf16"


def test_a_ratio_knows_whether_it_is_enough() -> None:
    """At least for throughput, at most for latency and memory."""
    assert Ratio("throughput", 0.9, 0.9, at_least=True).enough
    assert not Ratio("throughput", 0.89, 0.9, at_least=True).enough
    assert Ratio("p99", 1.2, 1.2, at_least=False).enough
    assert not Ratio("p99", 1.21, 1.2, at_least=False).enough
