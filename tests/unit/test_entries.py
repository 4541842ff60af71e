"""What surrounds the work: the pulse, what ECS is told of it, and how busy the card is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gpu_handlers.entry import card, pulse, scale_in
from studio.catalog import ORDERS
from studio.settings import WorkerSettings, settings
from studio.workers import Card


def checked(tmp_path) -> int:
    """The exit code of the health check as a container runs it."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.run([sys.executable, "-m", "gpu_handlers.entry.pulse"], env=environment, check=False).returncode


def test_a_worker_that_beats_is_healthy_and_one_that_stopped_is_not(tmp_path):
    assert checked(tmp_path) == 1, "there is none"
    beating = "from gpu_handlers.entry import pulse; pulse.keep(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", beating], env=os.environ | {"TMPDIR": str(tmp_path)}, stdin=subprocess.PIPE
    ) as worker:
        file = tmp_path / pulse._FILE.name
        while not file.exists():
            assert worker.poll() is None
            time.sleep(0.01)
        assert checked(tmp_path) == 0
        worker.kill()
    stopped_at = time.time() - pulse.LOST_AFTER_SECONDS - 1
    os.utime(file, (stopped_at, stopped_at))
    assert checked(tmp_path) == 1


def test_a_disk_that_is_full_for_a_while_ends_no_pulse(monkeypatch):
    class Ended(Exception):
        pass

    class Disk:
        beats = 0

        def touch(self) -> None:
            self.beats += 1
            if self.beats == 1:
                raise OSError(28, "No space left on device")

    def after_two(_: float) -> None:
        if disk.beats == 2:
            raise Ended

    disk = Disk()
    monkeypatch.setattr(pulse, "_FILE", disk)
    monkeypatch.setattr(pulse.time, "sleep", after_two)
    with pytest.raises(Ended):
        pulse._beat()


def test_the_health_check_loads_nothing_heavy():
    loaded = (
        "import sys, gpu_handlers.entry.pulse; print([m for m in ('boto3', 'torch', 'studio') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.fixture
def agent(monkeypatch):
    """ECS's agent on a port, and what it was told."""
    told: list[tuple[str, dict[str, bool | int]]] = []

    class Agent(BaseHTTPRequestHandler):
        def do_PUT(self):
            told.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Agent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ECS_AGENT_URI", f"http://127.0.0.1:{server.server_port}/api/1")
    yield told
    server.shutdown()
    server.server_close()


def test_ecs_leaves_a_task_alone_while_it_works_and_not_longer(agent):
    path = "/api/1/task-protection/v1/state"

    def fail() -> None:
        with scale_in.at_work():
            assert agent == [(path, {"ProtectionEnabled": True, "ExpiresInMinutes": 120})]
            raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError):
        fail()
    assert agent[1:] == [(path, {"ProtectionEnabled": False})]


def test_an_agent_that_does_not_answer_stops_no_work(monkeypatch):
    monkeypatch.setenv("ECS_AGENT_URI", "http://127.0.0.1:1/api/1")
    worked = False
    with scale_in.at_work():
        worked = True
    assert worked


def test_an_agent_that_answers_nonsense_stops_no_work(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(2):
                talk, _address = server.accept()
                with talk:
                    talk.recv(4096)
                    talk.sendall(b"what?\r\n\r\n")

        speaking = threading.Thread(target=answer, daemon=True)
        speaking.start()
        monkeypatch.setenv("ECS_AGENT_URI", f"http://127.0.0.1:{server.getsockname()[1]}/api/1")
        worked = False
        with scale_in.at_work():
            worked = True
        speaking.join(timeout=10)
    assert worked
    assert not speaking.is_alive(), "it was asked twice"


def test_protection_lasts_longer_than_any_job():
    assert scale_in.EXPIRES_MINUTES * 60 > max(order.deadline_seconds for order in ORDERS.values()) > 0


def test_the_card_is_read_from_nvidias_own_words(monkeypatch, tmp_path):
    assert card.parsed("87, 6120, 8192\n0, 1, 8192\n") == Card(utilisation=0.87, vram_used=6120 / 8192)
    tool = tmp_path / "nvidia-smi"
    asked = "--query-gpu=utilization.gpu,memory.used,memory.total"
    tool.write_text(f'#!/bin/sh\n[ "$1" = {asked} ] && echo "50, 2048, 8192"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert card.look() == Card(utilisation=0.5, vram_used=0.25)
    tool.write_text("#!/bin/sh\necho '[N/A], 1, 2'\n")
    assert card.look() is None, "a card that cannot tell"
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert card.look() is None, "a driver that is broken"
    for nonsense in ("", "echo", "echo '0, 0, 0'", "echo '1, 2'"):
        tool.write_text(f"#!/bin/sh\n{nonsense}\n")
        assert card.look() is None, nonsense


@pytest.mark.parametrize(("shown", "asked"), [("1,0", "--id=1"), ("GPU-7c", "--id=GPU-7c")])
def test_of_several_cards_the_one_that_cuda_shows_is_looked_at(monkeypatch, tmp_path, shown, asked):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f'#!/bin/sh\n[ "$1" = {asked} ] && echo "50, 2048, 8192" || echo "1, 1, 8192"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert card.look() == Card(utilisation=0.5, vram_used=0.25)
    for none in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", none)
        assert card.look() is None, "no card is shown"


def test_a_machine_without_a_card_says_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert card.look() is None


def test_a_worker_knows_no_table_of_money_and_says_all_that_it_misses(monkeypatch):
    monkeypatch.setenv("STUDIO_SETTINGS", "worker")
    with pytest.raises(ValueError, match="9 validation errors"):
        settings()
    for name, field in WorkerSettings.model_fields.items():
        monkeypatch.setenv(name.upper(), "60" if field.annotation is int else name)
    assert settings().jobs_table == "jobs_table"
    with pytest.raises(AttributeError):
        _ = settings().balances_table
