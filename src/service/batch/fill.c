/*
 * Batches are filled, a piece at a time. Numbers inside a batch are told apart by keyed digests,
 * which are kept only while it is open.
 */
#include <stdio.h>

#include "core/sms_text.h"
#include "service/batch/batch_service.h"

#define DIGEST_BYTES 8
#define SLOTS 1024 /* for the numbers of a piece; a power of two */
#define TEXT_MAX_BYTES (256 * 1024)

/* A number of this piece. */
struct slot {
    uint64_t digest;
    bool is_used;
    bool is_taken; /* a good row has it already */
};

struct filling {
    struct og_batch_append_op *self;
    struct og_tx *tx;
    struct og_batch batch;
    struct slot *slots;    /* NULL where numbers may repeat */
    uint64_t *row_digests; /* of the rows that have a number */
    struct og_buf digests; /* of good rows */
    struct og_buf text;    /* of the present row */
    int64_t good;
};

/* ---- numbers that came before ---- */

static uint64_t
digest_of(const struct filling *f, struct og_str number)
{
    uint8_t bytes[OG_DIGEST_BYTES];
    uint64_t digest;
    const struct og_str parts[] = {OG_STR("batch"), f->batch.account_id, f->batch.id, number};
    og_mac_parts(&f->self->svc->keys.number, parts, 4, bytes);
    memcpy(&digest, bytes, sizeof digest);
    return digest;
}

/* Where the digest is, or may go: at most a quarter of the slots is used. */
static struct slot *
find_slot(const struct filling *f, uint64_t digest)
{
    size_t at = digest % SLOTS;
    while (f->slots[at].is_used && f->slots[at].digest != digest) {
        at = (at + 1) % SLOTS;
    }
    return &f->slots[at];
}

/* All numbers of the piece get a slot; those that the batch has already are taken. */
static enum og_code
look_up_numbers(struct filling *f)
{
    struct og_buf former;
    f->slots = OG_ARENA_ARRAY(f->self->mem, struct slot, SLOTS);
    f->row_digests = OG_ARENA_ARRAY(f->self->mem, uint64_t, (size_t)f->self->count);
    for (int i = 0; i < f->self->count; i++) {
        const struct og_str number = f->self->items[i].number;
        if (number.len) {
            const uint64_t digest = digest_of(f, number);
            f->row_digests[i] = digest;
            *find_slot(f, digest) = (struct slot){.digest = digest, .is_used = true};
        }
    }
    og_buf_init(&former, DIGEST_BYTES * (OG_BATCH_ROWS_MAX + 1));
    const enum og_code code =
        og_batch_numbers_get(f->tx->db, &f->batch, &former, &f->self->op.err);
    for (size_t at = 0; at + DIGEST_BYTES <= former.len; at += DIGEST_BYTES) {
        uint64_t digest;
        memcpy(&digest, former.ptr + at, sizeof digest);
        struct slot *slot = find_slot(f, digest);
        slot->is_taken = slot->is_used;
    }
    og_buf_finish(&former);
    return code;
}

/* ---- a row ---- */

static int64_t
count_chars(struct og_str text)
{
    int64_t chars = 0;
    for (size_t i = 0; i < text.len; i++) {
        chars += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    }
    return chars;
}

/* What is wrong with the row's text; "" : nothing. */
static struct og_str
judge_text(struct filling *f)
{
    struct og_sms_size size;
    struct og_arena *mem = f->self->mem;
    const struct og_str text = og_buf_str(&f->text);
    const int most = f->self->svc->message.text_chars_max;
    if (og_str_trim(text).len == 0) {
        return OG_STR("the text is empty");
    }
    if (f->text.full || (most > 0 && count_chars(text) > most)) {
        return og_str_printf(mem, "the text has more than %d characters", most);
    }
    if (!og_sms_measure(text, &size)) {
        return OG_STR("the text holds what no SMS can");
    }
    return size.segments > OG_BATCH_PARTS_MAX
               ? og_str_printf(mem, "the text needs %zu SMS, more than %d", (size_t)size.segments,
                               OG_BATCH_PARTS_MAX)
               : OG_STR("");
}

/* Fills f->text. error->reason "" : the row is good. */
static void
judge(struct filling *f, int at, struct og_batch_error *error)
{
    const struct og_batch_recipient *row = &f->self->items[at];
    struct og_str missing;
    *error = (struct og_batch_error){.field = OG_STR("text"), .reason = OG_STR("")};
    og_buf_wipe(&f->text);
    if (row->number.len == 0) {
        error->field = og_str_from(f->self->number_column);
        error->reason = og_str_from(row->fault);
    } else if (f->slots && find_slot(f, f->row_digests[at])->is_taken) {
        error->field = og_str_from(f->self->number_column);
        error->reason = OG_STR("the batch has this number already");
    } else if (!og_fill(f->batch.text, &row->values, &f->text, &missing)) {
        error->field = missing;
        error->reason = OG_STR("is not there, and the text asks for it");
    } else {
        error->reason = judge_text(f);
    }
}

