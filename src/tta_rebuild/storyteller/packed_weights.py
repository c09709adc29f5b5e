"""Weights of a perceptron with many labels: a feature's whole row is one integer.

Called by ``clause_parser`` and its trainer. A feature is a non-negative integer below 2⁶⁴; its row
has a lane of 16 bits for each label, so that the rows of forty features are added up, for ninety
labels at once, by forty additions of Python's long integers. On disk a row keeps only what is not
zero, and a feature is known by 32 bits of its hash.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Mapping
from itertools import accumulate

LANE = 16
_HALF = 1 << (LANE - 1)
_MOST_ROWS = 200_000  # rows kept unpacked


def fingerprint(feature: int) -> int:
    """32 bits by which a feature is known on disk."""
    return (((feature ^ (feature >> 29)) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF) >> 32


def scores(row: int, labels: int) -> memoryview:
    """What a sum of rows says for each label; only their order means anything."""
    biased = row + _HALF * (((1 << (LANE * labels)) - 1) // ((1 << LANE) - 1))
    return memoryview(biased.to_bytes(labels * (LANE // 8), "little")).cast("H")


class PackedWeights(dict[int, int]):
    """Feature → its row, unpacked when it is first asked for; 0 where nothing was learned."""

    def __init__(self, packed: bytes) -> None:
        super().__init__()
        rows, cells = struct.unpack_from("<II", packed)
        at, planes = 8, list[bytes]()
        for size in (rows, rows, rows, rows, rows, cells, cells):
            planes.append(packed[at : at + size])
            at += size
        steps = bytearray(4 * rows)
        for place in range(4):
            steps[place::4] = planes[place]
        self._place = {key: at for at, key in enumerate(accumulate(_u32(bytes(steps))))}
        self._ends = array("I", accumulate(planes[4]))
        self._labels, self._weights = planes[5], array("b", planes[6])

    def __missing__(self, feature: int) -> int:
        row, at = 0, self._place.get(fingerprint(feature), -1)
        if at >= 0:
            for cell in range(self._ends[at - 1] if at else 0, self._ends[at]):
                row += self._weights[cell] << (LANE * self._labels[cell])
        if len(self) >= _MOST_ROWS:
            self.clear()
        self[feature] = row
        return row


def _u32(data: bytes) -> array[int]:
    numbers = array("I", data)
    if struct.pack("=I", 1) != struct.pack("<I", 1):
        numbers.byteswap()
    return numbers


def packed(weights: Mapping[int, Mapping[int, int]]) -> bytes:
    """Feature → label → weight, as ``PackedWeights`` reads it.

    Labels are below 256; weights are kept within -127 and 127.
    """
    rows = {fingerprint(feature): row for feature, row in weights.items() if row}
    keys = sorted(rows)
    steps = b"".join(
        struct.pack("<I", key - before) for before, key in zip([0, *keys], keys, strict=False)
    )
    cells = [cell for key in keys for cell in sorted(rows[key].items())]
    return b"".join(
        [
            struct.pack("<II", len(keys), len(cells)),
            *(steps[place::4] for place in range(4)),
            bytes(len(rows[key]) for key in keys),
            bytes(label for label, _ in cells),
            struct.pack(f"<{len(cells)}b", *(max(-127, min(127, weight)) for _, weight in cells)),
        ]
    )


def join_sections(sections: Iterable[bytes]) -> bytes:
    """Byte strings as one compressed file."""
    parts = [*sections]
    sizes = struct.pack(f"<{len(parts) + 1}I", len(parts), *map(len, parts))
    return sizes + zlib.compress(b"".join(parts), 9)


def split_sections(file: bytes) -> list[bytes]:
    """The byte strings of a compressed file."""
    (count,) = struct.unpack_from("<I", file)
    sizes = struct.unpack_from(f"<{count}I", file, 4)
    whole = zlib.decompress(file[4 * (count + 1) :])
    ends = [*accumulate(sizes)]
    return [whole[end - size : end] for end, size in zip(ends, sizes, strict=True)]
