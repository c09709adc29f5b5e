"""The span of a turn: what models are asked meanwhile becomes its children."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from tta_rebuild.core import telemetry as names
from tta_rebuild.engine.turn_runner import TurnRequest

NAME = "invoke_workflow"


@contextmanager
def turn_span(
    request: TurnRequest, tracer_provider: trace.TracerProvider | None = None
) -> Iterator[Callable[[str, Sequence[str]], None]]:
    """The current span for the block; what it gives is called with how the turn ended, and with
    the names of the errors that it failed with.

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

        def ended(outcome: str, errors: Sequence[str]) -> None:
            span.set_attribute("tta.outcome", outcome)
            if outcome == "failed":
                first = errors[0] if errors else "defect"
                span.set_attribute(names.ERROR, first)
                span.set_status(Status(StatusCode.ERROR, first))

        yield ended
