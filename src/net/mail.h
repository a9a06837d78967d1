/*
 * Mail by SMTP, through the client that makes our HTTP calls.
 * Source: RFC 5321.
 */
#pragma once

#include "net/http_client.h"

#define OG_CLIENT_MAIL_ADDRESS_BYTES 256

struct og_client_mail {
    const char *url;  /* smtp://host:port, or smtps:// for TLS from the first byte */
    bool needs_starttls; /* smtp: go on in TLS or not at all */
    const char *user; /* "" : no login */
    const char *password;
    const char *from; /* the address alone */
    struct og_str_list to; /* addresses, each shorter than OG_CLIENT_MAIL_ADDRESS_BYTES */
    struct og_str text; /* RFC 5322 with CRLF; copied. Empty: log in and send nothing */
    int64_t timeout_ms; /* for all of it */
    /* once, unless cancelled; answered means that the server took it. The status is SMTP's. */
    void (*on_done)(void *ctx, const struct og_client_answer *answer);
    void *ctx;
};

/* On a connection of its own. As og_client_send. */
struct og_client_call *og_client_mail(struct og_client *self, const struct og_client_mail *mail);
