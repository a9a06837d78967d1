/*
 * Batches over HTTP. A list comes as JSON or as CSV; the call's own operation is the last of a
 * chain (api/batch/feed.h): start the batch, or only read it.
 */
#include "api/batch/batch_api.h"

#include "api/batch/ask.h"
#include "api/batch/feed.h"
#include "api/route_row.h"
#include "api/smsgate/query.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIB 1024
#define MIB (1024 * KIB)
#define LIST_MAX 100
#define ERRORS_MAX 1000

/* What the rows about one batch share. */
struct batch_call_op {
    struct og_batch_change_op change;
    struct og_batch_feed *feed; /* NULL: only the change */
};

/* ---- in ---- */

static void
begin_change(struct og_call *call, struct og_op *op)
{
    struct og_batch_change_op *change = (struct og_batch_change_op *)op;
    change->svc = og_call_services(call);
    change->mem = og_call_mem(call);
    change->account_id = call->who.account_id;
    change->batch_id = call->param_count > 0 ? call->params[0] : OG_STR("");
}

/* The CSV and how it is written; the body of a call that has one. */
static enum og_code
read_csv(struct og_call *call, struct og_batch_list *list, struct og_err *err)
{
    struct og_str separator = OG_STR(",");
    list->csv = call->req->body;
    og_http_query(call->req, "to_column", &list->to_column);
    og_http_query(call->req, "separator", &separator);
    if (separator.len != 1 || !memchr(",;\t|", separator.ptr[0], 4)) {
        return og_fail(err, OG_E_INVALID, "separator", "must be a comma, semicolon, tab or bar");
    }
    list->separator = separator.ptr[0];
    return list->csv.len ? OG_OK : og_fail(err, OG_E_INVALID, "csv", "the body is empty");
}

static enum og_code
check_count(const struct og_json *recipients, struct og_err *err)
{
    return og_json_count(recipients) <= OG_BATCH_JSON_ROWS_MAX
               ? OG_OK
               : og_fail(err, OG_E_UNPROCESSABLE, "recipients",
                         "at most %d in one call; send more to the open batch, or all as text/csv",
                         OG_BATCH_JSON_ROWS_MAX);
}

static enum og_code
read_made(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct batch_call_op *self = (struct batch_call_op *)op;
    struct og_batch_ask ask;
    struct og_batch_list list = {.separator = ','};
    enum og_code code = og_batch_ask_read(call, &ask, err);
    if (code == OG_OK && og_batch_ask_is_csv(call)) {
        code = read_csv(call, &list, err);
    }
    if (code == OG_OK) {
        code = check_count(ask.recipients, err);
    }
    list.recipients = ask.recipients;
    self->change.has_state = ask.start;
    self->change.state = OG_BATCH_RUNNING;
    return code == OG_OK
               ? og_batch_feed_create(call, &list, &ask.batch, OG_STR(""), 0, &self->feed, err)
               : code;
}

struct append_ask {
    const struct og_json *recipients;
    int64_t first;
    bool start;
};

static const struct og_json_member append_members[] = {
    {"recipients", OG_JSON_ARRAY, offsetof(struct append_ask, recipients), true},
    {"first", OG_JSON_INT, offsetof(struct append_ask, first), true, 0, OG_BATCH_ROWS_MAX},
    {"start", OG_JSON_BOOL, offsetof(struct append_ask, start), false},
};

static enum og_code
read_append(struct og_call *call, struct og_batch_list *list, struct append_ask *ask,
            struct og_err *err)
{
    const struct og_json *body;
    enum og_code code;
    if (og_batch_ask_is_csv(call)) {
        ask->first = -1;
        code = read_csv(call, list, err);
        if (code == OG_OK) {
            code = og_query_int(call->req, "first", 0, OG_BATCH_ROWS_MAX, &ask->first, err);
        }
        if (code == OG_OK && ask->first < 0) {
            code = og_fail(err, OG_E_INVALID, "first", "is required");
        }
        return code == OG_OK ? og_query_bool(call->req, "start", &ask->start, err) : code;
    }
    code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, append_members, COUNT(append_members),
                              OG_JSON_UNKNOWN_REFUSED, "", og_call_mem(call), ask, err);
    }
    list->recipients = ask->recipients;
    return code == OG_OK ? check_count(ask->recipients, err) : code;
}

static enum og_code
read_appended(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct batch_call_op *self = (struct batch_call_op *)op;
    struct og_batch_list list = {.separator = ','};
    struct append_ask ask = {0};
    const enum og_code code = read_append(call, &list, &ask, err);
    self->change.has_state = ask.start;
    self->change.state = OG_BATCH_RUNNING;
    return code == OG_OK ? og_batch_feed_create(call, &list, NULL, call->params[0], ask.first,
                                                &self->feed, err)
                         : code;
}

