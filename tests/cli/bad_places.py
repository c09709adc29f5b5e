"""Trouble around the store: a second process, a full disk, a directory that cannot be written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.alone import quiet_environment
from tests.cli.bad_input import Place, Ran, complaints


class NotHere(Exception):
    """This machine does not let the trial be made."""


def _alone(place: Place, words: Sequence[str], **options: object) -> Ran:
    done = subprocess.run(  # type: ignore[call-overload]
        [*options.pop("before", ()), sys.executable, "-m", "tta_rebuild", *words],
        env=quiet_environment(place.files / "home"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **options,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def second_process(place: Place) -> list[str]:
    """A second tta on the same data directory is turned away, and the first plays on."""
    words = ["--data-dir", str(place.data_dir), "play", "--story", place.story_id]
    with subprocess.Popen(
        [sys.executable, "-m", "tta_rebuild", *words],
        env=quiet_environment(place.files / "home"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout
        first.stdout.readline()  # it has the directory now
        second = _alone(place, words)
        out, err = first.communicate("1\n/quit\n")
        code = first.returncode
    wrong = complaints(second, 4, ["another process", "--data-dir"])
    return wrong + complaints(Ran(code, out, err), 0, ["Kept: 4 turns"])


def read_only_directory(place: Place) -> list[str]:
    """A data directory that cannot be written says so."""
    words = ["--data-dir", str(place.data_dir), "story", "--theme", "A wreck", "--auto"]
    if os.name == "nt":
        raise NotHere("needs a POSIX system")
    if os.geteuid():
        place.data_dir.chmod(0o555)
        for file in place.data_dir.iterdir():
            file.chmod(0o444)
        ran = _alone(place, words)
    else:  # root may write anywhere but into what is mounted read-only
        ran = _mounted(place, words, 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"')
    return complaints(ran, 4, [])


def full_disk(place: Place) -> list[str]:
    """A full disk loses the turn that did not fit and nothing before it."""
    words = ["--data-dir", str(place.data_dir), "story", "--story", place.story_id]
    ran = _mounted(
        place,
        [*words, "--turns", "5000", "--auto", "--json"],
        'cp -r "$0" "$0.kept" && mount -t tmpfs -o size=3m none "$0" && cp -r "$0.kept"/. "$0"',
        afterwards='rm -f "$0"/*.filler; cp -r "$0"/. "$0.after"; ',
    )
    wrong = complaints(ran, 4, [])
    said = max((json.loads(x).get("turn", 0) for x in ran.out.splitlines()), default=0)
    after = Place(place.data_dir.with_name("data.after"), place.files, place.story_id)
    shown = _alone(after, ["--data-dir", str(after.data_dir), "stories", "list", "--json"])
    kept = [json.loads(x)["turns"] for x in shown.out.splitlines()]
    if said < 4 or not kept or kept[0] < said:
        wrong.append(f"{said} turns were reported, {kept} are kept {shown.err}")
    return wrong


def _mounted(place: Place, words: Sequence[str], mount: str, afterwards: str = "") -> Ran:
    """Run tta where something else is mounted on the data directory, for it alone to see."""
    try:
        possible = subprocess.run(
            ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise NotHere("needs unshare") from error
    if possible.returncode:
        raise NotHere("needs user namespaces")
    script = f'{mount} || exit 99; "$@"; code=$?; mkdir -p "$0.after"; {afterwards}exit $code'
    return _alone(place, words, before=("unshare", "-rm", "sh", "-c", script, str(place.data_dir)))


TRIALS: dict[str, Callable[[Place], list[str]]] = {
    "a second process on the same data directory": second_process,
    "a directory that cannot be written": read_only_directory,
    "a full disk": full_disk,
}


def attempt(name: str, template: Path, story_id: str, room: Path) -> str:
    """Make a trial in a copy of the template; what is wrong, "" if nothing. Raises NotHere."""
    shutil.copytree(template, room / "data")
    return "; ".join(TRIALS[name](Place(room / "data", room, story_id)))
