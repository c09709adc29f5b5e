-- The ledger: one row for each attempt at a model, and the indexes that budgets and reports ask.
CREATE TABLE attempts (
    number {key},
    at BIGINT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    task TEXT NOT NULL,
    outcome TEXT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    thinking_tokens BIGINT NOT NULL,
    estimated BOOLEAN NOT NULL,
    cost_usd DOUBLE PRECISION NOT NULL,
    attempt INTEGER NOT NULL,
    priced BOOLEAN NOT NULL,
    story_id TEXT NOT NULL,
    branch_id TEXT NOT NULL,
    turn INTEGER NOT NULL,
    player_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    latency_s DOUBLE PRECISION NOT NULL,
    first_piece_s DOUBLE PRECISION,
    prompt_version TEXT NOT NULL
);
CREATE INDEX attempts_at ON attempts (at, cost_usd);
CREATE INDEX attempts_story ON attempts (story_id, at, cost_usd);
CREATE INDEX attempts_player ON attempts (player_id, at, cost_usd);
CREATE INDEX attempts_session ON attempts (session_id, at, cost_usd);
