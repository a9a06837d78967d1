-- What an account sets on its phones: one sealed JSON document, because some members are secrets.
CREATE TABLE phone_settings (
    account_id TEXT PRIMARY KEY,
    document {blob} NOT NULL,
    updated_at BIGINT NOT NULL
) {without_rowid};
