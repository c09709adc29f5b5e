"""Refuses files that hold a key: run by pre-commit on what is staged, by ``make secrets`` on all.

``python tools/scan_secrets.py [FILE ...]`` looks at the files given, or at all that git tracks.
Two scanners look: detect-secrets with its detectors of known tokens, and rules of our own for the
providers that it does not know, for ``.env`` files, and for keys assigned under a telling name. A
finding names file, line and kind, never the key. Exits 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DETECTORS = (
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
"""Detectors of tokens by their shape; those that guess by entropy or by name cry wolf too often."""

RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(shape))
    for kind, shape in (
        ("Google API key", r"\bAIza[\w-]{35}"),
        ("Google key", r"\bAQ\.[\w-]{30,}"),
        ("Google OAuth token", r"\bya29\.[\w-]{30,}"),
        ("Anthropic key", r"\bsk-ant-[\w-]{20,}"),
        ("OpenAI or OpenRouter key", r"\bsk-(?:proj|svcacct|admin|or-v\d)-[\w-]{20,}"),
        ("key beginning with sk-", r"\bsk-[A-Za-z0-9]{32,}"),
        ("E2B key", r"\b(?:e2b_|sk_e2b_)[0-9a-zA-Z]{20,}"),
        ("Hugging Face token", r"\bhf_[A-Za-z]{30,}"),
        ("Groq key", r"\bgsk_[A-Za-z0-9]{30,}"),
        ("xAI, Perplexity, NVIDIA or Replicate key", r"\b(?:xai|pplx|nvapi|r8)[-_][\w-]{30,}"),
        ("GitHub token", r"\b(?:gh[opsur]_[A-Za-z0-9]{30,}|github_pat_\w{40,})"),
        (
            "value of a key",
            r"(?i)\b[A-Z0-9]*_?(?:GEMINI|GOOGLE|ANTHROPIC|OPENAI|OPENROUTER|E2B|HF|GROQ|XAI|LANGFUSE)"
            r"[A-Z0-9_]*(?:KEY|TOKEN|SECRET)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9_\-.+/]{16,}",
        ),
    )
)

_ENV_FILE = re.compile(r"^\.env(\..+)?$")
_ENV_SECRET = re.compile(
    r"^\s*(?:export\s+)?\w*(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|DSN)\w*\s*=\s*[\"']?[^\s\"'#]"
)
_LARGEST_BYTES = 5_000_000


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A key in a file: where, and which kind; the key itself is not kept."""

    path: str
    line: int
    kind: str


def findings(paths: Iterable[Path]) -> list[Finding]:
    """What is wrong with these files, in order, one per line and kind."""
    from detect_secrets.settings import transient_settings

    found: set[Finding] = set()
    with transient_settings({"plugins_used": [{"name": name} for name in DETECTORS]}):
        for path in paths:
            if path.is_file() and path.stat().st_size <= _LARGEST_BYTES:
                found.update(_by_our_rules(path))
                found.update(_by_detect_secrets(path))
    return sorted(found)


def _by_our_rules(path: Path) -> Iterator[Finding]:
    if path.name == ".env":
        yield Finding(str(path), 0, "a .env file: it never belongs into the repository")
    is_env = _ENV_FILE.match(path.name) is not None
    text = path.read_bytes().decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, shape in RULES:
            if shape.search(line):
                yield Finding(str(path), number, kind)
        if is_env and _ENV_SECRET.match(line):
            yield Finding(str(path), number, "a secret with a value in an example of .env")


def _by_detect_secrets(path: Path) -> Iterator[Finding]:
    from detect_secrets.core.scan import scan_file

    for secret in scan_file(str(path)):
        yield Finding(str(path), secret.line_number, secret.type)


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True)
    return [Path(name) for name in listed.stdout.decode().split("\0") if name]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    found = findings(options.files or _tracked())
    for finding in found:
        sys.stdout.write(f"{finding.path}:{finding.line}: {finding.kind}\n")
    if found:
        sys.stdout.write(
            f"{len(found)} possible secret(s): take them out, and replace any key that was real "
            "(docs/secrets.md says how)\n"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
