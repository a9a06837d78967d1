-- Texts for many (store/batch_store.h). A row of a batch becomes a message when the phones have room for
-- it, and is gone then. ids of rows: the batch's, a dot, the row's place in six digits.
CREATE TABLE batches (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    state INTEGER NOT NULL,
    hold INTEGER NOT NULL DEFAULT 0,
    content {blob},
    tag TEXT,
    priority INTEGER NOT NULL,
    want_report INTEGER NOT NULL,
    repeats INTEGER NOT NULL,
    sandbox INTEGER NOT NULL,
    per_minute INTEGER,
    ttl_ms BIGINT,
    valid_until BIGINT,
    row_count INTEGER NOT NULL DEFAULT 0,
    error_count INTEGER NOT NULL DEFAULT 0,
    paced_at BIGINT,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX batches_due ON batches (due_at) WHERE ended_at IS NULL;
CREATE INDEX batches_ended ON batches (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX batches_account ON batches (account_id, created_at);

-- How many of a batch's rows fare how; changed with the rows, so that reading costs the same whatever the size.
CREATE TABLE batch_counts (
    account_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    fate INTEGER NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (account_id, batch_id, fate)
) {without_rowid};

-- What is still to be sent: number and text, sealed.
CREATE TABLE batch_rows (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    line BIGINT NOT NULL,
    content {blob} NOT NULL,
    PRIMARY KEY (account_id, id)
) {without_rowid};

CREATE TABLE batch_errors (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    line BIGINT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
) {without_rowid};

-- While a batch is open: keyed digests of its numbers, 8 bytes each, a thousand and more in a row.
CREATE TABLE batch_numbers (
    account_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    segment INTEGER NOT NULL,
    digests {blob} NOT NULL,
    PRIMARY KEY (account_id, batch_id, segment)
);

ALTER TABLE messages ADD COLUMN batch_id TEXT;
CREATE INDEX messages_batch ON messages (account_id, batch_id, id)
    WHERE batch_id IS NOT NULL AND final_at IS NULL;
