-- Turns that several machines play: which were asked for, what was seen of them, and what was done
-- already for one that is played. Of a turn that is over, its state and its updates alone stay.

CREATE TABLE turns (
    number {key},
    turn_id TEXT NOT NULL UNIQUE,
    key TEXT UNIQUE,
    story_id TEXT NOT NULL,
    branch_id TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    position BIGINT,
    last TEXT NOT NULL,
    is_beside INTEGER NOT NULL,
    owes_note INTEGER NOT NULL
);
CREATE UNIQUE INDEX turns_running ON turns (branch_id) WHERE state = 'running';
CREATE INDEX turns_branch ON turns (branch_id, number);
CREATE INDEX turns_story ON turns (story_id);
CREATE INDEX turns_ended ON turns (ended_at);

CREATE TABLE turn_updates (
    turn_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (turn_id, number)
);

-- the calls of a turn to models: what was asked, and the whole reply if it has come
CREATE TABLE turn_calls (
    turn_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    nth INTEGER NOT NULL,
    asked TEXT NOT NULL,
    reply TEXT,
    PRIMARY KEY (turn_id, fingerprint, nth)
);

-- what a turn has come to, until it is stored
CREATE TABLE turn_outcomes (
    turn_id TEXT NOT NULL PRIMARY KEY,
    outcome TEXT NOT NULL,
    is_stored INTEGER NOT NULL
);
