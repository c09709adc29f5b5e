"""The names of OpenTelemetry's GenAI conventions, in one place, since they still move.

As of semantic-conventions 1.38, status "development". Names of our own begin with ``tta.``.
"""

from __future__ import annotations

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
TOKEN_TYPE = "gen_ai.token.type"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
ERROR_TYPE = "error.type"

TOKEN_USAGE_METRIC = "gen_ai.client.token.usage"
DURATION_METRIC = "gen_ai.client.operation.duration"
FIRST_CHUNK_METRIC = "gen_ai.client.operation.time_to_first_chunk"

CHAT = "chat"
PROVIDER_NAMES = {"gemini": "gcp.gemini", "vertex": "gcp.vertex_ai"}
"""Our name of a provider → the conventions' name, where they differ."""

TASK = "tta.task"
STORY = "tta.story_id"
BRANCH = "tta.branch_id"
TURN = "tta.turn"
ATTEMPT = "tta.attempt"
CORRELATION = "tta.correlation_id"
PROMPT_VERSION = "tta.prompt_version"
COST = "tta.cost_usd"
DEGRADED = "tta.degraded"
CACHE = "tta.cache"
