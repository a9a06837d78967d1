/*
 * A log in memory: entries as the gateway writes them, so that tests can spoil them one by one.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "audit/entry.h"
#include "audit/verify.h"

#define NOON INT64_C(1767268800000)
#define ENTRIES 10

struct log_entry {
    int64_t seq;
    uint8_t hash[OG_DIGEST_BYTES];
    char line[1024];
    size_t len;
};

struct log {
    struct log_entry entries[ENTRIES + 1];
    int count;
    struct og_audit_chain chain;
};

static inline void
log_append(struct log *log, const struct og_audit_event *event)
{
    struct og_buf line;
    struct og_audit_entry entry = {
        .seq = log->chain.size + 1, .at_ms = NOON + log->chain.size * 1000, .event = *event};
    struct log_entry *to = &log->entries[log->count++];
    memcpy(entry.prev, log->chain.last, sizeof entry.prev);
    og_buf_init(&line, sizeof to->line);
    og_audit_entry_write(&entry, &line);
    assert_false(line.full);
    *to = (struct log_entry){.seq = entry.seq, .len = line.len};
    memcpy(to->line, line.ptr, line.len);
    og_audit_hash(og_buf_str(&line), to->hash);
    og_audit_chain_add(&log->chain, to->hash);
    og_buf_finish(&line);
}

static inline void
log_fill(struct log *log, int count, const char *purpose)
{
    *log = (struct log){0};
    for (int i = 0; i < count; i++) {
        log_append(log, &(struct og_audit_event){.kind = OG_AUDIT_OTP_CHECK_WRONG,
                                                 .account = OG_STR("acc-1"),
                                                 .object = OG_STR("v-1"),
                                                 .purpose = og_str_from(purpose)});
    }
}

static inline struct og_audit_checkpoint
log_checkpoint(const struct log *log)
{
    struct og_audit_checkpoint out = {.size = log->chain.size};
    og_audit_chain_root(&log->chain, out.root);
    return out;
}

/* 0 when the log is sound, else the number of the entry that is wrong; -1 with none to name. */
static inline int64_t
log_verify(const struct log *log, const struct og_audit_chain *head,
           struct og_audit_checkpoint *checkpoints, int checkpoint_count)
{
    struct og_audit_verifier verifier;
    struct og_audit_fault fault = {0};
    bool is_sound = true;
    og_audit_verifier_init(&verifier, checkpoints, checkpoint_count);
    for (int i = 0; is_sound && i < log->count; i++) {
        const struct log_entry *e = &log->entries[i];
        is_sound = og_audit_verifier_add(&verifier, e->seq,
                                         (struct og_str){(const char *)e->hash, sizeof e->hash},
                                         (struct og_str){e->line, e->len}, &fault);
    }
    is_sound = is_sound && og_audit_verifier_end(&verifier, head, &fault);
    og_audit_verifier_finish(&verifier);
    assert_int_equal(is_sound, fault.text[0] == '\0');
    return is_sound ? 0 : fault.seq ? fault.seq : -1;
}

static inline int
start_crypto(void **state)
{
    struct og_err err;
    (void)state;
    return og_crypto_init(&err) == OG_OK ? 0 : -1;
}
