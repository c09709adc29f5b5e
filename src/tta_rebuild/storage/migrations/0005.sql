-- How much players of a server may spend a day; who is not here may spend what all others may.

CREATE TABLE player_budgets (
    player_id TEXT PRIMARY KEY,
    usd_a_day DOUBLE PRECISION NOT NULL
);
