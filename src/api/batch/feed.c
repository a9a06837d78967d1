/*
 * The chain: make the batch, piece after piece, then back to the call. Each operation's `done` runs
 * on the call's loop and submits the next.
 */
#include "api/batch/feed.h"

#include <stdio.h>

#include "core/recipient_list.h"

#define NUMBER_CHARS_MAX 128

struct og_batch_feed {
    struct og_call *call;
    struct og_batch_list list;
    size_t at;              /* in list.recipients */
    struct og_csv *csv;
    struct og_recipient_list head;
    const char *to_name;    /* what holds the number, as errors name it */
    struct og_arena mem;    /* of the piece */
    struct og_batch_recipient *rows;
    struct og_batch_make_op make;
    struct og_batch_append_op append;
    struct og_batch_change_op discard;
    enum og_code code;      /* how it ends */
    struct og_err err;
};

static enum og_code
read_head(struct og_batch_feed *self, const struct og_batch *make, struct og_err *err)
{
    struct og_recipient_list *head = &self->head;
    self->csv = og_csv_create(self->list.csv, self->list.separator);
    enum og_code code = og_recipient_list_read(self->csv, self->list.to_column,
                                               og_call_mem(self->call), head, err);
    if (code == OG_OK) {
        self->to_name = head->columns[head->number_at].ptr;
        code = make ? og_recipient_list_check(head, make->text, err) : OG_OK;
    }
    return code;
}

/* ---- a row ---- */

/* What is wrong with the number is the row's trouble, not the call's. */
static enum og_code
read_number(struct og_batch_feed *self, struct og_str text, struct og_batch_recipient *row)
{
    struct og_err why;
    const struct og_services *svc = og_call_services(self->call);
    text = og_str_trim(text);
    if (text.len == 0 || text.len > NUMBER_CHARS_MAX) {
        row->fault = text.len ? "is too long" : "is empty";
        return OG_OK;
    }
    const enum og_code code = og_phone_parse(text, og_str_from(svc->message.default_region),
                                             svc->plan, "", &self->mem, &row->number, &why);
    if (code == OG_E_UNPROCESSABLE || code == OG_E_INVALID) {
        row->number = OG_STR("");
        row->fault = og_str_cstr(&self->mem, og_str_from(why.text));
        return OG_OK;
    }
    self->err = why;
    return code;
}

static enum og_code
next_of_csv(struct og_batch_feed *self, struct og_batch_recipient *row, bool *found)
{
    struct og_csv_record record;
    enum og_code code = og_csv_next(self->csv, &record, found, &self->err);
    if (code != OG_OK || !*found) {
        return code;
    }
    const struct og_recipient_list *head = &self->head;
    const size_t count = record.count < head->column_count ? record.count : head->column_count;
    struct og_str *values = OG_ARENA_ARRAY(&self->mem, struct og_str, count + 1);
    for (size_t i = 0; i < count; i++) {
        values[i] = og_str_dup(&self->mem, record.fields[i]);
    }
    *row = (struct og_batch_recipient){.line = record.line,
                                       .values = {head->columns, values, count}};
    if (record.count > head->column_count) {
        row->fault = "the row has more fields than the head";
        return OG_OK;
    }
    return read_number(self, head->number_at < count ? values[head->number_at] : OG_STR(""), row);
}

struct vars_reader {
    struct og_arena *mem;
    struct og_str *names, *values;
    size_t count;
    bool is_bad;
};

static bool
read_var(void *ctx, struct og_str name, const struct og_json *value)
{
    struct vars_reader *self = ctx;
    struct og_str text;
    if (!og_json_to_str(value, &text)) {
        self->is_bad = true;
        return false;
    }
    self->names[self->count] = name;
    self->values[self->count++] = text;
    return true;
}

struct recipient_ask {
    struct og_str to;
    const struct og_json *vars;
    int64_t line;
};

static const struct og_json_member recipient_members[] = {
    {"to", OG_JSON_STRING, offsetof(struct recipient_ask, to), true},
    {"vars", OG_JSON_OBJECT, offsetof(struct recipient_ask, vars), false},
    {"line", OG_JSON_INT, offsetof(struct recipient_ask, line), false, 1, INT64_C(1000000000)},
};

static enum og_code
next_of_json(struct og_batch_feed *self, struct og_batch_recipient *row, bool *found)
{
    char path[48];
    struct recipient_ask ask = {0};
    *found = self->at < og_json_count(self->list.recipients);
    if (!*found) {
        return OG_OK;
    }
    snprintf(path, sizeof path, "recipients[%zu]", self->at);
    enum og_code code = og_json_decode(og_json_at(self->list.recipients, self->at++),
                                       recipient_members, 3, OG_JSON_UNKNOWN_REFUSED, path,
                                       &self->mem, &ask, &self->err);
    if (code != OG_OK) {
        return code;
    }
    const size_t most = og_json_count(ask.vars) + 1;
    struct vars_reader vars = {&self->mem, OG_ARENA_ARRAY(&self->mem, struct og_str, most),
                               OG_ARENA_ARRAY(&self->mem, struct og_str, most), 0, false};
    og_json_each(ask.vars, read_var, &vars);
    if (vars.is_bad) {
        return og_fail(&self->err, OG_E_INVALID, path, "vars must be texts");
    }
    *row = (struct og_batch_recipient){.line = ask.line,
                                       .values = {vars.names, vars.values, vars.count}};
    return read_number(self, ask.to, row);
}

