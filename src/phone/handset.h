/*
 * How a handset shows an SMS.
 *
 * Pure: appends to a buffer. The text is foreign: control characters, which could move the cursor
 * or worse, are shown as a dot.
 */
#pragma once

#include "base/buf.h"

struct og_handset_sms {
    struct og_str phone; /* name of the sending phone */
    int sim;             /* 1-based */
    struct og_str time;  /* "14:03:22" */
    struct og_str to;
    struct og_str text;
    int parts;
    struct og_str id;
    bool is_data;      /* the text is base64 of a data SMS */
    bool is_encrypted; /* as it came: the virtual phone has no passphrase */
};

enum og_handset_style {
    OG_HANDSET_UTF8,  /* box drawing characters */
    OG_HANDSET_ASCII,
};

/* A box of some lines, the last with a newline. */
void og_handset_draw(struct og_buf *out, const struct og_handset_sms *sms,
                     enum og_handset_style style);
/* What the environment's locale (LC_ALL, LC_CTYPE, LANG) can show. */
enum og_handset_style og_handset_style_of_env(void);
