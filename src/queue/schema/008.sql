-- What calls taught of a number over a trunk, one note on each topic; see policy::memory.

CREATE TABLE number_notes (
    trunk     TEXT NOT NULL,
    number    TEXT NOT NULL,
    topic     TEXT NOT NULL,
    note      TEXT NOT NULL,
    noted_ms  INTEGER NOT NULL,
    PRIMARY KEY (trunk, number, topic)
) STRICT, WITHOUT ROWID;

CREATE INDEX number_notes_by_age ON number_notes (noted_ms);

INSERT INTO number_notes SELECT trunk, number, 't38', trouble, noted_ms FROM t38_memory;
INSERT INTO number_notes SELECT trunk, number, 'faxes-per-call', 'one-fax-a-call', noted_ms FROM single_fax_memory;
DROP TABLE t38_memory;
DROP TABLE single_fax_memory;
