"""The canary scanner finds each planted form, so that its silence means something."""

from __future__ import annotations

import base64
import gzip
import io
import random
import secrets
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.canary_keys import canary
from tools.find_canaries import CanaryScanner

ROOT = Path(__file__).parents[2]


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("story/notes.txt", data)
    return packed.getvalue()


def tarred(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("notes.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def noise(size: int) -> bytes:
    return random.Random(3).randbytes(size)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda key: b"Bearer " + key,
    "utf-16": lambda key: key.decode().encode("utf-16"),
    "hex": lambda key: key.hex().encode(),
    "upper hex": lambda key: key.hex().upper().encode(),
    "base64": lambda key: base64.b64encode(key),
    "base64 in a text": lambda key: base64.b64encode(b"a user:" + key + b"@"),
    "basic auth": lambda key: base64.b64encode(b"ab" + key),
    "url-safe base64": lambda key: base64.urlsafe_b64encode(b"x" + key),
    "url": lambda key: quote(b"https://h/?k=" + key, safe="").encode(),
    "every byte in percent": lambda key: "".join(f"%{b:02X}" for b in key).encode(),
    "gzip": lambda key: gzip.compress(b"log line with " + key),
    "gzip in a file": lambda key: noise(999) + gzip.compress(key) + noise(99),
    "cut-off gzip": lambda key: gzip.compress(key + noise(5000))[:2500],
    "zlib": lambda key: zlib.compress(b"cached: " + key),
    "zip": lambda key: zipped(b"key " + key),
    "zip in gzip": lambda key: gzip.compress(zipped(key)),
    "tar in gzip": lambda key: gzip.compress(tarred(key)),
    "gzip in base64": lambda key: base64.b64encode(gzip.compress(key)),
    "base64 in zip": lambda key: zipped(base64.b64encode(key)),
    "cut off at the end": lambda key: key[:-12],
    "cut off at the start": lambda key: key[12:],
    "only the last fifteen": lambda key: key[-15:],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "E2B_API_KEY", "ANTHROPIC_API_KEY"])
def test_each_planted_form_is_found(form: str, variable: str, tmp_path: Path) -> None:
    key = canary(variable, random.Random(secrets.randbits(64)))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "left.bin").write_bytes(FORMS[form](key.encode()))
    other = secrets.token_urlsafe(30)
    leaks = CanaryScanner([other, key]).scan([tmp_path])
    assert leaks
    assert {leak.secret for leak in leaks} == {1}


@pytest.mark.parametrize(
    "public", ["AIza" + "Sy", "sk-" + "ant-api03-", "sk-" + "proj-", "e2b" + "_"]
)
def test_hyphens_in_a_key_hide_none_of_it(public: str, tmp_path: Path) -> None:
    ours = "aB-cD_eF-gH_iJ-kL_"
    (tmp_path / "left.txt").write_text(f"{public}{ours}"[:-1])
    assert CanaryScanner([public + ours + secrets.token_urlsafe(20)]).scan([tmp_path])


def test_a_long_value_scattered_over_the_pages_of_a_database_is_found(tmp_path: Path) -> None:
    key = secrets.token_urlsafe(40)
    base = sqlite3.connect(tmp_path / "stories.db")
    base.execute("pragma page_size = 512")
    base.execute("create table events (data blob, note text)")
    for shift in range(0, 480, 16):
        base.execute("insert into events values (?, 'x')", (b"." * shift + key.encode() * 3,))
    base.execute("insert into events values (?, ?)", (gzip.compress(key.encode()), key))
    base.commit()
    base.close()
    leaks = CanaryScanner([key]).scan([tmp_path])
    assert any("sqlite" in leak.where for leak in leaks)


def test_a_secret_in_a_files_name_is_found(tmp_path: Path) -> None:
    key = secrets.token_urlsafe(24)
    (tmp_path / f"export-{key}.txt").write_text("nothing here")
    assert CanaryScanner([key]).scan([tmp_path])


def test_a_public_prefix_and_plain_noise_are_no_findings(tmp_path: Path) -> None:
    keys = [canary(v, random.Random(1)) for v in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")]
    (tmp_path / "page.txt").write_bytes(
        b"keys begin with sk-ant-api03- or sk-proj- " + noise(50_000)
    )
    (tmp_path / "page.gz").write_bytes(gzip.compress(noise(50_000)))
    assert CanaryScanner(keys).scan([tmp_path]) == []


def test_the_command_names_the_variable_and_never_the_secret(tmp_path: Path) -> None:
    key = secrets.token_urlsafe(30)
    (tmp_path / "log").write_text(f"x {key}")
    ran = subprocess.run(
        [sys.executable, "tools/find_canaries.py", "--env", "CANARY", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"CANARY": key, "PATH": ""},
    )
    assert ran.returncode == 1
    assert "CANARY (plain)" in ran.stdout
    assert key not in ran.stdout
