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

/* Retention says in the log up to where it has removed entries. */
static void
note_purge(struct og_audit_verifier *self, const struct og_audit_entry *entry)
{
    int64_t until;
    const struct og_str word = OG_STR(OG_AUDIT_UNTIL), detail = entry->event.detail;
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
    self->at_ms = entry.at_ms;
    note_purge(self, &entry);
    return true;
}

/* ---- checkpoints ---- */

/* What was signed of entries that have gone since cannot be looked at any more. */
static void
pass_older_checkpoints(struct og_audit_verifier *self)
{
    while (self->checkpoints_met < self->checkpoint_count &&
           self->checkpoints[self->checkpoints_met].size < self->start.size) {
        self->checkpoints_met++;
    }
}

/* Those that count as many entries as there are now. */
static bool
meet_checkpoints(struct og_audit_verifier *self, struct og_audit_fault *fault)
{
    uint8_t root[OG_DIGEST_BYTES];
    while (self->checkpoints_met < self->checkpoint_count &&
           self->checkpoints[self->checkpoints_met].size <= self->chain.size) {
        const struct og_audit_checkpoint *c = &self->checkpoints[self->checkpoints_met];
        int64_t from = self->checkpoints_met ? c[-1].size : 0;
        from = from > self->start.size ? from : self->start.size;
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

/* The log may have had another name when the note was signed: what counts is the key. */
static enum og_code
read_note(struct og_str note, const struct og_audit_key *key, struct og_audit_checkpoint *out,
          struct og_err *err)
{
    struct og_audit_key named;
    size_t used;
    const struct og_str origin = og_str_slice(note, 0, og_str_find(note, '\n'));
    const enum og_code code = og_audit_key_make(origin, key->public_key, &named, err);
    return code == OG_OK ? og_audit_checkpoint_read(note, &named, out, &used, err) : code;
}

bool
og_audit_verifier_start(struct og_audit_verifier *self, const struct og_audit_chain *start,
                        struct og_str note, const struct og_audit_key *key,
                        struct og_audit_fault *fault)
{
    struct og_audit_checkpoint signed_one;
    struct og_err err = {0};
    uint8_t root[OG_DIGEST_BYTES];
    self->chain = self->start = *start;
    og_audit_chain_root(start, root);
    if (read_note(note, key, &signed_one, &err) != OG_OK) {
        snprintf(fault->text, sizeof fault->text, "is the last one removed: %.150s",
                 err.text);
        fault->seq = start->size;
        return false;
    }
    if (!signed_one.is_start || signed_one.size != start->size ||
        memcmp(signed_one.root, root, sizeof root) != 0) {
        return blame(fault, start->size, "and those before it are gone, and not by retention");
    }
    pass_older_checkpoints(self);
    return meet_checkpoints(self, fault);
}

bool
og_audit_verifier_add(struct og_audit_verifier *self, int64_t seq, struct og_str hash,
                      struct og_str line, struct og_audit_fault *fault)
{
    if (seq <= self->start.size) {
        return blame(fault, seq, "is there, and retention has removed it");
    }
    if (seq != self->chain.size + 1) {
        return blame(fault, self->chain.size + 1, "is missing");
    }
    if (hash.len != OG_DIGEST_BYTES) {
        return blame(fault, seq, "has no hash");
    }
    if (!check_line(self, seq, hash, line, fault)) {
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
    if (self->start.size != self->purged) {
        blame(fault, self->start.size + 1, "");
        snprintf(fault->text, sizeof fault->text,
                 "is the first, and retention says in the log that it removed %lld",
                 (long long)self->purged);
        return false;
    }
    return true;
}
