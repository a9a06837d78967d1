/*
 * What the OTP API lets in and how it answers: decode and encode of its rows, without a server. The
 * numbers in the names are those of the OTP requirements.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "api/api_priv.h"
#include "api/gate/gate.h"
#include "api/otp/json.h"
#include "api/otp/otp_api.h"
#include "base/json.h"
#include "service/otp/otp_service.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOON INT64_C(1767268800000)
#define ID "OcqQ8sB7kVt0Yh2mXw5nRz4LfJd9Pa"

struct bench {
    struct og_services svc;
    struct og_api api;
    struct og_http_request req;
    struct og_header headers[2];
    struct og_arena mem;
    struct og_call call;
    struct og_op *op;
    struct og_err err;
};

enum row { START, GET, CHECK, RESEND, CANCEL };

static int
setup(void **state)
{
    struct bench *b = og_xalloc(sizeof(*b));
    og_arena_init(&b->mem, 0);
    b->svc.otp = (struct og_otp_policy){.length = 6, .ttl_ms = 300000, .attempts = 5,
                                        .sends_max = 3};
    b->api.config.services = &b->svc;
    const struct og_gate_config gate = {.services = &b->svc, .loop_count = 1};
    assert_int_equal(og_crypto_init(&b->err), OG_OK);
    assert_int_equal(og_gate_create(&gate, &b->api.gate, &b->err), OG_OK);
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    og_gate_destroy(b->api.gate);
    og_arena_finish(&b->mem);
    free(b);
    return 0;
}

static void
set_header(struct bench *b, const char *name, const char *value)
{
    b->headers[b->req.header_count++] =
        (struct og_header){og_str_from(name), og_str_from(value)};
}

static void
begin(struct bench *b, enum row row, struct og_str body)
{
    const struct og_route *route = &og_otp_routes[row];
    b->req = (struct og_http_request){.body = body, .headers = b->headers, .mem = &b->mem,
                                      .id = OG_STR("req-1")};
    set_header(b, "Content-Type", "application/json");
    b->call = (struct og_call){.api = &b->api, .req = &b->req, .route = route,
                               .who = b->call.who, .now_ms = NOON};
    b->call.params[0] = OG_STR(ID);
    b->call.param_count = 1;
    b->op = og_arena_alloc(&b->mem, route->op_bytes);
    b->err = (struct og_err){0};
}

static enum og_code
decode(struct bench *b)
{
    const enum og_code code = b->call.route->decode(&b->call, b->op, &b->err);
    og_json_doc_finish(b->call.doc ? b->call.doc : &(struct og_json_doc){0});
    b->call.doc = NULL;
    return code;
}

/* What cannot be a code is refused by the lane, which counts it. */
static enum og_code
decode_check(struct bench *b)
{
    const enum og_code code = decode(b);
    if (code == OG_OK) {
        b->err = ((struct og_otp_check_op *)b->op)->misread;
    }
    return b->err.code;
}

static enum og_code
decode_body(struct bench *b, enum row row, const char *body)
{
    begin(b, row, og_str_from(body));
    return decode(b);
}

struct refusal {
    const char *body;
    enum og_code code;
    const char *field;
};

static void
refuse_all(struct bench *b, enum row row, const struct refusal *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        begin(b, row, og_str_from(items[i].body));
        const enum og_code code = row == CHECK ? decode_check(b) : decode(b);
        if (code != items[i].code || strcmp(b->err.field, items[i].field) != 0) {
            fail_msg("%s: got %s \"%s\" (%s)", items[i].body, og_code_wire(code), b->err.field,
                     b->err.text);
        }
        assert_null(strstr(b->err.text, "482913"));
        assert_null(strstr(b->err.text, "15112345678"));
    }
}

#define TO "\"to\":\"+4915112345678\""
#define PURPOSE "\"purpose\":\"login\""
#define WITH(member) "{" TO "," PURPOSE "," member "}"

