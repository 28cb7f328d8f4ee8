-- Who called, as the network tells it beside the number, and whether the caller wants to stay unknown.

ALTER TABLE received ADD COLUMN caller_name TEXT;
ALTER TABLE received ADD COLUMN caller_withheld INTEGER NOT NULL DEFAULT 0 CHECK (caller_withheld IN (0, 1));
