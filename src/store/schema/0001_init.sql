-- Times are UTC milliseconds; ids are ours and time-ordered, so that indexes grow at their end.
-- Sealed columns are boxes of base/crypto.h, opened only with the server's key.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- A tenant.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    brand TEXT,
    custom_code INTEGER NOT NULL DEFAULT 0
);

-- basic: login and an argon2id hash. api_key, join, operator: a keyed digest of the secret.
CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    account_id TEXT,
    kind TEXT NOT NULL,
    login TEXT,
    secret TEXT NOT NULL,
    sealed {blob},
    scopes TEXT NOT NULL,
    label TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    disabled_at BIGINT
);
CREATE UNIQUE INDEX credentials_login ON credentials (login) WHERE login IS NOT NULL;
CREATE UNIQUE INDEX credentials_digest ON credentials (secret) WHERE login IS NULL;
CREATE INDEX credentials_account ON credentials (account_id);

-- One-time codes that let a phone join an account.
CREATE TABLE login_codes (
    digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX login_codes_account ON login_codes (account_id);

CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    token_digest TEXT NOT NULL UNIQUE,
    sims TEXT NOT NULL,
    app_version TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX devices_account ON devices (account_id);

-- One text to one or more recipients. device_id is the planned phone until handed_at is set, then
-- the one that has it. state as in core/message.h. content is the sealed text, recipients the sealed
-- numbers with a state each (store/recipient_box.h): one row is a message whole.
CREATE TABLE messages (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    client_id TEXT,
    device_id TEXT NOT NULL,
    bound INTEGER NOT NULL,
    class INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    sim_number INTEGER,
    want_report INTEGER NOT NULL,
    encrypted INTEGER NOT NULL,
    state INTEGER NOT NULL,
    assumed INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    content {blob},
    recipients {blob} NOT NULL,
    verification_id TEXT,
    created_at BIGINT NOT NULL,
    valid_until BIGINT,
    deadline_at BIGINT NOT NULL,
    handed_at BIGINT,
    cancelling_at BIGINT,
    processed_at BIGINT,
    sent_at BIGINT,
    delivered_at BIGINT,
    failed_at BIGINT,
    cancelled_at BIGINT,
    final_at BIGINT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX messages_open ON messages (deadline_at) WHERE final_at IS NULL;

-- Ids that clients chose, unique per account.
CREATE TABLE client_ids (
    account_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (account_id, client_id)
) {without_rowid};

-- One OTP challenge; the code itself lives in the code store. state as in store/otp_store.h.
-- recipient_digest is a keyed pseudonym; check_count counts the wrong checks, up to attempts.
CREATE TABLE verifications (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    recipient_digest TEXT NOT NULL,
    recipient {blob} NOT NULL,
    recipient_masked TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state INTEGER NOT NULL,
    code_length INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    app_hash TEXT,
    locale TEXT,
    brand TEXT,
    message_id TEXT NOT NULL,
    send_count INTEGER NOT NULL,
    check_count INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    resend_at BIGINT NOT NULL,
    closed_at BIGINT
) {without_rowid};
CREATE UNIQUE INDEX verifications_active
    ON verifications (account_id, recipient_digest, purpose) WHERE state = 0;
CREATE INDEX verifications_pending ON verifications (expires_at) WHERE state = 0;

-- The messages that carried its code, in order.
CREATE TABLE otp_sends (
    verification_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (verification_id, n)
) {without_rowid};

-- Every check, also of unknown ids: what was asked, when, and the verdict.
CREATE TABLE otp_checks (
    verification_id TEXT NOT NULL,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    verdict INTEGER NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (verification_id, id)
) {without_rowid};

-- Consecutive failures per recipient and purpose, over any number of codes.
CREATE TABLE otp_failures (
    account_id TEXT NOT NULL,
    recipient_digest TEXT NOT NULL,
    purpose TEXT NOT NULL,
    count INTEGER NOT NULL,
    locked_at BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, recipient_digest, purpose)
) {without_rowid};

-- Answers to requests with an Idempotency-Key, kept for a day.
CREATE TABLE idempotency (
    account_id TEXT NOT NULL,
    key_digest TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_digest)
) {without_rowid};
CREATE INDEX idempotency_age ON idempotency (created_at);
