-- Pairs of JWTs that were issued; a token without its row is refused. id and refresh_id are the jti
-- of the two. A pair ends when it is revoked, and with the credential that it was issued to;
-- its refresh token also by being used.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    refresh_id TEXT,
    account_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    access_ends_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    refreshed_at BIGINT,
    revoked_at BIGINT
) {without_rowid};
CREATE UNIQUE INDEX tokens_refresh ON tokens (refresh_id) WHERE refresh_id IS NOT NULL;
CREATE INDEX tokens_account ON tokens (account_id);
CREATE INDEX tokens_end ON tokens (ends_at);
