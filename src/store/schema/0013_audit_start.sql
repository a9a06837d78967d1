-- Entries are only added at the end and removed at the front: by its number as the row's own, a table
-- grows there without splitting pages. None is without its line any more.
CREATE TABLE audit_rows (
    seq INTEGER PRIMARY KEY,
    hash {blob} NOT NULL,
    line TEXT NOT NULL
);
INSERT INTO audit_rows (seq, hash, line) SELECT seq, hash, line FROM audit ORDER BY seq;
DROP TABLE audit;
ALTER TABLE audit_rows RENAME TO audit;

-- No row, or one: what retention has removed. size entries are gone, last is the hash of the last of
-- them, peaks the roots of their complete subtrees, note says so and is signed (audit/checkpoint.h).
CREATE TABLE audit_start (
    id INTEGER PRIMARY KEY,
    size BIGINT NOT NULL,
    last {blob} NOT NULL,
    peaks {blob} NOT NULL,
    note TEXT NOT NULL
);
