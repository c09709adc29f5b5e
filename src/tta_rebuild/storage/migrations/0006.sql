-- How much single stories may cost, over all sessions; one that is not here has no budget of its own.

CREATE TABLE story_budgets (
    story BIGINT PRIMARY KEY REFERENCES stories (number),
    usd DOUBLE PRECISION NOT NULL
);
