-- What the abuse shield counts, for the time after a restart. No number, no address: subjects are
-- keyed digests (a tag and 8 bytes each), prefix the first digits of a number.
CREATE TABLE abuse_sends (
    send_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    at BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    region TEXT NOT NULL,
    prefix TEXT NOT NULL,
    subjects {blob} NOT NULL,
    verified INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (send_id, n)
) {without_rowid};
CREATE INDEX abuse_sends_at ON abuse_sends (at);

-- Countries and prefixes to which nothing goes for now; account_id '' means all accounts.
CREATE TABLE abuse_stops (
    place BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    label TEXT NOT NULL,
    rule TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT
);

-- What was counted for a subject before this moment no longer counts.
CREATE TABLE abuse_resets (
    subject TEXT NOT NULL,
    key BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (subject, key)
) {without_rowid};

-- What was decided, by which rule and figure; count tells how often within one moment.
CREATE TABLE abuse_decisions (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    action TEXT NOT NULL,
    rule TEXT NOT NULL,
    figure BIGINT NOT NULL,
    most BIGINT NOT NULL,
    count BIGINT NOT NULL,
    number TEXT NOT NULL,
    place TEXT NOT NULL,
    source TEXT NOT NULL
) {without_rowid};
