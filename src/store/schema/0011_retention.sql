-- What is left of a message's text once its retention is over: a keyed digest, and the text is gone.
ALTER TABLE messages ADD COLUMN content_digest TEXT;

-- By these the purge finds what is old without looking at what is not. Checks of known verifications
-- go with them.
CREATE INDEX otp_checks_unknown ON otp_checks (at) WHERE verdict = 0;
CREATE INDEX otp_failures_age ON otp_failures (updated_at);
CREATE INDEX webhook_outbox_dead_age ON webhook_outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX login_codes_end ON login_codes (expires_at);