/* The body is read in prepare. */
static enum og_code
feed_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    (void)err;
    begin_change(call, op);
    return OG_OK;
}

/* Then the call has what it needs; the list goes in piece by piece. */
static void
feed(struct og_call *call, enum og_code code, const struct og_err *err)
{
    struct og_err own;
    if (code == OG_OK) {
        code = call->param_count ? read_appended(call, call->op, &own)
                                 : read_made(call, call->op, &own);
        err = &own;
    }
    if (code != OG_OK) {
        og_call_continue(call, code, err);
        return;
    }
    og_batch_feed_start(((struct batch_call_op *)call->op)->feed);
}

/* A list as JSON is a document of megabytes, to be parsed whole; a CSV is read as it goes in. */
static void
feed_prepare(struct og_call *call, struct og_op *op)
{
    (void)op;
    if (og_batch_ask_is_csv(call)) {
        feed(call, OG_OK, NULL);
    } else {
        og_call_json_later(call, feed);
    }
}

struct change_ask {
    struct og_str state;
    int64_t per_minute;
    bool has_pace;
};

static const struct og_json_member change_members[] = {
    {"state", OG_JSON_STRING, offsetof(struct change_ask, state), false, 1, 16},
    {"per_minute", OG_JSON_INT, offsetof(struct change_ask, per_minute), false, 0, OG_BATCH_PER_MINUTE_MAX,
     offsetof(struct change_ask, has_pace)},
};

static enum og_code
read_state(struct og_str word, struct og_batch_change_op *out, struct og_err *err)
{
    static const enum og_batch_state states[] = {OG_BATCH_RUNNING, OG_BATCH_PAUSED,
                                                 OG_BATCH_CANCELED};
    out->has_state = word.len > 0;
    for (size_t i = 0; i < COUNT(states); i++) {
        if (og_str_eq(word, og_str_from(og_batch_state_name(states[i])))) {
            out->state = states[i];
            return OG_OK;
        }
    }
    return word.len ? og_fail(err, OG_E_UNPROCESSABLE, "state",
                              "must be running, paused or canceled")
                    : OG_OK;
}

static enum og_code
change_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_batch_change_op *change = (struct og_batch_change_op *)op;
    struct change_ask ask = {0};
    const struct og_json *body;
    begin_change(call, op);
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, change_members, COUNT(change_members),
                              OG_JSON_UNKNOWN_REFUSED, "", og_call_mem(call), &ask, err);
    }
    if (code == OG_OK) {
        code = read_state(ask.state, change, err);
    }
    change->has_pace = ask.has_pace;
    change->per_minute = ask.per_minute;
    return code == OG_OK && !change->has_state && !change->has_pace
               ? og_fail(err, OG_E_INVALID, "state", "say state or per_minute")
               : code;
}

static enum og_code
get_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_batch_get_op *self = (struct og_batch_get_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->batch_id = call->params[0];
    return OG_OK;
}

static enum og_code
list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_batch_list_op *self = (struct og_batch_list_op *)op;
    int64_t limit = 20;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    const enum og_code code = og_query_int(call->req, "limit", 1, LIST_MAX, &limit, err);
    self->limit = (int)limit;
    return code;
}

static enum og_code
errors_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_batch_errors_op *self = (struct og_batch_errors_op *)op;
    int64_t limit = 100, after = -1;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->batch_id = call->params[0];
    enum og_code code = og_query_int(call->req, "limit", 1, ERRORS_MAX, &limit, err);
    if (code == OG_OK) {
        code = og_query_int(call->req, "after", 0, OG_BATCH_ROWS_MAX, &after, err);
    }
    self->limit = (int)limit;
    self->after = after < 0 ? OG_STR("") : og_batch_row_id(self->mem, self->batch_id, after);
    return code;
}

/* ---- out ---- */

static void
add_batch(struct og_json_writer *w, const struct og_batch *b)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "id", b->id);
    og_json_add_cstr(w, "state", og_batch_state_name(b->state));
    og_json_add_cstr(w, "hold", og_batch_hold_name(b->hold));
    og_json_add_i64(w, "rows", b->row_count);
    og_json_add_i64(w, "errors", b->error_count);
    og_json_object(w, "counts");
    for (int fate = 0; fate < OG_BATCH_FATES; fate++) {
        og_json_add_i64(w, og_batch_fate_name((enum og_batch_fate)fate), b->counts[fate]);
    }
    og_json_end(w);
    og_json_add_str_or_null(w, "tag", b->tag);
    og_json_add_i64(w, "priority", b->priority);
    og_json_add_bool(w, "delivery_report", b->want_report);
    og_json_add_bool(w, "repeat_numbers", b->repeats);
    og_json_add_i64(w, "per_minute", b->per_minute);
    og_json_add_time_or_null(w, "created_at", b->created_at);
    og_json_add_time_or_null(w, "started_at", b->started_at);
    og_json_add_time_or_null(w, "valid_until", b->valid_until);
    og_json_add_time_or_null(w, "ended_at", b->ended_at);
    og_json_end(w);
}

