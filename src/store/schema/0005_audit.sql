-- The audit log (docs/audit.md). line is the entry as it was hashed, NULL once emptied by retention;
-- hash is that of the line, and stays.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    hash {blob} NOT NULL,
    line TEXT
) {without_rowid};

-- One row: where the chain goes on. last is the hash of entry `size`, peaks are the roots of the
-- complete subtrees, the largest first.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY,
    size BIGINT NOT NULL,
    last {blob} NOT NULL,
    peaks {blob} NOT NULL
);

-- The pseudonym of a number in the audit log. Random, and bound to the number here only: without
-- this row nothing leads from an entry to the number, and the chain does not notice.
CREATE TABLE audit_subjects (
    digest TEXT PRIMARY KEY,
    subject TEXT NOT NULL
) {without_rowid};
