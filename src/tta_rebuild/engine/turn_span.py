"""The span of a turn: what models are asked meanwhile becomes its children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from tta_rebuild.core import telemetry as names
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest

NAME = "invoke_workflow"


@contextmanager
def turn_span(
    request: TurnRequest, tracer_provider: trace.TracerProvider | None = None
) -> Iterator[Callable[[RunningTurn], None]]:
    """The current span for the block; what it gives is called with the turn once that is over.

    No word of the player's is in it.
    """
    tracer = trace.get_tracer(names.SCOPE, tracer_provider=tracer_provider)
    attributes = {
        names.OPERATION: NAME,
        names.WORKFLOW: f"turn_{request.kind}",
        names.CONVERSATION: request.story_id,
        "tta.story_id": request.story_id,
        "tta.branch_id": request.branch_id,
    }
    named = f"{NAME} turn_{request.kind}"
    with tracer.start_as_current_span(named, attributes=attributes) as span:

        def ended(turn: RunningTurn) -> None:
            if not span.is_recording():
                return
            span.set_attribute("tta.outcome", turn.state)
            if turn.state == "failed":
                errors = turn.last.get("errors") or ("defect",)
                span.set_attribute(names.ERROR, errors[0])
                span.set_status(Status(StatusCode.ERROR, errors[0]))

        yield ended
