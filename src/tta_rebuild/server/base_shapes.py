"""What all shapes share: what is taken and what is given, short names of texts, and problems.

Every route may answer with a problem. The shapes of stories, branches and turns are in ``shapes``,
those of the other routes in ``map_shapes``, ``canon_shapes``, ``report_shapes`` and
``access_shapes``; all build on this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Level = Literal["none", "low", "medium", "high"]
Key = Annotated[str, Field(min_length=1, max_length=120)]
Line = Annotated[str, Field(max_length=400)]
Text = Annotated[str, Field(max_length=4_000)]


class Taken(BaseModel):
    """What comes in: nothing is taken that is not named."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _has_no_nul(cls, given: Any) -> Any:
        """A NUL is no text, and PostgreSQL keeps none."""
        if isinstance(given, dict) and any("\x00" in text for text in _texts(given)):
            raise ValueError("a text holds the character NUL: leave it out")
        return given


def _texts(given: Any) -> Iterator[str]:
    """All texts in JSON values, however deep they lie."""
    left = [given]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]


class Given(BaseModel):
    """What goes out."""

    model_config = ConfigDict(from_attributes=True)


class ProblemOut(Given):
    """A problem (RFC 9457); ``do`` says what to do about it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:tta:problem:StoryNotFound"])
    title: str = Field(examples=["No such story"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no story is called 'b7'"])
    do: str = Field(examples=["GET /api/v1/stories lists the stories that there are."])


class ChatErrorDetailOut(Given):
    """What went wrong, as OpenAI tells it."""

    message: str = Field(examples=["There is no model 'gpt'; there are: tta. Choose one."])
    type: str = Field(examples=["invalid_request_error"])
    param: str | None
    code: str | None = Field(examples=["model_not_found"])


class ChatErrorOut(Given):
    """An error of the door for chat clients."""

    error: ChatErrorDetailOut
