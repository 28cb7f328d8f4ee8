-- All times are Unix milliseconds. Words of states are those of the program (JobState::word and so on).

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    envelope_from   TEXT NOT NULL,
    peer            TEXT NOT NULL,
    received_ms     INTEGER NOT NULL,
    spool_file      TEXT NOT NULL,
    size_bytes      INTEGER NOT NULL,
    message_id      TEXT,
    subject         TEXT NOT NULL,
    header_from     TEXT NOT NULL,
    reference_ids   TEXT NOT NULL,
    envelope_id     TEXT,
    return_content  TEXT,
    fingerprint     BLOB NOT NULL
) STRICT;

-- Finds a message that a client sends again because it did not see our answer.
CREATE INDEX messages_by_fingerprint ON messages (fingerprint, received_ms);
CREATE INDEX messages_by_message_id ON messages (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE jobs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    message           INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    sender            TEXT NOT NULL,
    number            TEXT NOT NULL,
    original_address  TEXT NOT NULL,
    sub_address       TEXT,
    state             TEXT NOT NULL CHECK (state IN
                        ('accepted', 'ready', 'dialling', 'held', 'done', 'failed', 'cancelled', 'reported')),
    priority          INTEGER NOT NULL,
    created_ms        INTEGER NOT NULL,
    due_ms            INTEGER NOT NULL,
    expires_ms        INTEGER NOT NULL,
    ended_ms          INTEGER,
    pages_file        TEXT,
    pages_total       INTEGER NOT NULL DEFAULT 0,
    pages_confirmed   INTEGER NOT NULL DEFAULT 0,
    tries_busy        INTEGER NOT NULL DEFAULT 0,
    tries_no_answer   INTEGER NOT NULL DEFAULT 0,
    tries_trunk       INTEGER NOT NULL DEFAULT 0,
    tries_fax         INTEGER NOT NULL DEFAULT 0,
    tries_not_a_fax   INTEGER NOT NULL DEFAULT 0,
    tries_resume      INTEGER NOT NULL DEFAULT 0,
    cause             TEXT,
    cause_detail      TEXT,
    give_up           TEXT,
    hold_reason       TEXT,
    notify            TEXT,
    original_recipient TEXT,
    trunk             TEXT,
    caller            TEXT,
    avoid_trunk       TEXT,
    delay_reported_ms INTEGER,
    CHECK (pages_confirmed BETWEEN 0 AND pages_total),
    CHECK (state NOT IN ('ready', 'dialling', 'done') OR pages_file IS NOT NULL)
) STRICT;

CREATE INDEX jobs_by_state ON jobs (state, due_ms);
CREATE INDEX jobs_by_message ON jobs (message);
CREATE INDEX jobs_by_number ON jobs (number);
CREATE INDEX jobs_by_sender ON jobs (sender);

CREATE TABLE attempts (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    job              INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number           TEXT NOT NULL,
    trunk            TEXT NOT NULL,
    opened_ms        INTEGER NOT NULL,
    closed_ms        INTEGER,
    first_page       INTEGER NOT NULL,
    pages_confirmed  INTEGER NOT NULL,
    cause            TEXT,
    cause_detail     TEXT,
    sentence         TEXT,
    record           TEXT
) STRICT;

-- The promise that one number is never called twice at a time, and one job never in two calls.
CREATE UNIQUE INDEX attempts_open_by_number ON attempts (number) WHERE closed_ms IS NULL;
CREATE UNIQUE INDEX attempts_open_by_job ON attempts (job) WHERE closed_ms IS NULL;
CREATE INDEX attempts_by_job ON attempts (job);

-- When each sender was last served: the turn in the round.
CREATE TABLE senders (
    sender     TEXT PRIMARY KEY,
    served_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE received (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    called         TEXT NOT NULL,
    caller         TEXT,
    remote_id      TEXT,
    trunk          TEXT,
    mailboxes      TEXT NOT NULL,
    spool_file     TEXT NOT NULL,
    pages          INTEGER NOT NULL DEFAULT 0,
    opened_ms      INTEGER NOT NULL,
    closed_ms      INTEGER,
    cause          TEXT,
    cause_detail   TEXT,
    sentence       TEXT,
    record         TEXT
) STRICT;

CREATE INDEX received_by_closed ON received (closed_ms);

CREATE TABLE mails (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind           TEXT NOT NULL CHECK (kind IN ('receipt', 'delay', 'received')),
    job            INTEGER REFERENCES jobs (id) ON DELETE CASCADE,
    received       INTEGER REFERENCES received (id) ON DELETE CASCADE,
    envelope_from  TEXT NOT NULL,
    envelope_to    TEXT NOT NULL,
    spool_file     TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    created_ms     INTEGER NOT NULL,
    due_ms         INTEGER NOT NULL,
    expires_ms     INTEGER NOT NULL,
    ended_ms       INTEGER,
    tries          INTEGER NOT NULL DEFAULT 0,
    last_reply     TEXT,
    CHECK ((job IS NULL) <> (received IS NULL))
) STRICT;

CREATE INDEX mails_by_state ON mails (state, due_ms);
CREATE INDEX mails_by_job ON mails (job) WHERE job IS NOT NULL;
CREATE INDEX mails_by_received ON mails (received) WHERE received IS NOT NULL;