static void
change_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    add_batch(&w, &((struct og_batch_change_op *)op)->out);
}

/* The batch that the chain has made or filled is what the last step reads. */
static void
make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct batch_call_op *self = (struct batch_call_op *)op;
    change_encode(call, op, answer);
    answer->status = og_batch_feed_has_made(self->feed) ? 201 : 200;
    og_answer_header(answer, "Location",
                     og_str_printf(og_call_mem(call), "/bulk/v1/batches/%" OG_STR_FMT,
                                   OG_STR_ARG(self->change.out.id)));
}

static enum og_code
make_apply(struct og_op *op, struct og_tx *tx)
{
    struct batch_call_op *self = (struct batch_call_op *)op;
    self->change.batch_id = og_batch_feed_id(self->feed);
    return og_batch_change_apply(op, tx);
}

static void
get_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    add_batch(&w, &((struct og_batch_get_op *)op)->out);
}

static void
list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_batch_list_op *self = (struct og_batch_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_array(&w, "batches");
    for (int i = 0; i < self->count; i++) {
        add_batch(&w, &self->items[i]);
    }
    og_json_end(&w);
    og_json_end(&w);
}

/* `next` is the place in the id of the last one. */
static void
errors_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_batch_errors_op *self = (struct og_batch_errors_op *)op;
    struct og_json_writer w;
    int64_t next = 0;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_array(&w, "errors");
    for (int i = 0; i < self->count; i++) {
        const struct og_batch_error *error = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_i64(&w, "line", error->line);
        og_json_add_str_or_null(&w, "field", error->field);
        og_json_add_str(&w, "reason", error->reason);
        og_json_end(&w);
        (void)og_str_to_i64(og_str_slice(error->id, self->batch_id.len + 1, error->id.len), &next);
    }
    og_json_end(&w);
    if (self->count == self->limit) {
        og_json_add_i64(&w, "next", next);
    } else {
        og_json_add_null(&w, "next");
    }
    og_json_end(&w);
}

/* ---- rows ---- */

#define ONE "/bulk/v1/batches/{id}"
#define FOR(scope_) .family = OG_FAMILY_OWN, .who = OG_WHO_APP, .scope = scope_

const struct og_route og_batch_routes[] = {
    {OG_POST, "/bulk/v1/batches", FOR(OG_SCOPE_MESSAGES_SEND), .body_max = 4 * MIB,
     .success = 201, OP(OG_LANE_WRITE, "batch.start", make_apply, NULL, batch_call_op),
     .decode = feed_decode, .prepare = feed_prepare, .encode = make_encode},
    {OG_POST, ONE "/recipients", FOR(OG_SCOPE_MESSAGES_SEND), .body_max = 4 * MIB,
     .success = 200, OP(OG_LANE_WRITE, "batch.start", og_batch_change_apply, NULL, batch_call_op),
     .decode = feed_decode, .prepare = feed_prepare, .encode = change_encode},
    {OG_PATCH, ONE, FOR(OG_SCOPE_MESSAGES_SEND), .body_max = 4 * KIB, .success = 200,
     OP(OG_LANE_WRITE, "batch.change", og_batch_change_apply, og_batch_change_committed,
        og_batch_change_op),
     .decode = change_decode, .encode = change_encode},
    {OG_GET, "/bulk/v1/batches", FOR(OG_SCOPE_MESSAGES_LIST), .success = 200,
     OP(OG_LANE_READ, "batch.list", og_batch_list_apply, NULL, og_batch_list_op),
     .decode = list_decode, .encode = list_encode},
    {OG_GET, ONE, FOR(OG_SCOPE_MESSAGES_READ), .success = 200,
     OP(OG_LANE_READ, "batch.get", og_batch_get_apply, NULL, og_batch_get_op), .decode = get_decode,
     .encode = get_encode},
    {OG_GET, ONE "/errors", FOR(OG_SCOPE_MESSAGES_READ), .success = 200,
     OP(OG_LANE_READ, "batch.errors", og_batch_errors_apply, NULL, og_batch_errors_op),
     .decode = errors_decode, .encode = errors_encode},
};

const int og_batch_route_count = COUNT(og_batch_routes);
