/*
 * One pass over the entries. The first fault ends it: what follows a break says nothing any more.
 */
#include "audit/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/entry.h"

static int
by_size(const void *a, const void *b)
{
    int64_t left = ((const struct og_audit_checkpoint *)a)->size;
    int64_t right = ((const struct og_audit_checkpoint *)b)->size;
    return (left > right) - (left < right);
}

void
og_audit_verifier_init(struct og_audit_verifier *self, struct og_audit_checkpoint *checkpoints,
                       int count)
{
    if (count > 0) {
        qsort(checkpoints, (size_t)count, sizeof *checkpoints, by_size);
    }
    *self = (struct og_audit_verifier){.checkpoints = checkpoints, .checkpoint_count = count};
    og_arena_init(&self->mem, 0);
}

void
og_audit_verifier_finish(struct og_audit_verifier *self)
{
    og_arena_finish(&self->mem);
}

static bool
blame(struct og_audit_fault *fault, int64_t seq, const char *text)
{
    fault->seq = seq;
    snprintf(fault->text, sizeof fault->text, "%s", text);
    return false;
}

/* ---- one entry ---- */

/* Entries say themselves up to where retention has emptied them: detail "until=N". */
static void
note_purge(struct og_audit_verifier *self, const struct og_audit_entry *entry)
{
    static const struct og_str word = {"until=", 6};
    int64_t until;
    const struct og_str detail = entry->event.detail;
    if (entry->is_known && entry->event.kind == OG_AUDIT_AUDIT_PURGED &&
        og_str_starts(detail, word) &&
        og_str_to_i64(og_str_slice(detail, word.len, detail.len), &until) &&
        until > self->purged) {
        self->purged = until;
    }
}

static bool
check_line(struct og_audit_verifier *self, int64_t seq, struct og_str hash, struct og_str line,
           struct og_audit_fault *fault)
{
    uint8_t own[OG_DIGEST_BYTES];
    struct og_audit_entry entry;
    struct og_err err;
    og_audit_hash(line, own);
    if (memcmp(own, hash.ptr, sizeof own) != 0) {
        return blame(fault, seq, "was changed: its hash does not fit");
    }
    og_arena_reset(&self->mem);
    if (og_audit_entry_read(line, &self->mem, &entry, &err) != OG_OK) {
        return blame(fault, seq, "cannot be read");
    }
    if (entry.seq != seq) {
        return blame(fault, seq, "stands in another entry's place");
    }
    if (memcmp(entry.prev, self->chain.last, sizeof entry.prev) != 0) {
        return blame(fault, seq, "does not follow the entry before it");
    }
    note_purge(self, &entry);
    return true;
}

/* ---- checkpoints ---- */

/* Those that count as many entries as there are now. */
static bool
meet_checkpoints(struct og_audit_verifier *self, struct og_audit_fault *fault)
{
    uint8_t root[OG_DIGEST_BYTES];
    while (self->checkpoints_met < self->checkpoint_count &&
           self->checkpoints[self->checkpoints_met].size <= self->chain.size) {
        const struct og_audit_checkpoint *c = &self->checkpoints[self->checkpoints_met];
        int64_t from = self->checkpoints_met ? c[-1].size : 0;
        og_audit_chain_root(&self->chain, root);
        if (memcmp(root, c->root, sizeof root) != 0) {
            blame(fault, from + 1, "");
            snprintf(fault->text, sizeof fault->text,
                     "or a later one up to %lld is not the one that the checkpoint of %lld entries "
                     "signed",
                     (long long)c->size, (long long)c->size);
            return false;
        }
        self->checkpoints_met++;
    }
    return true;
}

bool
og_audit_verifier_add(struct og_audit_verifier *self, int64_t seq, struct og_str hash,
                      struct og_str line, struct og_audit_fault *fault)
{
    if (seq != self->chain.size + 1) {
        return blame(fault, self->chain.size + 1, "is missing");
    }
    if (hash.len != OG_DIGEST_BYTES) {
        return blame(fault, seq, "has no hash");
    }
    if (line.len == 0) {
        self->emptied = seq;
    } else if (!check_line(self, seq, hash, line, fault)) {
        return false;
    }
    og_audit_chain_add(&self->chain, (const uint8_t *)hash.ptr);
    return meet_checkpoints(self, fault);
}

bool
og_audit_verifier_end(struct og_audit_verifier *self, const struct og_audit_chain *head,
                      struct og_audit_fault *fault)
{
    if (!meet_checkpoints(self, fault)) { /* of an empty log: no entry has met it */
        return false;
    }
    if (self->checkpoints_met < self->checkpoint_count) {
        const struct og_audit_checkpoint *last = &self->checkpoints[self->checkpoint_count - 1];
        blame(fault, self->chain.size + 1, "");
        snprintf(fault->text, sizeof fault->text,
                 "is missing: the log was cut; a checkpoint signed %lld entries",
                 (long long)last->size);
        return false;
    }
    if (head && head->size != self->chain.size) {
        return blame(fault, self->chain.size + 1, "is missing: the head counts another number");
    }
    if (head && memcmp(head->last, self->chain.last, sizeof head->last) != 0) {
        return blame(fault, self->chain.size, "is not the one that the head names");
    }
    if (self->emptied > self->purged) {
        return blame(fault, self->emptied, "is empty, and no entry says that retention did it");
    }
    return true;
}
