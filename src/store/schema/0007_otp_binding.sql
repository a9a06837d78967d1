-- What a code was asked for: a keyed digest of amount, payee and reference, the sealed amount and
-- payee for the texts of resends, and when its receipt was redeemed.
ALTER TABLE verifications ADD COLUMN context_digest TEXT;
ALTER TABLE verifications ADD COLUMN payment {blob};
ALTER TABLE verifications ADD COLUMN redeemed_at BIGINT;
