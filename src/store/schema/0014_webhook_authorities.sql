-- The authorities (PEM) that an account's receivers have their certificates from; NULL: the server's.
ALTER TABLE webhook_accounts ADD COLUMN authorities TEXT;
