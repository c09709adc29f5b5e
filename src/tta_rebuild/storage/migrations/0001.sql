-- The story log: stories, their branches, events and snapshots, and the index of words.
-- Times are whole microseconds (stored_time).

-- named as Alembic names it, which made the first databases
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);

CREATE TABLE stories (
    number {key},
    story_id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    branches INTEGER NOT NULL,
    turns INTEGER NOT NULL
);

CREATE TABLE branches (
    number {key},
    branch_id TEXT NOT NULL UNIQUE,
    story BIGINT NOT NULL REFERENCES stories (number),
    name TEXT NOT NULL,
    parent BIGINT REFERENCES branches (number),
    forked_at BIGINT NOT NULL,
    length BIGINT NOT NULL,
    turn INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT branches_story_name UNIQUE (story, name)
);
CREATE INDEX branches_parent ON branches (parent);

CREATE TABLE events (
    branch BIGINT NOT NULL REFERENCES branches (number),
    position BIGINT NOT NULL,
    turn INTEGER NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (branch, position)
);
CREATE INDEX events_turn ON events (branch, turn, position);

CREATE TABLE snapshots (
    branch BIGINT NOT NULL REFERENCES branches (number),
    shape TEXT NOT NULL,
    position BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (branch, shape, position)
);

-- scope holds the branch as a word of its own, so that the index itself leaves out the rest
-- only sqlite
CREATE VIRTUAL TABLE prose
USING fts5(scope, words, tokenize = 'unicode61 remove_diacritics 0');
-- only postgresql
CREATE TABLE prose (
    branch BIGINT NOT NULL REFERENCES branches (number),
    position BIGINT NOT NULL,
    scope TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (branch, position)
);
-- only postgresql
CREATE INDEX prose_words ON prose USING gin
((setweight(to_tsvector('simple', scope), 'A') || to_tsvector('simple', words)));
