"""Backup and restore of the stories that the settings name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tta_rebuild.settings import Settings
from tta_rebuild.storage import backup as of_file
from tta_rebuild.storage.backup import BackedUp
from tta_rebuild.storage.failures import failure
from tta_rebuild.storage.sqlite_list import FILE_NAME

__all__ = ["BackedUp", "backup", "restore"]


def backup(settings: Settings, into: Path, *, overwrite: bool = False) -> BackedUp:
    """As ``storage.backup.backup``; raises StoreError where a server keeps the stories."""
    return of_file.backup(_file(settings), into, overwrite=overwrite)


def restore(settings: Settings, source: Path, *, now: datetime) -> BackedUp:
    """As ``storage.backup.restore``; raises StoreError where a server keeps the stories."""
    return of_file.restore(_file(settings), source, now=now)


def _file(settings: Settings) -> Path:
    if settings.database_url:
        raise failure("backup_server", "TTA_DATABASE_URL")
    return settings.data_dir / FILE_NAME
