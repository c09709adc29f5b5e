"""Requests that are wrong, one a row: method, path, body, headers. ``{b}`` is a branch's path."""

from __future__ import annotations

from typing import Any

KEY = {"Idempotency-Key": "bad"}
JSON = {"Content-Type": "application/json"}
DEEP = "[" * 100_000 + "]" * 100_000
LESS_DEEP = '{"theme": ' + "[" * 900 + "]" * 900 + "}"
WRONG: tuple[Any, ...] = (None, 7, 1.5, True, [], {}, [[]], "x" * 300_000, "\x00", "\ud800")

Row = tuple[str, str, Any, dict[str, str]]


def rows() -> list[Row]:
    """All of them."""
    return [*_stories(), *_turns(), *_others(), *_paths(), *_raw()]


def _stories() -> list[Row]:
    theme = "A lighthouse keeper finds a door."
    bodies: list[Any] = [
        *WRONG[:6],
        {},
        {"theme": ""},
        {"theme": "ab"},
        {"theme": "\u200b\u200b\u200b"},
        {"theme": "x" * 20_001},
        *({"theme": value} for value in WRONG[:7]),
        *({"theme": theme, "title": value} for value in WRONG[1:8]),
        {"theme": theme, "unknown": 1},
        {"theme": theme, "characters": "Mara"},
        {"theme": theme, "characters": [{}]},
        {"theme": theme, "characters": [{"name": ""}]},
        {"theme": theme, "characters": [{"name": "..."}]},
        {"theme": theme, "characters": [{"name": "Mara"}, {"name": "Mara"}]},
        {"theme": theme, "characters": [{"name": "Mara", "traits": {"brave": 2}}]},
        {"theme": theme, "characters": [{"name": "Mara", "arc": {"nowhere": "never"}}]},
        {"theme": theme, "characters": [{"name": f"n{n}"} for n in range(51)]},
        {"theme": theme, "boundaries": {"violence": "loads"}},
        {"theme": theme, "boundaries": {"": "none"}},
        {"theme": theme, "boundaries": {"123": "none"}},
        {"theme": theme, "boundaries": ["violence"]},
        {"theme": theme, "rules": [""]},
        {"theme": theme, "rules": ["x" * 401]},
        {"theme": theme, "world": "nowhere"},
        {"theme": theme, "world": "../../etc/passwd"},
        {"theme": theme, "world": "/etc/world.yaml"},
        {"theme": theme, "plot": "nothing_of_the_kind"},
        {"theme": theme, "length": -1},
        {"theme": theme, "seed": 2**70},
        {"theme": theme, "language": "tlh-xx"},
    ]
    return [("POST", "/stories", body, {}) for body in bodies]


def _turns() -> list[Row]:
    bodies: list[Any] = [
        *WRONG[:6],
        {},
        {"kind": "dance"},
        {"kind": "choose", "choice": 0},
        {"kind": "choose", "choice": -1},
        {"kind": "choose", "choice": "1"},
        {"kind": "choose", "choice": 10**30},
        {"kind": "say", "text": 7},
        {"kind": "say", "text": "x" * 20_001},
        {"kind": "say", "text": "\ud800"},
        {"kind": "begin", "position": -1},
        {"kind": "begin", "position": 10**6},
        {"kind": "begin", "extra": True},
    ]
    keys = ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 121})
    return [
        *(("POST", "{b}/turns", body, KEY) for body in bodies),
        *(("POST", "{b}/turns", {"kind": "begin"}, key) for key in keys),
        ("POST", "{b}/asides", {"kind": "ask"}, KEY),
        ("POST", "{b}/asides", {"kind": "dream", "text": "Mara"}, KEY),
        ("POST", "{b}/asides", {"kind": "ask", "text": "Mara"}, {}),
    ]


