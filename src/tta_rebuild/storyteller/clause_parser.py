"""TEMPORARY adapter."""
from dataclasses import dataclass
from functools import lru_cache

@dataclass(frozen=True, slots=True)
class Word:
    index: int
    text: str
    start: int
    tag: str
    relation: str
    head: int

@lru_cache(maxsize=1000)
def parse(text):
    from tta_rebuild.reading.english_parse import load_parser
    doc = load_parser()(text)
    return tuple(tuple(Word(t.i, t.text, t.idx, t.tag_, t.dep_, t.head.i) for t in s if not t.is_space) for s in doc.sents)