static void
test_start_takes_what_it_should(void **state)
{
    struct bench *b = *state;
    b->call.who = (struct og_caller){.account_id = OG_STR("acc"), .credential_id = OG_STR("key"),
                                     .brand = OG_STR("House")};
    assert_int_equal(decode_body(b, START, "{" TO "," PURPOSE "}"), OG_OK);
    const struct og_otp_start_op *op = (struct og_otp_start_op *)b->op;
    assert_true(og_str_eq(op->to, OG_STR("+4915112345678")));
    assert_true(og_str_eq(op->purpose, OG_STR("login")));
    assert_true(og_str_eq(op->account_brand, OG_STR("House")));
    assert_true(og_str_eq(op->credential_id, OG_STR("key")));
    assert_true(og_str_eq(op->base.account_id, OG_STR("acc")));
    assert_int_equal(op->code_length, 6);
    assert_int_equal(op->ttl_ms, 300000);
    assert_int_equal(op->asked_at, NOON);
    assert_int_equal(op->code.len, 0);

    assert_int_equal(decode_body(b, START,
                                 WITH("\"app_hash\":\"FA+9qCX9VSu\",\"locale\":\"pt-BR\","
                                      "\"code_length\":8,\"ttl\":120,\"brand\":\"Acme\"")),
                     OG_OK);
    op = (struct og_otp_start_op *)b->op;
    assert_true(og_str_eq(op->app_hash, OG_STR("FA+9qCX9VSu")));
    assert_true(og_str_eq(op->locale, OG_STR("pt-BR")));
    assert_true(og_str_eq(op->brand, OG_STR("Acme")));
    assert_int_equal(op->code_length, 8);
    assert_int_equal(op->ttl_ms, 120000);
    /* null is as if it were not there */
    assert_int_equal(decode_body(b, START, WITH("\"ttl\":null,\"app_hash\":null")), OG_OK);
    assert_int_equal(((struct og_otp_start_op *)b->op)->ttl_ms, 300000);
}

static void
test_req_43_malformed_is_400_and_names_the_member(void **state)
{
    static const struct refusal items[] = {
        {"", OG_E_INVALID, ""},
        {"{", OG_E_INVALID, ""},
        {"[]", OG_E_INVALID, ""},
        {"\"x\"", OG_E_INVALID, ""},
        {"{}", OG_E_INVALID, "to"},
        {"{" TO "}", OG_E_INVALID, "purpose"},
        {"{" PURPOSE "}", OG_E_INVALID, "to"},
        {"{\"to\":491,\"purpose\":\"login\"}", OG_E_INVALID, "to"},
        {"{\"to\":null,\"purpose\":\"login\"}", OG_E_INVALID, "to"},
        {"{" TO ",\"purpose\":[\"login\"]}", OG_E_INVALID, "purpose"},
        {WITH("\"ttl\":\"60\""), OG_E_INVALID, "ttl"},
        {WITH("\"ttl\":60.5"), OG_E_INVALID, "ttl"},
        {WITH("\"code_length\":true"), OG_E_INVALID, "code_length"},
        {WITH("\"app_hash\":{}"), OG_E_INVALID, "app_hash"},
        {WITH("\"colour\":\"red\""), OG_E_INVALID, "colour"},
        {WITH("\"To\":\"x\""), OG_E_INVALID, "To"},
        {WITH("\"to\":\"+4915112345679\""), OG_E_INVALID, ""},
        {WITH("\"brand\":\"a\\u0000b\""), OG_E_INVALID, ""},
        {WITH("\"brand\":\"\xff\""), OG_E_INVALID, ""},
        {"{" TO "," PURPOSE "} x", OG_E_INVALID, ""},
        {WITH("\"ttl\":1e999"), OG_E_INVALID, ""},
    };
    refuse_all(*state, START, items, COUNT(items));
}

