-- What people said of scenes, and what was played for experiments. A rating goes with its story.

CREATE TABLE ratings (
    number {key},
    story BIGINT NOT NULL REFERENCES stories (number),
    branch_id TEXT NOT NULL,
    turn INTEGER NOT NULL,
    player_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    rating INTEGER NOT NULL,
    comment TEXT NOT NULL,
    CONSTRAINT ratings_scene UNIQUE (branch_id, turn, player_id)
);
CREATE INDEX ratings_story ON ratings (story);

CREATE TABLE experiments (
    number {key},
    name TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    plan TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE plays (
    number {key},
    experiment BIGINT NOT NULL REFERENCES experiments (number),
    variant TEXT NOT NULL,
    premise TEXT NOT NULL,
    seed BIGINT NOT NULL,
    player TEXT NOT NULL,
    story_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    CONSTRAINT plays_once UNIQUE (experiment, variant, premise, seed, player)
);
