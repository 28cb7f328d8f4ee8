-- Numbers with which T.38 had trouble over a trunk, so that the next call goes over audio at once; see policy::t38_memory.

CREATE TABLE t38_memory (
    trunk     TEXT NOT NULL,
    number    TEXT NOT NULL,
    trouble   TEXT NOT NULL CHECK (trouble IN ('refused', 'failed')),
    noted_ms  INTEGER NOT NULL,
    PRIMARY KEY (trunk, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX t38_memory_by_age ON t38_memory (noted_ms);
