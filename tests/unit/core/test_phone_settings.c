/*
 * Settings of phones: each row takes JSON through read, merge, check and write, as the services do.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "core/phone_settings.h"

static enum og_code
read_text(const char *text, struct og_json_doc *doc, struct og_phone_settings *out,
          struct og_err *err)
{
    assert_int_equal(og_json_parse(og_str_from(text), OG_JSON_DEPTH_DEFAULT, doc, err), OG_OK);
    enum og_code code = og_phone_settings_read(doc->root, out, err);
    return code == OG_OK ? og_phone_settings_check(out, err) : code;
}

static void
assert_written(const struct og_phone_settings *settings, enum og_settings_view view,
               const char *expected)
{
    struct og_buf buf;
    struct og_json_writer w;
    og_buf_init(&buf, 4096);
    og_json_begin(&w, &buf);
    og_phone_settings_write(settings, view, &w);
    og_buf_add(&buf, (struct og_str){"", 1});
    assert_string_equal(buf.ptr, expected);
    og_buf_finish(&buf);
}

static void
test_read_and_written(void **state)
{
    static const struct {
        const char *in, *stored, *shown;
    } rows[] = {
        {"{}", "{}", "{}"},
        {"{\"messages\":null,\"unknown\":{\"a\":1},\"ping\":{\"other\":[]}}", "{}", "{}"},
        {"{\"ping\":{\"interval_seconds\":60.0}}", "{\"ping\":{\"interval_seconds\":60}}",
         "{\"ping\":{\"interval_seconds\":60}}"},
        {"{\"ping\":{\"interval_seconds\":null}}", "{\"ping\":{\"interval_seconds\":null}}",
         "{\"ping\":{\"interval_seconds\":null}}"},
        {"{\"messages\":{\"sendIntervalMin\":1,\"sendIntervalMax\":2,\"send_interval_max\":3}}",
         "{\"messages\":{\"send_interval_min\":1,\"send_interval_max\":3}}",
         "{\"messages\":{\"send_interval_min\":1,\"send_interval_max\":3}}"},
        {"{\"webhooks\":{\"signing_key\":\"k\",\"retry_count\":3},\"encryption\":"
         "{\"passphrase\":\"p\"},\"messages\":{\"processing_order\":\"FIFO\"}}",
         "{\"encryption\":{\"passphrase\":\"p\"},\"messages\":{\"processing_order\":\"FIFO\"},"
         "\"webhooks\":{\"retry_count\":3,\"signing_key\":\"k\"}}",
         "{\"messages\":{\"processing_order\":\"FIFO\"},\"webhooks\":{\"retry_count\":3}}"},
        {"{\"gateway\":{\"cloud_url\":\"\",\"private_token\":null,"
         "\"notification_channel\":\"SSE_ONLY\"},\"receiver\":{\"contentProviderEnabled\":false}}",
         "{\"gateway\":{\"notification_channel\":\"SSE_ONLY\"},"
         "\"receiver\":{\"content_provider_enabled\":false}}",
         "{\"gateway\":{\"notification_channel\":\"SSE_ONLY\"},"
         "\"receiver\":{\"content_provider_enabled\":false}}"},
        {"{\"messages\":{\"work_hours_enabled\":true,\"work_hours_start\":\"07:30\","
         "\"work_hours_end\":\"23:59\"}}",
         "{\"messages\":{\"work_hours_enabled\":true,\"work_hours_start\":\"07:30\","
         "\"work_hours_end\":\"23:59\"}}",
         "{\"messages\":{\"work_hours_enabled\":true,\"work_hours_start\":\"07:30\","
         "\"work_hours_end\":\"23:59\"}}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_json_doc doc = {0};
        struct og_phone_settings settings;
        struct og_err err = {0};
        assert_int_equal(read_text(rows[i].in, &doc, &settings, &err), OG_OK);
        assert_written(&settings, OG_SETTINGS_STORED, rows[i].stored);
        assert_written(&settings, OG_SETTINGS_PUBLIC, rows[i].shown);
        og_json_doc_finish(&doc);
    }
}

static void
test_refused(void **state)
{
    static const struct {
        const char *in, *field;
    } rows[] = {
        {"[]", ""},
        {"{\"messages\":\"x\"}", "messages"},
        {"{\"messages\":[]}", "messages"},
        {"{\"messages\":{\"limit_period\":\"Per15\"}}", "messages.limit_period"},
        {"{\"messages\":{\"limit_period\":\"\"}}", "messages.limit_period"},
        {"{\"messages\":{\"limitPeriod\":5}}", "messages.limit_period"},
        {"{\"messages\":{\"limit_value\":0}}", "messages.limit_value"},
        {"{\"messages\":{\"limit_value\":16777216}}", "messages.limit_value"},
        {"{\"messages\":{\"limit_value\":1.5}}", "messages.limit_value"},
        {"{\"messages\":{\"limit_value\":\"5\"}}", "messages.limit_value"},
        {"{\"messages\":{\"limit_value\":true}}", "messages.limit_value"},
        {"{\"messages\":{\"limit_value\":{}}}", "messages.limit_value"},
        {"{\"messages\":{\"processing_order\":\"fifo\"}}", "messages.processing_order"},
        {"{\"messages\":{\"send_interval_min\":5,\"send_interval_max\":4}}",
         "messages.send_interval_max"},
        {"{\"messages\":{\"work_hours_enabled\":true}}", "messages.work_hours_start"},
        {"{\"messages\":{\"work_hours_enabled\":true,\"work_hours_start\":\"00:00\"}}",
         "messages.work_hours_end"},
        {"{\"messages\":{\"work_hours_start\":\"25:00\"}}", "messages.work_hours_start"},
        {"{\"messages\":{\"work_hours_start\":\"24:00\"}}", "messages.work_hours_start"},
        {"{\"messages\":{\"work_hours_end\":\"10:60\"}}", "messages.work_hours_end"},
        {"{\"messages\":{\"work_hours_end\":\"1:000\"}}", "messages.work_hours_end"},
        {"{\"webhooks\":{\"internet_required\":1}}", "webhooks.internet_required"},
        {"{\"webhooks\":{\"signing_key\":7}}", "webhooks.signing_key"},
        {"{\"gateway\":{\"cloud_url\":\"https://x\"}}", "gateway.cloud_url"},
        {"{\"gateway\":{\"privateToken\":\"x\"}}", "gateway.private_token"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_json_doc doc = {0};
        struct og_phone_settings settings;
        struct og_err err = {0};
        assert_int_equal(read_text(rows[i].in, &doc, &settings, &err), OG_E_INVALID);
        assert_string_equal(err.field, rows[i].field);
        og_json_doc_finish(&doc);
    }
}

static void
test_long_secret_refused_without_quoting_it(void **state)
{
    char text[400], secret[258];
    memset(secret, 'S', 257);
    secret[257] = '\0';
    snprintf(text, sizeof text, "{\"encryption\":{\"passphrase\":\"%s\"}}", secret);
    struct og_json_doc doc = {0};
    struct og_phone_settings settings;
    struct og_err err = {0};
    assert_int_equal(read_text(text, &doc, &settings, &err), OG_E_INVALID);
    assert_null(strstr(err.text, "SSS"));
    og_json_doc_finish(&doc);
}

static void
test_merge(void **state)
{
    struct og_json_doc a = {0}, b = {0};
    struct og_phone_settings base, change;
    struct og_err err = {0};
    assert_int_equal(read_text("{\"messages\":{\"send_interval_min\":9,\"limit_value\":4},"
                               "\"logs\":{\"lifetime_days\":2}}", &a, &base, &err), OG_OK);
    assert_int_equal(read_text("{\"messages\":{\"limit_value\":5},\"logs\":"
                               "{\"lifetime_days\":null}}", &b, &change, &err), OG_OK);
    og_phone_settings_merge(&base, &change);
    assert_written(&base, OG_SETTINGS_STORED,
                   "{\"messages\":{\"send_interval_min\":9,\"limit_value\":5},"
                   "\"logs\":{\"lifetime_days\":null}}");
    og_json_doc_finish(&b);
    assert_int_equal(read_text("{\"messages\":{\"send_interval_max\":8}}", &b, &change, &err),
                     OG_OK);
    og_phone_settings_merge(&base, &change);
    assert_int_equal(og_phone_settings_check(&base, &err), OG_E_INVALID);
    og_json_doc_finish(&a);
    og_json_doc_finish(&b);
}

static void
test_old_phones(void **state)
{
    static const struct {
        const char *agent;
        bool takes_it;
    } rows[] = {
        {"me.capcom.smsgateway/1.66.9", false}, {"me.capcom.smsgateway/1.9.0", false},
        {"me.capcom.smsgateway/1.67.0", true},  {"me.capcom.smsgateway/2.0.0", true},
        {"okhttp/4.10.0", true},                {"", true},
        {"me.capcom.smsgateway/x", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_json_doc doc = {0};
        struct og_phone_settings settings;
        struct og_err err = {0};
        assert_int_equal(read_text("{\"messages\":{\"limit_period\":\"Per30Minutes\"}}", &doc,
                                   &settings, &err), OG_OK);
        og_phone_settings_fit(&settings, og_str_from(rows[i].agent));
        assert_written(&settings, OG_SETTINGS_STORED,
                       rows[i].takes_it ? "{\"messages\":{\"limit_period\":\"Per30Minutes\"}}"
                                        : "{}");
        og_json_doc_finish(&doc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_and_written),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_secret_refused_without_quoting_it),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_old_phones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
