-- Whom to tell of what: one event for one address. device_id NULL: of all phones of the account.
-- disabled_at: the receiver said that it is gone (410).
CREATE TABLE webhooks (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    device_id TEXT,
    url TEXT NOT NULL,
    event TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (account_id, id)
) {without_rowid};

-- An account's choice who tells of the states of messages, and the sealed key that signs what we
-- tell. Made when it is first needed.
CREATE TABLE webhook_accounts (
    account_id TEXT PRIMARY KEY,
    told_by TEXT NOT NULL,
    signing_key {blob} NOT NULL
);

-- Events on their way, written with the change that made them and deleted once they were taken. body
-- is sealed. line: events of one message for one address, which go one after the other.
-- dead_at: given up, kept until someone replays or deletes it.
CREATE TABLE webhook_outbox (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    line TEXT NOT NULL,
    event TEXT NOT NULL,
    body {blob} NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    dead_at BIGINT
);
CREATE INDEX webhook_outbox_due ON webhook_outbox (account_id, webhook_id, next_at)
    WHERE dead_at IS NULL;
CREATE INDEX webhook_outbox_line ON webhook_outbox (line, id) WHERE dead_at IS NULL;
CREATE INDEX webhook_outbox_dead ON webhook_outbox (account_id, dead_at) WHERE dead_at IS NOT NULL;
