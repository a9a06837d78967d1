-- What the rows of messages and verifications do not tell of how they went: one row a step, written
-- with the transaction that made it, gone with its subject. kind as in store/timeline_store.h; other_id
-- is the phone before, or the webhook.
CREATE TABLE timeline_steps (
    account_id TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    at BIGINT NOT NULL,
    until_at BIGINT,
    device_id TEXT,
    other_id TEXT,
    event TEXT,
    tries INTEGER,
    reason TEXT,
    PRIMARY KEY (account_id, subject_id, id)
) {without_rowid};

-- When the phone that has it was woken for it; and of phones that had it, when they took it up.
ALTER TABLE messages ADD COLUMN hinted_at BIGINT;
ALTER TABLE message_routes ADD COLUMN hinted_at BIGINT;
ALTER TABLE message_routes ADD COLUMN processed_at BIGINT;

-- The message or verification that an event is about; NULL: of a phone.
ALTER TABLE webhook_outbox ADD COLUMN subject_id TEXT;
