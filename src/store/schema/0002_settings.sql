-- What an account sets on its phones: one sealed JSON document, because some members are secrets.
CREATE TABLE phone_settings (
    account_id TEXT PRIMARY KEY,
    document {blob} NOT NULL,
    updated_at BIGINT NOT NULL
) {without_rowid};

-- When a message should leave; held = 1 until it does. data_port: the content is base64 for this
-- port, not a text.
ALTER TABLE messages ADD COLUMN schedule_at BIGINT;
ALTER TABLE messages ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN data_port INTEGER;
CREATE INDEX messages_held ON messages (schedule_at) WHERE held = 1 AND final_at IS NULL;
