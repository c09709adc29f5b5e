-- When each update of a turn was put, by the clock of who put it; and what workers say of themselves,
-- and when they did so the last time: so that who is asked how it goes can say it of all machines.

ALTER TABLE turn_updates ADD COLUMN at BIGINT;

-- about is of JSON's kinds; seen_at is by the database's clock, microseconds. NULL: of an earlier
-- program, which says nothing
ALTER TABLE worker_lives ADD COLUMN about TEXT;

ALTER TABLE worker_lives ADD COLUMN seen_at BIGINT;

ALTER TABLE worker_lives ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;

ALTER TABLE worker_lives ADD COLUMN is_ending INTEGER NOT NULL DEFAULT 0;
