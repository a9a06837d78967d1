-- An application that reads codes: an Android package with its app hashes, a web or iOS origin.
-- Named by its account.
CREATE TABLE client_apps (
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    package TEXT,
    origin TEXT,
    embedded_origin TEXT,
    brand TEXT,
    locale TEXT,
    template TEXT,
    payment_template TEXT,
    retriever_prefix INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
) {without_rowid};

CREATE TABLE client_app_hashes (
    account_id TEXT NOT NULL,
    app TEXT NOT NULL,
    hash TEXT NOT NULL,
    label TEXT,
    valid_from BIGINT,
    valid_until BIGINT,
    PRIMARY KEY (account_id, app, hash)
) {without_rowid};

-- Words of an account's own. kind and policy as in core/otp_template.h.
CREATE TABLE otp_templates (
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    policy INTEGER NOT NULL,
    allow_long INTEGER NOT NULL,
    default_locale TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
) {without_rowid};

CREATE TABLE otp_template_texts (
    account_id TEXT NOT NULL,
    template TEXT NOT NULL,
    locale TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (account_id, template, locale)
) {without_rowid};

-- What a verification was asked to look like, for its resends.
ALTER TABLE verifications ADD COLUMN client_app TEXT;
ALTER TABLE verifications ADD COLUMN template TEXT;
