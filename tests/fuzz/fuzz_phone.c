/*
 * Fuzzes what the phone reads from a server, and what it then does with it: messages are counted in
 * parts, shown on the screen and reported, and the report must be JSON again.
 *
 * The input is one byte that names the answer, then its body.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "phone/date.h"
#include "phone/handset.h"
#include "phone/protocol.h"
#include "phone/sms_parts.h"

#define NOW_MS INT64_C(1767355200000)

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
on_note(void *ctx, enum og_violation violation, struct og_str about)
{
    int *count = ctx;
    CHECK(og_violation_name(violation)[0] != '\0' && og_violation_what(violation)[0] != '\0');
    (*count)++;
}

static void
check_report(const struct og_sms *sms)
{
    struct og_buf out;
    struct og_json_doc doc;
    og_buf_init(&out, 1 << 20);
    og_proto_write_reports(&out, &(struct og_proto_report){sms, OG_SMS_STATE_COUNT}, 1, 60);
    CHECK(out.full || og_json_parse(og_buf_str(&out), 8, &doc, NULL) == OG_OK);
    if (!out.full) {
        const struct og_json *item = og_json_at(doc.root, 0);
        CHECK(og_json_count(og_json_get(item, "recipients")) == sms->recipient_count);
        og_json_doc_finish(&doc);
    }
    og_buf_finish(&out);
}

static void
check_screen(const struct og_sms *sms)
{
    struct og_buf out;
    og_buf_init(&out, 1 << 22);
    og_handset_draw(&out, &(struct og_handset_sms){
        .phone = OG_STR("p"), .sim = 1, .time = OG_STR("00:00:00"),
        .to = og_str_from(sms->recipients[0].number), .text = {sms->text, sms->text_len},
        .parts = sms->parts, .id = og_str_from(sms->id)}, OG_HANDSET_UTF8);
    for (size_t i = 0; i < out.len; i++) {
        CHECK(out.ptr[i] == '\n' || (unsigned char)out.ptr[i] >= 0x20);
    }
    CHECK(og_str_is_utf8(og_buf_str(&out)));
    og_buf_finish(&out);
}

static void
check_item(const struct og_pull_item *item)
{
    CHECK(item->id.len > 0 && item->id.len <= OG_SMS_ID_CHARS);
    CHECK(item->numbers.count > 0 && item->numbers.count <= 100);
    CHECK(item->priority >= -128 && item->priority <= 127);
    CHECK(item->sim_number >= 0 && item->sim_number <= 3);
    CHECK(item->state == OG_SMS_PENDING || item->state == OG_SMS_CANCELLING);
    struct og_sms *sms = og_sms_create(item, NOW_MS);
    CHECK(sms->parts >= 1);
    og_sms_move_all(sms, OG_SMS_PROCESSED, NULL, NOW_MS + 1);
    og_sms_move(sms, 0, OG_SMS_FAILED, "Send result: RESULT_ERROR_GENERIC_FAILURE", NOW_MS + 2);
    check_report(sms);
    check_screen(sms);
    og_sms_destroy(sms);
}

static void
read_pull(struct og_str body, struct og_arena *mem, const struct og_notes *notes)
{
    struct og_pull pull;
    if (og_proto_read_pull(body, mem, notes, &pull)) {
        for (size_t i = 0; i < pull.count; i++) {
            check_item(&pull.items[i]);
        }
    }
}

static void
read_date(struct og_str text)
{
    int64_t at_ms = 0, again_ms = 0;
    char out[OG_PHONE_DATE_BYTES];
    if (og_phone_date_read(text, &at_ms) != OG_DATE_REFUSED && at_ms >= 0) {
        og_phone_date_write(at_ms, 0, out);
        if (strlen(out) == 24) { /* years of four digits */
            CHECK(og_phone_date_read(og_str_from(out), &again_ms) == OG_DATE_RIGHT);
            CHECK(at_ms == again_ms);
        }
    }
}

static void
read_other(uint8_t which, struct og_str body, struct og_arena *mem, const struct og_notes *notes)
{
    struct og_proto_identity identity;
    struct og_phone_settings settings;
    struct og_str message_id, rest;
    struct og_proto_webhook *hooks;
    size_t end, count, listed;
    const struct og_app_profile *app = &og_app_profiles[which % OG_APP_COUNT];
    switch (which % 5) {
    case 0:
        if (og_proto_read_identity(body, mem, notes, &identity)) {
            CHECK(identity.id.len > 0 && identity.token.len > 0 && identity.login.len > 0);
        }
        break;
    case 1:
        og_proto_read_settings(body, app, notes, &settings);
        break;
    case 2:
        if (og_proto_read_webhooks(body, app, notes, &count)) {
            og_proto_list_webhooks(body, mem, &hooks, &listed);
            CHECK(listed == count);
        }
        break;
    case 3:
        end = og_str_find(body, '\n');
        rest = og_str_slice(body, end + 1, body.len);
        og_proto_read_event(og_str_slice(body, 0, end), rest, mem, notes, &message_id);
        break;
    default:
        read_date(body);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0) {
        return 0;
    }
    int noted = 0;
    struct og_notes notes = {on_note, &noted};
    struct og_str body = {(const char *)input + 1, size - 1};
    struct og_arena mem;
    og_arena_init(&mem, 0);
    if (input[0] % 2 == 0) {
        read_pull(body, &mem, &notes);
    } else {
        read_other(input[0] / 2, body, &mem, &notes);
    }
    og_sms_parts_of_text(body);
    og_arena_finish(&mem);
    return 0;
}