static void
keep_number(struct filling *f, uint64_t digest)
{
    find_slot(f, digest)->is_taken = true;
    og_buf_add(&f->digests, (struct og_str){(const char *)&digest, sizeof digest});
}

static enum og_code
keep_good(struct filling *f, int at, struct og_str id, int64_t line)
{
    const struct og_batch_recipient *row = &f->self->items[at];
    const struct og_batch_row out = {id, line, row->number, og_buf_str(&f->text)};
    if (f->slots) {
        keep_number(f, f->row_digests[at]);
    }
    f->good++;
    return og_batch_row_insert(f->tx->db, &f->self->svc->keys.seal, f->batch.account_id, &out,
                               &f->self->op.err);
}

static enum og_code
take_row(struct filling *f, int at)
{
    const int64_t told = f->self->items[at].line;
    struct og_batch_error error;
    const struct og_str id = og_batch_row_id(f->self->mem, f->batch.id, f->batch.row_count++);
    const int64_t line = told ? told : f->batch.row_count;
    judge(f, at, &error);
    if (error.reason.len == 0) {
        return keep_good(f, at, id, line);
    }
    error.id = id;
    error.line = line;
    f->batch.error_count++;
    return og_batch_error_insert(f->tx->db, f->batch.account_id, &error, &f->self->op.err);
}

/* ---- a piece ---- */

/* *skip_out: so many were here before. */
static enum og_code
check_place(const struct filling *f, int64_t *skip_out)
{
    const struct og_batch *b = &f->batch;
    struct og_batch_append_op *self = f->self;
    struct og_err *err = &self->op.err;
    const int64_t first = self->first < 0 ? b->row_count : self->first;
    *skip_out = b->row_count - first;
    if (*skip_out < 0) {
        return og_fail(err, OG_E_CONFLICT, "first", "the batch has %lld rows so far",
                       (long long)b->row_count);
    }
    if (*skip_out >= self->count) {
        return OG_OK; /* a repetition, in whatever state the batch is by now */
    }
    if (b->state != OG_BATCH_OPEN) {
        return og_fail(err, OG_E_CONFLICT, "state", "the batch is %s and takes no more rows",
                       og_batch_state_name(b->state));
    }
    return first + self->count > OG_BATCH_ROWS_MAX
               ? og_fail(err, OG_E_UNPROCESSABLE, "recipients", "a batch has at most %d rows",
                         OG_BATCH_ROWS_MAX)
               : OG_OK;
}

static enum og_code
take_rows(struct filling *f, int64_t skip)
{
    struct og_batch_append_op *self = f->self;
    struct og_err *err = &self->op.err;
    enum og_code code = f->batch.repeats ? OG_OK : look_up_numbers(f);
    for (int i = (int)skip; code == OG_OK && i < self->count; i++) {
        code = take_row(f, i);
    }
    if (code == OG_OK && f->digests.len) {
        code = og_batch_numbers_add(f->tx->db, &f->batch, og_buf_str(&f->digests), err);
    }
    if (code == OG_OK) {
        code = og_batch_move(f->tx->db, f->batch.account_id, f->batch.id, OG_BATCH_FATES,
                             OG_FATE_QUEUED, f->good, err);
    }
    f->batch.due_at = f->tx->now_ms + OG_BATCH_LIFE_MS;
    return code == OG_OK ? og_batch_save(f->tx->db, &f->batch, OG_BATCH_OPEN, err) : code;
}

enum og_code
og_batch_append_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_append_op *self = (struct og_batch_append_op *)op;
    struct filling f = {.self = self, .tx = tx};
    int64_t skip = 0;
    enum og_code code = og_batch_find(tx->db, &self->svc->keys.seal, self->account_id,
                                      self->batch_id, self->mem, &f.batch, &op->err);
    if (code == OG_OK) {
        code = check_place(&f, &skip);
    }
    if (code != OG_OK || skip >= self->count) {
        return code;
    }
    og_buf_init(&f.text, TEXT_MAX_BYTES);
    og_buf_init(&f.digests, DIGEST_BYTES * OG_BATCH_PIECE_ROWS);
    code = take_rows(&f, skip);
    og_buf_finish(&f.text);
    og_buf_finish(&f.digests);
    return code;
}
