-- Several faxes to one number in one call. The attempt of the fax that the call was placed for first; nothing in that one itself. An open
-- attempt keeps the number busy whichever it is; the index sees to it that no two calls begin together.

ALTER TABLE attempts ADD COLUMN call INTEGER;
DROP INDEX attempts_open_by_number;
CREATE UNIQUE INDEX attempts_open_by_number ON attempts (number) WHERE closed_ms IS NULL AND call IS NULL;
CREATE INDEX attempts_by_number_open ON attempts (number) WHERE closed_ms IS NULL;
CREATE INDEX attempts_by_call ON attempts (call) WHERE call IS NOT NULL;

-- Numbers whose machine does not come back for a second fax in a call over a trunk; see policy::batch.
CREATE TABLE single_fax_memory (
    trunk     TEXT NOT NULL,
    number    TEXT NOT NULL,
    noted_ms  INTEGER NOT NULL,
    PRIMARY KEY (trunk, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX single_fax_memory_by_age ON single_fax_memory (noted_ms);
