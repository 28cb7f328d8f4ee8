-- Documents that are fetched from other machines (polling), documents that others may fetch from us, and sub-addresses of received
-- faxes. The table of jobs is made anew, as a fetch has no pages of its own and no column's check can be changed in its place.

CREATE TABLE jobs_2 (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    message           INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    kind              TEXT NOT NULL CHECK (kind IN ('send', 'fetch')),
    sender            TEXT NOT NULL,
    number            TEXT NOT NULL,
    original_address  TEXT NOT NULL,
    sub_address       TEXT,
    -- Of a fetch: which document, and who gets it (one mailbox a line).
    selective         TEXT,
    password          TEXT,
    mailboxes         TEXT,
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
    CHECK (kind = 'fetch' OR state NOT IN ('ready', 'dialling', 'done') OR pages_file IS NOT NULL),
    CHECK (kind <> 'fetch' OR (state <> 'accepted' AND pages_file IS NULL AND mailboxes IS NOT NULL))
) STRICT;

-- A number that was given to a job once is never given to another.
INSERT INTO sqlite_sequence (name, seq) SELECT 'jobs_2', seq FROM sqlite_sequence WHERE name = 'jobs';

INSERT INTO jobs_2 (id, message, kind, sender, number, original_address, sub_address, state, priority, created_ms, due_ms,
                    expires_ms, ended_ms, pages_file, pages_total, pages_confirmed, tries_busy, tries_no_answer, tries_trunk,
                    tries_fax, tries_not_a_fax, tries_resume, cause, cause_detail, give_up, hold_reason, notify,
                    original_recipient, trunk, caller, avoid_trunk, delay_reported_ms)
SELECT id, message, 'send', sender, number, original_address, sub_address, state, priority, created_ms, due_ms,
       expires_ms, ended_ms, pages_file, pages_total, pages_confirmed, tries_busy, tries_no_answer, tries_trunk,
       tries_fax, tries_not_a_fax, tries_resume, cause, cause_detail, give_up, hold_reason, notify,
       original_recipient, trunk, caller, avoid_trunk, delay_reported_ms
FROM jobs;

DROP TABLE jobs;
ALTER TABLE jobs_2 RENAME TO jobs;

CREATE INDEX jobs_by_state ON jobs (state, due_ms);
CREATE INDEX jobs_by_message ON jobs (message);
CREATE INDEX jobs_by_number ON jobs (number);
CREATE INDEX jobs_by_sender ON jobs (sender);

-- The fetch that brought it; nothing for a call that came in. The job may be forgotten sooner than the fax.
ALTER TABLE received ADD COLUMN job INTEGER;
ALTER TABLE received ADD COLUMN sub_address TEXT;
CREATE INDEX received_by_job ON received (job) WHERE job IS NOT NULL;

CREATE TABLE offers (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    -- One pattern a line.
    numbers      TEXT NOT NULL,
    selective    TEXT,
    password     TEXT,
    once         INTEGER NOT NULL CHECK (once IN (0, 1)),
    -- Nothing when the offer has ended and its file was removed.
    pages_file   TEXT,
    -- Picture elements, rows and lines per inch of each page, one page a line.
    shapes       TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    until_ms     INTEGER,
    ended_ms     INTEGER,
    end_reason   TEXT CHECK (end_reason IN ('removed', 'fetched', 'expired')),
    CHECK ((ended_ms IS NULL) = (end_reason IS NULL)),
    CHECK (ended_ms IS NOT NULL OR pages_file IS NOT NULL)
) STRICT;

CREATE INDEX offers_by_end ON offers (ended_ms, until_ms);

CREATE TABLE fetchings (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    offer            INTEGER NOT NULL REFERENCES offers (id) ON DELETE CASCADE,
    -- The call it happened in; its row may be forgotten sooner.
    received         INTEGER,
    called           TEXT NOT NULL,
    caller           TEXT,
    remote_id        TEXT,
    opened_ms        INTEGER NOT NULL,
    closed_ms        INTEGER,
    pages_confirmed  INTEGER NOT NULL DEFAULT 0,
    cause            TEXT,
    cause_detail     TEXT,
    sentence         TEXT
) STRICT;

CREATE INDEX fetchings_by_offer ON fetchings (offer);
