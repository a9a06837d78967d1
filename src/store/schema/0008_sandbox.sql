-- An account that is tried out: its messages come here instead of to a phone. recipient and content
-- are sealed.
ALTER TABLE accounts ADD COLUMN sandbox INTEGER NOT NULL DEFAULT 0;
CREATE TABLE sandbox_messages (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    verification_id TEXT,
    recipient {blob} NOT NULL,
    content {blob} NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {without_rowid};

-- Whether and where the code went; mode as in store/otp_store.h.
ALTER TABLE verifications ADD COLUMN mode INTEGER NOT NULL DEFAULT 0;
