-- Who may come in (a token is kept as its digest alone), whose a story is, who may read along, and
-- where the conversations of chat clients stand. What belongs to a story goes with it.

CREATE TABLE access_tokens (
    number {key},
    token_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    parent BIGINT REFERENCES access_tokens (number),
    player_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE story_owners (
    story BIGINT PRIMARY KEY REFERENCES stories (number),
    player_id TEXT NOT NULL
);
CREATE INDEX story_owners_player ON story_owners (player_id);

CREATE TABLE shares (
    number {key},
    share_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    story BIGINT NOT NULL REFERENCES stories (number),
    created_at BIGINT NOT NULL
);
CREATE INDEX shares_story ON shares (story);

CREATE TABLE conversations (
    number {key},
    player_id TEXT NOT NULL,
    name TEXT NOT NULL,
    story BIGINT NOT NULL REFERENCES stories (number),
    CONSTRAINT conversations_name UNIQUE (player_id, name)
);
CREATE INDEX conversations_story ON conversations (story);

CREATE TABLE conversation_moves (
    number {key},
    conversation BIGINT NOT NULL REFERENCES conversations (number),
    parent BIGINT NOT NULL,
    said TEXT NOT NULL,
    request_key TEXT NOT NULL,
    branch_id TEXT NOT NULL,
    turn_before INTEGER NOT NULL,
    turn_after INTEGER NOT NULL,
    is_void INTEGER NOT NULL DEFAULT 0,
    answered_at BIGINT
);
CREATE INDEX conversation_moves_of ON conversation_moves (conversation);
