-- Parts of an SMS times recipients, counted when the message was accepted; route_sim is the SIM that we
-- chose for the phone; routes counts the phones that had it before device_id.
ALTER TABLE messages ADD COLUMN parts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE messages ADD COLUMN tag TEXT;
ALTER TABLE messages ADD COLUMN route_sim INTEGER;
ALTER TABLE messages ADD COLUMN routes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN possible_duplicate INTEGER NOT NULL DEFAULT 0;

-- The phones that had a message and lost it, in order. outcome as in store/route_store.h.
CREATE TABLE message_routes (
    account_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    sim INTEGER,
    handed_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    outcome INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (account_id, message_id, n)
) {without_rowid};

-- What a phone and its SIMs sent lately (core/route_table.h), so that a restart exceeds no limit.
CREATE TABLE device_usage (
    device_id TEXT PRIMARY KEY,
    usage TEXT NOT NULL
) {without_rowid};

-- Whom a SIM wrote to within a month, as keyed digests; only where a limit asks for it.
CREATE TABLE sim_recipients (
    device_id TEXT NOT NULL,
    sim INTEGER NOT NULL,
    recipient BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, sim, recipient)
) {without_rowid};

-- An account's rules of routing, one JSON document (core/route_rules.h).
CREATE TABLE account_routing (
    account_id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    updated_at BIGINT NOT NULL
) {without_rowid};
