"""``python -m benchmarks.predict_branch GOLD.jsonl ... > PRED.jsonl``: predictions for branch sets.

Each row needs ``id``, ``timeline`` and ``branch``; the judge sees the last two only. Writes
``{"id", "score", "flag", "evidence"}`` per row.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tta_rebuild.canon.judge import score


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    for path in parser.parse_args().gold:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if "timeline" not in row or "branch" not in row:
                continue
            found = score(row["timeline"], row["branch"])
            print(
                json.dumps(
                    {
                        "id": row["id"],
                        "score": round(found.score, 6),
                        "flag": found.flag,
                        "evidence": found.evidence,
                    }
                )
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
