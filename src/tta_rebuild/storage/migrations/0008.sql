-- Which worker sent a call to a model, and when workers ended: so that the calls of one that was
-- lost are booked by the time that they had.

ALTER TABLE turn_calls ADD COLUMN worker TEXT NOT NULL DEFAULT '';

-- session is the worker's connection to the database (process id and begin of the server's process
-- behind it); ahead is how far the database's clock is before the worker's, microseconds
CREATE TABLE worker_lives (
    worker TEXT NOT NULL PRIMARY KEY,
    session_pid BIGINT NOT NULL,
    session_began BIGINT NOT NULL,
    ahead BIGINT NOT NULL,
    gone_at BIGINT
);
