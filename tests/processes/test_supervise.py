"""A desk as its operator sees it: it starts with one command, mends itself and leaves nothing behind."""

import signal
import socket
from pathlib import Path
from time import monotonic

import psutil
import pytest

from config import Settings
from tests.processes.running import Desk, command, eventually, free_port, gone, launch, tiny_desk

pytestmark = pytest.mark.slow

BACK_AGAIN_SECONDS = 3.0


def refused(desk: Desk) -> list[str]:
    """The lines with which a desk refused to start."""
    assert desk.process.wait(30) == 1
    return desk.stderr().splitlines()


def test_it_says_where_it_runs_once_the_web_answers(tmp_path: Path) -> None:
    with tiny_desk(tmp_path) as desk:
        address = f"http://127.0.0.1:{desk.environ['PORT']}"
        assert desk.stderr() == f"deskbell: Deskbell is running at {address}  (Ctrl-C stops it)\n"
        assert desk.journal()[0] == "migrated"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_leaves_no_process_and_status_zero(tmp_path: Path, number: int) -> None:
    with tiny_desk(tmp_path) as desk:
        processes = desk.processes()
        assert desk.stop(number) == 0
        assert gone(processes)
        assert len(processes) == 7


def test_it_stops_sockets_then_web_then_workers_then_the_scheduler_then_redis(tmp_path: Path) -> None:
    with tiny_desk(tmp_path) as desk:
        desk.stop(signal.SIGTERM)
        ending = [line for line in desk.journal() if "started" not in line][2:]
    assert ending[0] == "sockets told"
    assert set(ending[1:-3]) == {"web process left"}
    assert ending[-3:] == ["worker stopped, redis up"] * 2 + ["scheduler stopped, redis up"]


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    with tiny_desk(tmp_path) as desk:
        processes = desk.processes()
        assert {"redis", "web", "worker", "scheduler"} <= {command(process) for process in processes}
        desk.process.kill()
        assert eventually(lambda: gone(processes))


@pytest.mark.parametrize("name", ["redis", "web", "worker", "scheduler"])
def test_a_killed_process_is_back_within_three_seconds(tmp_path: Path, name: str) -> None:
    with tiny_desk(tmp_path) as desk:
        before = desk.find(name)
        assert before is not None
        before.kill()
        assert eventually(lambda: desk.find(name) not in (None, before), BACK_AGAIN_SECONDS)
        told = f"deskbell: {name} was killed by SIGKILL; it is started again in 0.5 s"
        assert eventually(lambda: told in desk.stderr())


def test_a_killed_web_process_serves_again_and_its_server_is_no_orphan(tmp_path: Path) -> None:
    with tiny_desk(tmp_path) as desk:
        arbiter = desk.find("web")
        assert arbiter is not None
        servers = arbiter.children()
        arbiter.kill()
        assert eventually(lambda: gone(servers), BACK_AGAIN_SECONDS)
        assert eventually(lambda: answers(desk), BACK_AGAIN_SECONDS)


def answers(desk: Desk) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(desk.environ["PORT"])), 1) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


def test_a_process_that_keeps_dying_is_started_less_and_less_often(tmp_path: Path) -> None:
    with tiny_desk(tmp_path, FAULT="dies") as desk:
        assert eventually(lambda: delays(desk, "dying")[:3] == ["0.5 s", "1 s", "2 s"])
        assert desk.stop(signal.SIGINT) == 0


def delays(desk: Desk, name: str) -> list[str]:
    """How long the desk said it would wait each time this process had died."""
    lines = [line for line in desk.stderr().splitlines() if f" {name} " in line]
    return [line.partition(" started again in ")[2] for line in lines]


def test_a_second_interrupt_hurries_a_process_that_does_not_stop(tmp_path: Path) -> None:
    with tiny_desk(tmp_path, FAULT="stubborn") as desk:
        processes = desk.processes()
        assert eventually(lambda: "stubborn worker started" in desk.journal())
        began = monotonic()
        desk.process.send_signal(signal.SIGINT)
        assert eventually(lambda: "web process left" in desk.journal())
        assert desk.stop(signal.SIGINT) == 0
        assert monotonic() - began < 10
        assert gone(processes)
        assert "deskbell: stubborn does not stop by itself; killing it" in desk.stderr()


def test_a_second_desk_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with tiny_desk(tmp_path / "first") as desk:
        second = launch(tmp_path / "second", DATA_DIR=desk.environ["DATA_DIR"])
        (line,) = refused(second)
        assert "A desk is running on this data directory already" in line
        assert f"process {desk.process.pid}" in line


def test_a_desk_started_right_after_its_parent_was_killed_waits_for_the_rest_to_end(tmp_path: Path) -> None:
    with tiny_desk(tmp_path / "first") as first:
        rest = first.processes()[1:]
        first.process.kill()
        with tiny_desk(tmp_path / "second", DATA_DIR=first.environ["DATA_DIR"], PORT=first.environ["PORT"]):
            assert gone(rest)


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 25) / "data"
    with tiny_desk(tmp_path, DATA_DIR=str(data)) as desk:
        assert desk.stop(signal.SIGINT) == 0
    assert (data / "redis" / "appendonlydir").is_dir()
    socket_path = Settings.from_environ(desk.environ).redis_socket
    assert socket_path is not None
    socket_path.parent.rmdir()


def test_a_socket_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    with tiny_desk(tmp_path) as desk:
        processes = desk.processes()
        redis = desk.find("redis")
        assert redis is not None
        redis.suspend()
        desk.process.kill()
        redis.kill()
        assert eventually(lambda: gone(processes))
        assert (tmp_path / "data" / "run" / "redis.sock").exists()
        (tmp_path / "journal").unlink()
        with tiny_desk(tmp_path) as again:
            assert again.stop(signal.SIGINT) == 0


def test_a_busy_port_is_told_in_one_line(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        (line,) = refused(launch(tmp_path, PORT=str(port)))
    assert f"Cannot listen at 127.0.0.1:{port}: Address already in use. See HOST and PORT." in line


def test_a_failing_migration_starts_nothing(tmp_path: Path) -> None:
    desk = launch(tmp_path, FAULT="migration")
    (line,) = refused(desk)
    assert "could not be brought up to date" in line
    assert desk.journal() == []
    assert not leftovers(tmp_path)


def test_threads_before_the_fork_are_refused(tmp_path: Path) -> None:
    (line,) = refused(launch(tmp_path, FAULT="threads"))
    assert "started threads before the fork" in line
    assert "eager" in line


def leftovers(folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if str(folder) in " ".join(process.info["cmdline"] or [])]
