"""What a worker tells at its port beside what it counts: models, budgets, Redis, the process."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.figures import watch_models, watch_process
from tta_rebuild.bootstrap.sharing import redis_answers
from tta_rebuild.core.telemetry import SCOPE, observe

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

LIMIT_S = 1.0
"""How long Redis may take to answer, seconds."""


class WorkerFigures:
    """Figures of an application, by ``text`` of the registry that all of them are put into."""

    def __init__(
        self, application: Application, provider: MeterProvider, text: Callable[[], str]
    ) -> None:
        self._application, self._text = application, text
        self._has_redis: bool | None = None
        meter = provider.get_meter(SCOPE)
        watch_models(meter, application)
        watch_process(meter, version("tta-rebuild"))
        observe(
            meter,
            "tta.redis.away",
            "1 while Redis cannot be used and this worker keeps to its share",
            lambda: [(int(not self._has_redis), {})] if self._has_redis is not None else [],
        )

    async def now(self) -> str:
        """All figures as they are now, for Prometheus."""
        application = self._application
        has_redis = await redis_answers(application.settings, LIMIT_S)
        self._has_redis = has_redis and application.redis() != "away"
        return self._text()
