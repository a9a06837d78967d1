-- What phones received. content is the sealed rest of the message, as JSON; sender_digest a keyed
-- pseudonym of the sender's number, for filters; digest is keyed too and the same for the same message
-- told twice. received_at is the phone's word, created_at ours. type as in core/incoming.h.
CREATE TABLE inbox (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    sender_digest TEXT NOT NULL,
    digest TEXT NOT NULL,
    content {blob} NOT NULL,
    received_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {without_rowid};
CREATE UNIQUE INDEX inbox_digest ON inbox (account_id, digest);
CREATE INDEX inbox_received ON inbox (account_id, received_at);
CREATE INDEX inbox_created ON inbox (created_at);