/* ---- the chain ---- */

static void discard_done(struct og_op *op);
static void make_done(struct og_op *op);
static void append_done(struct og_op *op);

static void
leave(struct og_batch_feed *self)
{
    og_csv_destroy(self->csv);
    og_arena_finish(&self->mem);
    og_call_continue(self->call, self->code, &self->err);
}

/* What was made for nothing goes; when that is not possible either, it is never started. */
static void
end(struct og_batch_feed *self, enum og_code code)
{
    static const struct og_op_kind kind = {"batch.discard", og_batch_change_apply, NULL,
                                           discard_done};
    self->code = code;
    if (code == OG_OK || !self->make.is_new) {
        leave(self);
        return;
    }
    self->discard = (struct og_batch_change_op){
        .svc = og_call_services(self->call),
        .mem = og_call_mem(self->call),
        .account_id = self->call->who.account_id,
        .batch_id = self->append.batch_id,
        .has_state = true,
        .state = OG_BATCH_CANCELED,
    };
    struct og_err unheard;
    if (og_call_submit(self->call, OG_LANE_WRITE, &self->discard.op, &kind, &unheard) != OG_OK) {
        leave(self);
    }
}

static void
discard_done(struct og_op *op)
{
    leave(OG_CONTAINER_OF((struct og_batch_change_op *)op, struct og_batch_feed, discard));
}

static void
next_piece(struct og_batch_feed *self)
{
    static const struct og_op_kind kind = {
        .name = "batch.append",
        .apply = og_batch_append_apply,
        .done = append_done,
        .can_wait = true,
    };
    enum og_code code = OG_OK;
    bool found = true;
    int count = 0;
    og_arena_reset(&self->mem);
    self->rows = OG_ARENA_ARRAY(&self->mem, struct og_batch_recipient, OG_BATCH_PIECE_ROWS);
    while (code == OG_OK && found && count < OG_BATCH_PIECE_ROWS) {
        code = self->csv ? next_of_csv(self, &self->rows[count], &found)
                         : next_of_json(self, &self->rows[count], &found);
        count += code == OG_OK && found;
    }
    if (code != OG_OK || count == 0) {
        end(self, code);
        return;
    }
    self->append.items = self->rows;
    self->append.count = count;
    code = og_call_submit(self->call, OG_LANE_WRITE, &self->append.op, &kind, &self->err);
    if (code != OG_OK) {
        end(self, code);
    }
}

static void
append_done(struct og_op *op)
{
    struct og_batch_feed *self =
        OG_CONTAINER_OF((struct og_batch_append_op *)op, struct og_batch_feed, append);
    if (op->code != OG_OK) {
        self->err = op->err;
        end(self, op->code);
        return;
    }
    if (self->append.first >= 0) {
        self->append.first += self->append.count;
    }
    next_piece(self);
}

static void
make_done(struct og_op *op)
{
    struct og_batch_feed *self =
        OG_CONTAINER_OF((struct og_batch_make_op *)op, struct og_batch_feed, make);
    self->append.batch_id = self->make.batch.id;
    if (op->code != OG_OK) {
        self->make.is_new = false;
        self->err = op->err;
        end(self, op->code);
        return;
    }
    next_piece(self);
}

enum og_code
og_batch_feed_create(struct og_call *call, const struct og_batch_list *list,
                     const struct og_batch *make, struct og_str batch_id, int64_t first,
                     struct og_batch_feed **out, struct og_err *err)
{
    struct og_batch_feed *self = OG_ARENA_NEW(og_call_mem(call), struct og_batch_feed);
    struct og_services *svc = og_call_services(call);
    self->call = call;
    self->list = *list;
    self->to_name = "to";
    og_arena_init(&self->mem, 0);
    const enum og_code code = list->csv.len ? read_head(self, make, err) : OG_OK;
    if (code != OG_OK) {
        og_csv_destroy(self->csv);
        return code;
    }
    if (make) {
        self->make = (struct og_batch_make_op){
            .svc = svc, .mem = og_call_mem(call), .batch = *make};
    }
    self->append = (struct og_batch_append_op){
        .svc = svc,
        .mem = &self->mem,
        .account_id = call->who.account_id,
        .batch_id = batch_id,
        .first = first,
        .number_column = self->to_name,
    };
    *out = self;
    return OG_OK;
}

void
og_batch_feed_start(struct og_batch_feed *self)
{
    static const struct og_op_kind kind = {"batch.make", og_batch_make_apply, NULL, make_done};
    if (self->append.batch_id.len) {
        next_piece(self);
        return;
    }
    const enum og_code code =
        og_call_submit(self->call, OG_LANE_WRITE, &self->make.op, &kind, &self->err);
    if (code != OG_OK) {
        end(self, code);
    }
}

struct og_str
og_batch_feed_id(const struct og_batch_feed *self)
{
    return self->append.batch_id;
}

bool
og_batch_feed_has_made(const struct og_batch_feed *self)
{
    return self->make.is_new;
}
