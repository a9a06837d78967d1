/*
 * Fuzzes what phones tell of what they received, by a webhook or by an upload, and the questions
 * that applications ask about it. What is taken must be within its limits, and each element of an
 * upload is either taken or dropped with a reason.
 *
 * The input is one byte that names the reader, then a body or a query.
 */
#include <stdint.h>
#include <stdlib.h>

#include "api/api_priv.h"
#include "api/phone/inbox.h"
#include "api/smsgate/inbox.h"
#include "api/smsgate/logs.h"
#include "base/json.h"
#include "service/audit/read.h"
#include "service/device/inbox_service.h"

#define DEVICE "AP74MeV9i-j35NBGG2PkX"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

struct bench {
    struct og_services svc;
    struct og_api api;
    struct og_http_request req;
    struct og_call call;
    struct og_err err;
    char key[OG_INBOX_KEY_CHARS + 1];
};

static void
check_item(const struct og_incoming *item)
{
    CHECK(item->type < OG_INCOMING_TYPE_COUNT);
    CHECK(item->sender.len > 0 && og_str_is_utf8(item->sender) && og_str_is_utf8(item->text));
    CHECK(item->text.len <= 4 * OG_INBOX_TEXT_MAX_CHARS);
    CHECK(item->sim_number >= 0 && item->sim_number <= 255);
}

static void
check_answer(struct bench *b, struct og_phone_inbox_op *op)
{
    struct og_answer answer = {0};
    struct og_json_doc doc;
    og_buf_init(&answer.body, 1 << 20);
    og_phone_inbox_encode(&b->call, &op->take.op, &answer);
    CHECK(!answer.body.full);
    CHECK(og_json_parse(og_buf_str(&answer.body), OG_JSON_DEPTH_DEFAULT, &doc, NULL) == OG_OK);
    CHECK(og_json_count(og_json_get(doc.root, "dropped")) == op->dropped_count);
    og_json_doc_finish(&doc);
    og_buf_finish(&answer.body);
}

static void
tell(struct bench *b, bool is_upload)
{
    struct og_phone_inbox_op op = {0};
    const enum og_code code =
        (is_upload ? og_phone_inbox_upload_decode : og_phone_inbox_hook_decode)(
            &b->call, &op.take.op, &b->err);
    if (code != OG_OK) {
        CHECK(b->err.text[0]);
        return;
    }
    const size_t told = is_upload ? og_json_count(b->call.doc->root) : 1;
    CHECK((size_t)op.take.count + op.dropped_count == told);
    for (size_t i = 0; i < (size_t)op.take.count; i++) {
        check_item(&op.take.items[i]);
    }
    for (size_t i = 0; i < op.dropped_count; i++) {
        CHECK(op.dropped[i].why.text[0]);
    }
    check_answer(b, &op);
}

static void
list(struct bench *b)
{
    struct og_inbox_list_op op = {0};
    if (og_smsgate_inbox_list_decode(&b->call, &op.op, &b->err) == OG_OK) {
        CHECK(op.filter.limit >= 1 && op.filter.limit <= 500 && op.filter.offset >= 0);
    } else {
        CHECK(b->err.field[0] && b->err.text[0]);
    }
}

static void
logs(struct bench *b)
{
    struct og_audit_span_op op = {0};
    if (og_smsgate_logs_decode(&b->call, &op.op, &b->err) != OG_OK) {
        CHECK(b->err.field[0] && b->err.text[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct og_header headers[] = {
        {{"Content-Type", 12}, {"application/json", 16}}};
    if (size == 0) {
        return 0;
    }
    struct bench *b = og_xalloc(sizeof *b);
    const struct og_str rest = {(const char *)data + 1, size - 1};
    struct og_arena mem;
    og_arena_init(&mem, 0);
    b->svc.inbox.is_on = true;
    b->api.config.services = &b->svc;
    og_inbox_key(&b->svc, OG_STR(DEVICE), b->key);
    b->req = (struct og_http_request){.headers = headers, .header_count = 1, .body = rest,
                                      .query = rest, .mem = &mem};
    b->call = (struct og_call){.api = &b->api, .req = &b->req};
    b->call.who.device_id = b->call.params[0] = OG_STR(DEVICE);
    b->call.params[1] = og_str_from(b->key);
    switch (data[0] % 4) {
    case 0:
        tell(b, true);
        break;
    case 1:
        tell(b, false);
        break;
    case 2:
        list(b);
        break;
    default:
        logs(b);
        break;
    }
    if (b->call.doc) {
        og_json_doc_finish(b->call.doc);
    }
    og_arena_finish(&mem);
    free(b);
    return 0;
}
