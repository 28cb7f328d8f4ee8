-- A call that a trunk cannot place goes to the next trunk at once; which ones were tried in this round, one a line. And what is known
-- of each trunk, for commands that show it while the server runs.

ALTER TABLE jobs RENAME COLUMN avoid_trunk TO tried_trunks;

CREATE TABLE trunks (
    name                     TEXT PRIMARY KEY,
    standing                 TEXT NOT NULL CHECK (standing IN ('up', 'down', 'resting', 'unregistered')),
    since_ms                 INTEGER NOT NULL,
    -- Of a rest.
    until_ms                 INTEGER,
    reason                   TEXT,
    -- Whether it answers OPTIONS; nothing when that is not known or not asked.
    answers                  INTEGER CHECK (answers IN (0, 1)),
    registers                INTEGER NOT NULL CHECK (registers IN (0, 1)),
    registered_until_ms      INTEGER,
    registration_trouble     TEXT,
    registration_trouble_ms  INTEGER,
    last_trouble             TEXT,
    last_trouble_ms          INTEGER,
    failures                 INTEGER NOT NULL,
    -- Where its registrar sees us.
    seen_at                  TEXT,
    written_ms               INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls of a day by trunk.
CREATE INDEX attempts_by_opened ON attempts (opened_ms);
