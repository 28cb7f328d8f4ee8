-- What was written into the address behind the number, and the limit of the rule by which the sender may dial.

-- The finest resolution wished for, by its name.
ALTER TABLE jobs ADD COLUMN resolution TEXT;
ALTER TABLE jobs ADD COLUMN attention TEXT;
ALTER TABLE jobs ADD COLUMN organization TEXT;
ALTER TABLE jobs ADD COLUMN from_name TEXT;
ALTER TABLE jobs ADD COLUMN cover INTEGER CHECK (cover IN (0, 1));
ALTER TABLE jobs ADD COLUMN billing TEXT;
ALTER TABLE jobs ADD COLUMN tag TEXT;
ALTER TABLE jobs ADD COLUMN max_pages INTEGER;