static void
test_values_that_cannot_be_are_422_and_name_the_member(void **state)
{
    static const struct refusal items[] = {
        /* 34 */
        {"{" TO ",\"purpose\":\"\"}", OG_E_UNPROCESSABLE, "purpose"},
        {"{" TO ",\"purpose\":\"Login\"}", OG_E_UNPROCESSABLE, "purpose"},
        {"{" TO ",\"purpose\":\"log in\"}", OG_E_UNPROCESSABLE, "purpose"},
        {"{" TO ",\"purpose\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         OG_E_UNPROCESSABLE, "purpose"},
        /* 44 */
        {"{\"to\":\"\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        {"{\"to\":\"+49 151 CALL ME\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        {"{\"to\":\"+4915112345678;ext=1\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        {"{\"to\":\"++4915112345678\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        {"{\"to\":\"+4915112345678901\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        {"{\"to\":\"\xe2\x80\x8f+4915112345678\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        {"{\"to\":\"015112345678\"," PURPOSE "}", OG_E_UNPROCESSABLE, "to"},
        /* 57 */
        {WITH("\"app_hash\":\"\""), OG_E_UNPROCESSABLE, "app_hash"},
        {WITH("\"app_hash\":\"FA+9qCX9VS\""), OG_E_UNPROCESSABLE, "app_hash"},
        {WITH("\"app_hash\":\"FA+9qCX9VSu=\""), OG_E_UNPROCESSABLE, "app_hash"},
        {WITH("\"app_hash\":\"FA-9qCX9VSu\""), OG_E_UNPROCESSABLE, "app_hash"},
        /* 2, 9 */
        {WITH("\"ttl\":59"), OG_E_UNPROCESSABLE, "ttl"},
        {WITH("\"ttl\":601"), OG_E_UNPROCESSABLE, "ttl"},
        {WITH("\"ttl\":-300"), OG_E_UNPROCESSABLE, "ttl"},
        {WITH("\"ttl\":9223372036854775807"), OG_E_UNPROCESSABLE, "ttl"},
        {WITH("\"code_length\":5"), OG_E_UNPROCESSABLE, "code_length"},
        {WITH("\"code_length\":11"), OG_E_UNPROCESSABLE, "code_length"},
        {WITH("\"code_length\":0"), OG_E_UNPROCESSABLE, "code_length"},
        {WITH("\"locale\":\"e\""), OG_E_UNPROCESSABLE, "locale"},
        {WITH("\"locale\":\"en_US\""), OG_E_UNPROCESSABLE, "locale"},
        {WITH("\"locale\":\"en-\""), OG_E_UNPROCESSABLE, "locale"},
        {WITH("\"locale\":\"\""), OG_E_UNPROCESSABLE, "locale"},
        {WITH("\"brand\":\"\""), OG_E_UNPROCESSABLE, "brand"},
        {WITH("\"brand\":\"a@b\""), OG_E_UNPROCESSABLE, "brand"},
        {WITH("\"brand\":\"https://x.example\""), OG_E_UNPROCESSABLE, "brand"},
        /* 7 */
        {WITH("\"code\":\"482913\""), OG_E_UNPROCESSABLE, "code"},
    };
    refuse_all(*state, START, items, COUNT(items));
}

static void
test_req_7_own_codes_where_they_are_allowed(void **state)
{
    static const struct refusal items[] = {
        {WITH("\"code\":\"\""), OG_E_UNPROCESSABLE, "code"},
        {WITH("\"code\":\"482\""), OG_E_UNPROCESSABLE, "code"},
        {WITH("\"code\":\"48291348291\""), OG_E_UNPROCESSABLE, "code"},
        {WITH("\"code\":\"48 2913\""), OG_E_UNPROCESSABLE, "code"},
        {WITH("\"code\":\"482913\",\"code_length\":7"), OG_E_UNPROCESSABLE, "code_length"},
    };
    struct bench *b = *state;
    b->call.who.may_custom_code = true;
    refuse_all(b, START, items, COUNT(items));
    assert_int_equal(decode_body(b, START, WITH("\"code\":\"aB3d\"")), OG_OK);
    assert_string_equal(((struct og_otp_start_op *)b->op)->code.bytes, "aB3d");
}

static void
test_req_2_weak_lengths_where_they_are_allowed(void **state)
{
    struct bench *b = *state;
    b->svc.otp.allow_weak = true;
    assert_int_equal(decode_body(b, START, WITH("\"code_length\":4")), OG_OK);
    assert_int_equal(decode_body(b, START, WITH("\"code_length\":3")), OG_E_UNPROCESSABLE);
}

static enum og_code
decode_key(struct bench *b, const char *key)
{
    begin(b, START, OG_STR("{" TO "," PURPOSE "}"));
    set_header(b, "Idempotency-Key", key);
    return decode(b);
}

static void
test_req_39_keys(void **state)
{
    struct bench *b = *state;
    char key[258];
    memset(key, '!', sizeof(key));
    key[255] = '\0';
    assert_int_equal(decode_key(b, key), OG_OK);
    assert_int_equal(((struct og_otp_start_op *)b->op)->idempotency_key.len, 255);
    key[255] = '~';
    key[256] = '\0';
    assert_int_equal(decode_key(b, key), OG_E_INVALID);
    assert_string_equal(b->err.field, "Idempotency-Key");
    assert_int_equal(decode_key(b, ""), OG_E_INVALID);
    assert_int_equal(decode_key(b, "a b"), OG_E_INVALID);
    assert_int_equal(decode_key(b, "caf\xc3\xa9"), OG_E_INVALID);
    assert_int_equal(decode_key(b, "x\x7f"), OG_E_INVALID);
}

static void
test_body_must_be_declared_as_json(void **state)
{
    struct bench *b = *state;
    begin(b, START, OG_STR("{" TO "," PURPOSE "}"));
    b->headers[0].value = OG_STR("text/plain");
    assert_int_equal(decode(b), OG_E_MEDIA_TYPE);
}

/* ---- check ---- */

static void
test_req_15_what_cannot_be_a_code_is_422(void **state)
{
    static const struct refusal items[] = {
        {"{" PURPOSE "}", OG_E_INVALID, "code"},
        {"{\"code\":\"482913\"}", OG_E_INVALID, "purpose"},
        {"{\"code\":482913," PURPOSE "}", OG_E_INVALID, "code"},
        {"{\"code\":\"482913\"," PURPOSE ",\"to\":\"x\"}", OG_E_INVALID, "to"},
        {"{\"code\":\"482913\",\"purpose\":\"Login\"}", OG_E_UNPROCESSABLE, "purpose"},
        {"{\"code\":\"\"," PURPOSE "}", OG_E_UNPROCESSABLE, "code"},
        {"{\"code\":\"   \"," PURPOSE "}", OG_E_UNPROCESSABLE, "code"},
        {"{\"code\":\"482\"," PURPOSE "}", OG_E_UNPROCESSABLE, "code"},
        {"{\"code\":\"48291348291\"," PURPOSE "}", OG_E_UNPROCESSABLE, "code"},
        {"{\"code\":\"48291!\"," PURPOSE "}", OG_E_UNPROCESSABLE, "code"},
    };
    refuse_all(*state, CHECK, items, COUNT(items));
}

static void
test_req_15_ten_kilobytes_of_code_are_422(void **state)
{
    struct bench *b = *state;
    char *digits = og_arena_alloc(&b->mem, 10001);
    memset(digits, '4', 10000);
    begin(b, CHECK, og_str_printf(&b->mem, "{\"code\":\"%s\"," PURPOSE "}", digits));
    assert_int_equal(decode_check(b), OG_E_UNPROCESSABLE);
    assert_string_equal(b->err.field, "code");
}

static void
test_req_16_codes_as_people_type_them(void **state)
{
    static const char *const typed[] = {
        "482913", " 482 913 ", "482-913",
        "\xd9\xa4\xd9\xa8\xd9\xa2 \xd9\xa9\xd9\xa1\xd9\xa3", /* Arabic-Indic */
        "\xef\xbc\x94\xef\xbc\x98\xef\xbc\x92\xef\xbc\x99\xef\xbc\x91\xef\xbc\x93", /* full width */
    };
    struct bench *b = *state;
    for (size_t i = 0; i < COUNT(typed); i++) {
        begin(b, CHECK, og_str_printf(&b->mem, "{\"code\":\"%s\"," PURPOSE "}", typed[i]));
        assert_int_equal(decode(b), OG_OK);
        assert_string_equal(((struct og_otp_check_op *)b->op)->code.bytes, "482913");
    }
}

static void
test_ids_that_we_never_made_are_404(void **state)
{
    static const char *const ids[] = {"", "x", ID "x", "OcqQ8sB7kVt0Yh2mXw5nRz4LfJd9P!",
                                      "' OR 1=1 --"};
    static const enum row rows[] = {GET, CHECK, RESEND, CANCEL};
    struct bench *b = *state;
    for (size_t r = 0; r < COUNT(rows); r++) {
        for (size_t i = 0; i < COUNT(ids); i++) {
            begin(b, rows[r], OG_STR("{\"code\":\"482913\"," PURPOSE "}"));
            b->call.params[0] = og_str_from(ids[i]);
            assert_int_equal(decode(b), OG_E_NOT_FOUND);
        }
    }
}

static void
test_resend_takes_nothing(void **state)
{
    struct bench *b = *state;
    assert_int_equal(decode_body(b, RESEND, ""), OG_OK);
    assert_int_equal(decode_body(b, RESEND, "{}"), OG_OK);
    assert_int_equal(decode_body(b, RESEND, "{\"code\":\"482913\"}"), OG_E_INVALID);
    assert_int_equal(decode_body(b, RESEND, "[]"), OG_E_INVALID);
}

/* ---- answers ---- */

static void
assert_answer(struct bench *b, int status, const char *body)
{
    struct og_answer answer = {0};
    og_buf_init(&answer.body, 4096);
    b->call.route->encode(&b->call, b->op, &answer);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.body.ptr, body);
    og_buf_finish(&answer.body);
}

static struct og_verification
pending(void)
{
    return (struct og_verification){
        .id = OG_STR(ID),
        .masked = OG_STR("+49 ** 78"),
        .purpose = OG_STR("login"),
        .code_length = 6,
        .attempts = 5,
        .send_count = 1,
        .created_at = NOON,
        .expires_at = NOON + 300000,
        .resend_at = NOON + 30000,
    };
}

#define AS_PENDING                                                                                \
    "\"to\":\"+49 ** 78\",\"purpose\":\"login\",\"status\":\"pending\",\"code_length\":6,"        \
    "\"sends\":1,\"created_at\":\"2026-01-01T12:00:00.000Z\","                                    \
    "\"expires_at\":\"2026-01-01T12:05:00.000Z\","                                                \
    "\"resend_after\":\"2026-01-01T12:00:30.000Z\",\"ended_at\":null"

static void
test_req_8_a_start_is_answered_without_the_code(void **state)
{
    struct bench *b = *state;
    begin(b, START, OG_STR(""));
    struct og_otp_start_op *op = (struct og_otp_start_op *)b->op;
    op->base.svc = &b->svc;
    op->out = pending();
    op->is_new = true;
    assert_true(og_secret_set(&op->code, OG_STR("482913")));
    assert_answer(b, 201, "{\"id\":\"" ID "\"," AS_PENDING "}");
    assert_int_equal(op->code.len, 0);
}

static void
test_req_41_an_active_one_is_answered_with_resent_false(void **state)
{
    struct bench *b = *state;
    begin(b, START, OG_STR(""));
    struct og_otp_start_op *op = (struct og_otp_start_op *)b->op;
    op->base.svc = &b->svc;
    op->out = pending();
    assert_answer(b, 200, "{\"id\":\"" ID "\"," AS_PENDING ",\"resent\":false}");
}

static void
test_req_39_a_kept_answer_goes_out_as_it_was(void **state)
{
    struct bench *b = *state;
    begin(b, START, OG_STR(""));
    struct og_otp_start_op *op = (struct og_otp_start_op *)b->op;
    op->base.svc = &b->svc;
    op->replay = OG_STR("{\"id\":\"then\"}");
    op->replay_status = 201;
    assert_answer(b, 201, "{\"id\":\"then\"}");
}

static struct og_otp_check_op *
checked(struct bench *b, enum og_otp_outcome outcome, enum og_verification_state status, int left)
{
    begin(b, CHECK, OG_STR(""));
    struct og_otp_check_op *op = (struct og_otp_check_op *)b->op;
    op->base.svc = &b->svc;
    op->id = OG_STR(ID);
    op->outcome = outcome;
    op->state = status;
    op->attempts_left = left;
    return op;
}

static void
test_answers_to_checks(void **state)
{
    struct bench *b = *state;
    checked(b, OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
    const struct og_str receipt = og_receipt_write(&b->svc, &(struct og_receipt){0}, &b->mem);
    assert_answer(b, 0,
                  og_str_printf(&b->mem,
                                "{\"id\":\"" ID "\",\"status\":\"approved\",\"approved\":true,"
                                "\"attempts_left\":null,\"receipt\":\"%" OG_STR_FMT "\"}",
                                OG_STR_ARG(receipt)).ptr);
    checked(b, OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, 4);
    assert_answer(b, 0, "{\"id\":\"" ID "\",\"status\":\"pending\",\"approved\":false,"
                        "\"attempts_left\":4,\"receipt\":null}");
    checked(b, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    assert_answer(b, 0, "{\"id\":\"" ID "\",\"status\":\"failed\",\"approved\":false,"
                        "\"attempts_left\":0,\"receipt\":null}");
    checked(b, OG_OTP_UNKNOWN, OG_VERIFICATION_PENDING, -1);
    assert_answer(b, 404, "{\"error\":\"not_found\",\"message\":\"no such verification\","
                          "\"request_id\":\"req-1\"}");
}

static void
test_req_12_already_verified_is_409(void **state)
{
    struct bench *b = *state;
    checked(b, OG_OTP_ALREADY, OG_VERIFICATION_APPROVED, -1);
    assert_answer(b, 409, "{\"error\":\"already_verified\","
                          "\"message\":\"this verification has been approved already\","
                          "\"request_id\":\"req-1\"}");
}

static void
test_a_read_tells_the_time_line(void **state)
{
    struct og_otp_event events[] = {
        {OG_OTP_EVENT_ACCEPTED, NOON, 1, {NULL, 0}},
        {OG_OTP_EVENT_SEND_FAILED, NOON + 1500, 1, OG_STR("no signal")},
        {OG_OTP_EVENT_CHECKED, NOON + 2000, 0, {NULL, 0}},
    };
    struct bench *b = *state;
    begin(b, GET, OG_STR(""));
    struct og_otp_get_op *op = (struct og_otp_get_op *)b->op;
    op->base.svc = &b->svc;
    op->out = pending();
    op->events = events;
    op->event_count = 3;
    assert_answer(b, 0,
                  "{\"id\":\"" ID "\"," AS_PENDING ",\"timeline\":["
                  "{\"event\":\"accepted\",\"at\":\"2026-01-01T12:00:00.000Z\",\"send\":1},"
                  "{\"event\":\"send_failed\",\"at\":\"2026-01-01T12:00:01.500Z\",\"send\":1,"
                  "\"reason\":\"no signal\"},"
                  "{\"event\":\"checked\",\"at\":\"2026-01-01T12:00:02.000Z\"}]}");
}

static void
test_when_nothing_more_may_be_sent_it_says_so(void **state)
{
    struct bench *b = *state;
    begin(b, CANCEL, OG_STR(""));
    struct og_otp_cancel_op *op = (struct og_otp_cancel_op *)b->op;
    op->base.svc = &b->svc;
    op->out = pending();
    op->out.state = OG_VERIFICATION_CANCELED;
    op->out.closed_at = NOON + 1000;
    assert_answer(b, 0,
                  "{\"id\":\"" ID "\",\"to\":\"+49 ** 78\",\"purpose\":\"login\","
                  "\"status\":\"canceled\",\"code_length\":6,\"sends\":1,"
                  "\"created_at\":\"2026-01-01T12:00:00.000Z\","
                  "\"expires_at\":\"2026-01-01T12:05:00.000Z\",\"resend_after\":null,"
                  "\"ended_at\":\"2026-01-01T12:00:01.000Z\"}");
    op->out = pending();
    op->out.send_count = 3;
    struct og_answer answer = {0};
    og_buf_init(&answer.body, 4096);
    b->call.route->encode(&b->call, b->op, &answer);
    assert_non_null(strstr(answer.body.ptr, "\"resend_after\":null"));
    og_buf_finish(&answer.body);
}

static void
test_every_row_says_who_may(void **state)
{
    for (int i = 0; i < og_otp_route_count; i++) {
        const struct og_route *route = &og_otp_routes[i];
        assert_int_equal(route->who, OG_WHO_APP);
        assert_int_not_equal(route->scope, 0);
        assert_int_not_equal(route->success, 0);
        assert_non_null(route->kind.apply);
        assert_true(route->body_max <= 16 * 1024);
    }
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(test_start_takes_what_it_should),
        WITH_BENCH(test_req_43_malformed_is_400_and_names_the_member),
        WITH_BENCH(test_values_that_cannot_be_are_422_and_name_the_member),
        WITH_BENCH(test_req_7_own_codes_where_they_are_allowed),
        WITH_BENCH(test_req_2_weak_lengths_where_they_are_allowed),
        WITH_BENCH(test_req_39_keys),
        WITH_BENCH(test_body_must_be_declared_as_json),
        WITH_BENCH(test_req_15_what_cannot_be_a_code_is_422),
        WITH_BENCH(test_req_15_ten_kilobytes_of_code_are_422),
        WITH_BENCH(test_req_16_codes_as_people_type_them),
        WITH_BENCH(test_ids_that_we_never_made_are_404),
        WITH_BENCH(test_resend_takes_nothing),
        WITH_BENCH(test_req_8_a_start_is_answered_without_the_code),
        WITH_BENCH(test_req_41_an_active_one_is_answered_with_resent_false),
        WITH_BENCH(test_req_39_a_kept_answer_goes_out_as_it_was),
        WITH_BENCH(test_answers_to_checks),
        WITH_BENCH(test_req_12_already_verified_is_409),
        WITH_BENCH(test_a_read_tells_the_time_line),
        WITH_BENCH(test_when_nothing_more_may_be_sent_it_says_so),
        WITH_BENCH(test_every_row_says_who_may),
    };
    return cmocka_run_group_tests_name("otp api", tests, NULL, NULL);
}
