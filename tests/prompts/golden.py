"""Prompts as they are sent, kept beside the tests: a template that changes needs a new version.

``python -m tests.prompts.golden`` writes the files that are missing and leaves the others alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tta_rebuild.lab.prompt_diff import fingerprint
from tta_rebuild.prompts import PromptCatalog, Template

FOLDER = Path(__file__).with_name("golden")
CATALOG = PromptCatalog.load()

SPOKEN: dict[str, Any] = {
    "metaconcepts": ["Balance Tone"],
    "boundaries": {"violence": "low"},
    "character": {"name": "Bram", "traits": {"patient": 0.8}, "memory": ["The bell cracked."]},
    "scene_context": "In the tower, at dusk.",
    "story_events": ["Nela came up with a rope."],
    "interacting_with": ["nela"],
    "trigger": "Nela asks about the crack.",
    "goal": "to cast one more bell",
}

VALUES: dict[str, dict[str, Any]] = {
    "scene": {
        "writes_lines": True,
        "relations": ["holds", "located_in"],
        "guidance": ["Balance Tone: light and dark"],
        "boundaries": {"violence": "low"},
        "manner": ["Style: balanced"],
        "rules": {"no_magic": "no magic"},
        "theme": "A bell-ringer <and> a cracked bell.",
        "title": "The Bell",
        "preferences": {"pace": "slow"},
        "recent": ["Nela came into the square."],
        "place_in_story": ["Scene 2"],
        "characters": [{"character_id": "nela", "name": "Nela", "is_player": True}],
        "cast": ["bram: Bram, a founder of bells"],
        "lines": ["3: Bram is 61 years old."],
        "facts": [{"subject": "nela", "relation": "holds", "value": "rope"}],
        "recalled": ["Nela held a rope."],
        "previous_context": "Turn 1: Nela came.",
        "notes": {"threads": ["the crack"]},
        "action": "I climb the tower.",
    },
    "dialogue": SPOKEN,
    "monologue": SPOKEN,
    "branch_check": {
        "metaconcepts": ["Balance Tone"],
        "rules": {"no_magic": "no magic"},
        "facts": [{"subject": "bell", "relation": "state", "value": "cracked"}],
        "recent": ["Nela climbed the tower."],
        "proposals": [{"choice": "Ring the bell.", "description": "It breaks."}],
    },
    "judgement": {
        "premise": "A bell-ringer and a cracked bell.",
        "cast": ["Nela: a bell-ringer"],
        "before": "Nela held a rope.",
        "move": "I climb the tower.",
        "piece": "The bell is cracked from lip to crown.",
        "criteria": ["coherence: do the parts fit together?"],
    },
    "care": {"words": "I climb the tower.", "scene": "The bell <is> cracked."},
    "reading": {
        "boundaries": ["B1: violence: low"],
        "people": ["nela: Nela, she, the player’s own character"],
        "rules": ["R1: no magic"],
        "now": ["nela is in the tower"],
        "lines": ["3: Bram is 61 years old."],
        "move": "I climb the tower.",
        "passages": ["P1: The bell is cracked."],
        "choices": ["C1: Ring the bell."],
        "language": "de",
        "wants_lines": True,
    },
}


def file_of(template: Template) -> Path:
    return FOLDER / f"{template.id}.txt"


def rendering(template: Template) -> str:
    prompt = CATALOG.render(template.name, VALUES[template.name])
    head = f"{template.id} {fingerprint(template)}"
    return f"{head}\n\n== system ==\n{prompt.system}\n\n== prompt ==\n{prompt.prompt}\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in CATALOG.templates:
        path = file_of(CATALOG.template(name))
        if not path.exists():
            path.write_text(rendering(CATALOG.template(name)), encoding="utf-8")
