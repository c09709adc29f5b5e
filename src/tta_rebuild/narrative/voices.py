"""What characters say and think when no model does it for them: short lines by emotion.

Used by ``character_state`` alone. Lines are chosen by the character, the emotion and how much the
character has lived through, so the same moment always gets the same line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_SPOKEN: dict[str, tuple[str, ...]] = {
    "neutral": (
        "Let us look at this calmly before we take another step.",
        "Tell me what you see. I would rather know than guess.",
        "One thing after the other. Where do we begin?",
    ),
    "fearful": (
        "I do not like this, and I am not going to pretend that I do.",
        "My hands are shaking. Stay where I can see you.",
        "Keep your voice down. I am afraid it has already heard us.",
    ),
    "hopeful": (
        "It might work. For the first time today, it might really work.",
        "Look, there is light over there. We are closer than I thought.",
        "I had stopped expecting good news. Say it once more.",
    ),
    "angry": (
        "Enough. I have swallowed this for long enough.",
        "Do not ask me to be quiet about it. Not this time.",
        "You knew, and you let it happen.",
    ),
    "sorrowful": (
        "I keep setting out two cups. It is only a habit by now.",
        "Give me a moment. It is heavier than I expected.",
        "I would give a good deal to hear that voice again.",
    ),
    "joyful": (
        "Ha! Did you see that? I want to remember it just as it was.",
        "Come here, all of you. This we do not celebrate alone.",
        "I had forgotten that it can be this easy to laugh.",
    ),
    "conflicted": (
        "Half of me wants to go and half of me wants to bar the door.",
        "Both of you are right, and that is what makes it hard.",
        "Ask me again in an hour. I may have a different answer.",
    ),
    "determined": (
        "We go on. I have not come this far to admire the view.",
        "I know what it will cost. I am doing it all the same.",
        "Then it falls to me. Good. Let it begin.",
    ),
    "curious": (
        "Wait, what is that? No, do not touch it yet, let me see.",
        "There is a reason for this somewhere, and I would like to meet it.",
        "How strange. I have walked past it every day of my life.",
    ),
    "surprised": (
        "That is not what I expected to find behind that door.",
        "You? Here? I hardly know where to begin.",
        "Well. So much for the plan.",
    ),
    "guilty": (
        "I should have said something when it still mattered.",
        "It was my doing. I would rather you heard it from me.",
        "You have been kinder about it than I have earned.",
    ),
    "grateful": (
        "I will not forget that you stood with me.",
        "Thank you. I know that it was not a small thing.",
        "I had not expected help. It finds me without words.",
    ),
    "tender": (
        "You need not be strong for me just now.",
        "Sit with me a while. Nothing has to be decided tonight.",
        "I am glad that it is you who is here.",
    ),
    "calm": (
        "There is time. Breathe, and then tell me.",
        "The water settles if you let it. So do we.",
        "Nothing is on fire. We can think.",
    ),
    "ashamed": (
        "Please do not look at me like that.",
        "I have told this story often, and always left that part out.",
        "I thought if nobody knew, it would stop being so.",
    ),
    "lonely": (
        "It is a large house for one pair of feet.",
        "I had got used to talking to the kettle.",
        "Stay a little, if you are not expected elsewhere.",
    ),
}

_THOUGHT: dict[str, tuple[str, ...]] = {
    "neutral": ("Nothing is decided yet.", "Best to watch and wait a little."),
    "fearful": ("If I stop now, the fear has won.", "Breathe. It is only the dark."),
    "hopeful": ("Perhaps this is where it turns.", "I hardly dare to look straight at it."),
    "angry": ("Not one word more than I can stand behind.", "Let it burn, but let me steer it."),
    "sorrowful": ("Some things are carried and not put down.", "It still has the same weight."),
    "joyful": ("Keep this, whatever comes.", "So this is what it feels like."),
    "conflicted": (
        "Whichever way I go, I leave something behind.",
        "Two voices, and both of them mine.",
    ),
    "determined": ("One step, and then the one after it.", "I have made up my mind."),
    "curious": ("There is more here than they say.", "What did I overlook?"),
    "surprised": ("I did not see that coming.", "Everything has to be thought again."),
    "guilty": ("I owe more than an apology.", "It can be mended, if I begin."),
    "grateful": ("I am not alone with it.", "Kindness, from there of all places."),
    "tender": ("Softly now.", "This matters more than being right."),
    "calm": ("All is quiet enough to hear myself.", "Slowly."),
    "ashamed": ("I am more than the worst thing I did.", "Let me begin by not hiding."),
    "lonely": ("Somebody must be within call.", "The silence answers too quickly."),
}

_MANNER = {
    "neutral": "says",
    "fearful": "whispers",
    "hopeful": "says, looking up",
    "angry": "says sharply",
    "sorrowful": "says quietly",
    "joyful": "says, laughing",
    "conflicted": "says, and stops, and begins again",
    "determined": "says firmly",
    "curious": "says, leaning closer",
    "surprised": "says, eyes wide",
    "guilty": "says, looking away",
    "grateful": "says warmly",
    "tender": "says gently",
    "calm": "says evenly",
    "ashamed": "says, hardly to be heard",
    "lonely": "says into the quiet",
}


def _picked(lines: Sequence[str], *seed: object) -> str:
    digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
    return lines[int.from_bytes(digest[:4], "big") % len(lines)]


def spoken_line(name: str, emotion: str, *seed: object) -> str:
    """One line of direct speech, with the speaker's name: ``Mira says: "..."``."""
    line = _picked(_SPOKEN.get(emotion, _SPOKEN["neutral"]), name, emotion, *seed)
    return f'{name} {_MANNER.get(emotion, "says")}: "{line}"'


def thought(name: str, emotion: str, goal: str, scene: str, *seed: object) -> str:
    """What goes through the character's mind; names the goal if there is one."""
    line = _picked(_THOUGHT.get(emotion, _THOUGHT["neutral"]), name, emotion, *seed)
    if goal:
        wanted = _picked(
            (
                "And still there is what I set out for: {goal}.",
                "What I want has not changed: {goal}.",
                "If this brings me nearer to it, to {goal}, it is worth the trouble.",
            ),
            name,
            goal,
            *seed,
        )
        return f"{line} {wanted.format(goal=goal)}"
    first = scene.strip().split("\n")[0].rstrip(".!? ")
    shortened = first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0] + " …"
    return f"{line} ({shortened}.)"
