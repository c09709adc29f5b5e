"""``tta serve``: where it listens, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tta_rebuild.server.serving import listening_on


def command(data_dir: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "tta_rebuild", "--data-dir", str(data_dir), "serve", *options]


def environment() -> dict[str, str]:
    return {**os.environ, "TTA_MODEL": "offline", "COLUMNS": "200"}


@pytest.mark.parametrize("stopped_by", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_this_machine_and_ends_in_good_order(
    tmp_path: Path, stopped_by: signal.Signals
) -> None:
    process = subprocess.Popen(
        command(tmp_path, "--port", "0", "--turns", "3000"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
    alive = httpx.get(f"{address}/healthz", trust_env=False)
    figures = httpx.get(f"{address}/metrics", trust_env=False).text
    process.send_signal(stopped_by)
    _, said = process.communicate(timeout=30)

    assert alive.json() == {"status": "ok"}
    assert "\ntta_turns_most 3000\n" in figures
    assert process.returncode == 0
    begun, ended = said.splitlines()
    assert begun.startswith("INFO tta_rebuild.server: tta ")
    assert begun.endswith("nobody is asked who they are")
    assert ended == "INFO tta_rebuild.server: stopped; every finished turn is kept"


@pytest.mark.parametrize(
    ("options", "setting", "is_silent", "logs_requests"),
    [
        (("--log-level", "error"), "DEBUG", True, False),
        ((), "WARNING", True, False),
        ((), "", False, False),
        (("--log-level", "debug"), "", False, True),
    ],
)
def test_what_is_logged_is_as_the_option_or_the_setting_says(
    tmp_path: Path,
    options: tuple[str, ...],
    setting: str,
    is_silent: bool,
    logs_requests: bool,
) -> None:
    process = subprocess.Popen(
        command(tmp_path, "--port", "0", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"TTA_LOG_LEVEL": setting},
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    httpx.get(f"{address}/api/v1/stories", trust_env=False)
    process.terminate()
    _, said = process.communicate(timeout=30)

    assert ("serves at" not in said) == is_silent
    assert ("GET /api/v1/stories: 200" in said) == logs_requests


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "stories.example"])
def test_an_address_that_others_reach_needs_the_word_that_it_is_meant(
    tmp_path: Path, host: str
) -> None:
    done = subprocess.run(
        command(tmp_path, "--host", host),
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )

    assert done.returncode == 2
    assert "--anyone" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--allowed-host", "http://x.example/"), "no name of a host"),
        (("--allowed-host", "x.example:80"), "no name of a host"),
        (("--allowed-host", "x.example"), "x.example is reached"),
        (("--host", "999.1.1.1", "--anyone"), "no address of this machine"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_of_the_option_that_has_it(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = subprocess.run(
        command(tmp_path, "--port", "0", *options),
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=60,
    )

    told = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert f"{options[0]}:" in told
    assert said in told


def add_token(data_dir: Path, *options: str) -> str:
    done = subprocess.run(
        [*command(data_dir)[:-1], "tokens", "add", "anna", *options],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    return done.stdout.strip()


def asked(data_dir: Path, *options: str, **settings: str) -> tuple[int, int]:
    """Status of the stories with a token, and without one, of a server begun so."""
    token = add_token(data_dir)
    process = subprocess.Popen(
        command(data_dir, "--port", "0", *options),
        stdout=subprocess.PIPE,
        text=True,
        env=environment() | settings,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().rpartition(":")[2].strip()
        stories = f"http://127.0.0.1:{port}/api/v1/stories"
        bearer = {"Authorization": f"Bearer {token}"}
        with_token = httpx.get(stories, headers=bearer, trust_env=False).status_code
        return with_token, httpx.get(stories, trust_env=False).status_code
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_where_players_have_tokens_a_public_address_is_served_and_asks_for_one(
    tmp_path: Path,
) -> None:
    assert asked(tmp_path, "--host", "0.0.0.0") == (200, 401)


def test_anyone_does_not_open_a_server_with_tokens(tmp_path: Path) -> None:
    assert asked(tmp_path, "--host", "0.0.0.0", "--anyone") == (200, 401)


def test_a_server_is_left_open_where_the_settings_say_so(tmp_path: Path) -> None:
    assert asked(tmp_path, TTA_ACCESS="open") == (200, 200)


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (("--host", "0.0.0.0"), {"TTA_ACCESS": "open"}),  # the token that is there asks nobody
        (("--allowed-host", "stories.example"), {"TTA_ACCESS": "open"}),
        ((), {"TTA_ACCESS": "tokens"}),  # no operator has one
        ((), {"TTA_ACCESS": "sometimes"}),
    ],
)
def test_what_would_let_strangers_in_or_nobody_does_not_start(
    tmp_path: Path, options: tuple[str, ...], settings: dict[str, str]
) -> None:
    add_token(tmp_path)
    done = subprocess.run(
        command(tmp_path, "--port", "0", *options),
        capture_output=True,
        text=True,
        check=False,
        env=environment() | settings,
        timeout=60,
    )

    assert done.returncode == 2
    assert "Stories are served" not in done.stdout


def test_taking_the_last_token_back_does_not_open_the_door(tmp_path: Path) -> None:
    add_token(tmp_path)
    revoke = [*command(tmp_path)[:-1], "tokens", "revoke", "anna"]
    subprocess.run(revoke, capture_output=True, check=True, env=environment())

    assert asked(tmp_path)[1] == 401


def test_who_starts_a_server_is_told_what_is_not_safe(tmp_path: Path) -> None:
    add_token(tmp_path)
    told = said_at_start(tmp_path, "--host", "0.0.0.0")
    assert "plain HTTP" in told
    assert "no operator" in told
    assert "plain HTTP" not in said_at_start(tmp_path)


def said_at_start(home: Path, *options: str) -> str:
    """What stands on the screen once it serves."""
    process = subprocess.Popen(
        command(home, "--port", "0", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    lines = list[str]()
    try:
        while "Ctrl-C stops" not in (line := process.stdout.readline()) and line:
            lines.append(line)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    return "".join(lines)


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            command(tmp_path, "--port", str(taken.getsockname()[1])),
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )

    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_written_to_a_connection_is_sent_at_once() -> None:
    with (
        listening_on("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