def _others() -> list[Row]:
    claim = {"subject": "mara", "relation": "located_in", "value": "the moon"}
    return [
        ("PATCH", "{s}", {"title": ""}, {}),
        ("PATCH", "{s}", {"title": "\u200b \x00"}, {}),
        ("PATCH", "{s}", {"title": "x" * 121}, {}),
        ("POST", "{s}/branches", {"turn": 99}, {}),
        ("POST", "{s}/branches", {"turn": -1}, {}),
        ("POST", "{s}/branches", {"turn": 0, "branch": "nowhere"}, {}),
        ("POST", "{s}/branches", {"turn": 0, "name": "main"}, {}),
        ("POST", "{s}/branches", {"turn": 0, "name": "\u200b"}, {}),
        ("POST", "{b}/undo", {"turns": 0}, {}),
        ("POST", "{b}/undo", {"turns": "one"}, {}),
        ("POST", "{b}/retcons", {"claim": claim}, {}),
        ("POST", "{b}/retcons", {"claim": {**claim, "relation": ""}}, {}),
        ("POST", "{b}/retcons", {"claim": claim, "how": "somehow"}, {}),
        ("POST", "{b}/validate", {"choices": [{"text": ""}]}, {}),
        ("POST", "{b}/validate", {"choices": [{"text": "Go."}] * 21}, {}),
        ("PATCH", "{b}/boundaries", {"boundaries": {"violence": "much"}}, {}),
        ("PATCH", "{b}/boundaries", {"boundaries": {"?": "none"}}, {}),
        ("POST", "{b}/ratings", {"rating": 6}, {}),
        ("POST", "{b}/ratings", {"rating": 3, "turn": 77}, {}),
        ("POST", "{b}/ratings", {"rating": 3, "comment": "x" * 2_001}, {}),
        ("POST", "/evaluate", {"text": ""}, {}),
        ("POST", "/evaluate", {"text": "x" * 20_001}, {}),
        ("POST", "/stories/import", {}, {}),
        ("POST", "/stories/import", [], {}),
        ("POST", "/stories/import", {"format": "tta-story", "version": 99}, {}),
        (
            "POST",
            "/stories/import",
            {"format": "tta-story", "version": 1, "title": "x", "branches": []},
            {},
        ),
    ]


def _paths() -> list[Row]:
    return [
        ("GET", path, None, {})
        for path in (
            "/nothing",
            "/stories/none",
            "/stories/%00",
            "/stories/%ff%fe",
            "/stories/..%2f..",
            f"/stories/{'x' * 200}",
            "/stories?limit=0",
            "/stories?limit=201",
            "/stories?after=-1",
            "/stories?after=none",
            "{s}/branches/none",
            "{s}/compare",
            "{s}/compare?one=main&other=none",
            "{s}/export?format=pdf",
            "{s}/map/titles?branch=none",
            "{b}/turns?limit=999",
            "{b}/events?after=1e9",
            "{b}/characters/nobody",
            "/turns/none",
            "/turns/none/events",
            "/experiments/none",
            "/costs?by=weather",
            "/costs?story=none",
            "/feedback?story=none",
            "/feedback?by=mood",
            "/analytics?days=-1",
        )
    ]


def _raw() -> list[Row]:
    """Bodies that are no JSON, and methods that are none."""
    bodies = (
        b"",
        b"{",
        b"\xff\xfe",
        b"theme=x",
        DEEP.encode(),
        LESS_DEEP.encode(),
        b"NaN",
        b'{"theme": NaN}',
        b"null",
    )
    return [
        *(("POST", "/stories", body, JSON) for body in bodies),
        ("POST", "/stories", b'{"theme": "A door."}', {"Content-Type": "text/plain"}),
        ("POST", "/stories", b"\x1f\x8b", {**JSON, "Content-Encoding": "gzip"}),
        ("PUT", "/stories", {}, {}),
        ("DELETE", "/stories", None, {}),
        ("PATCH", "/turns/none", {}, {}),
        ("GET", "/turns/none/events", None, {"Last-Event-ID": "-1"}),
        ("GET", "/turns/none/events", None, {"Last-Event-ID": "two"}),
    ]
