/*
 * Fuzzes the settings that applications send for phones. What is taken must be readable again as
 * it was written, whatever the version of the app, and show no secret to applications.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "core/phone_settings.h"

#define TEXT_MAX (64 * 1024)

static void
write(const struct og_phone_settings *settings, enum og_settings_view view, struct og_buf *out)
{
    struct og_json_writer w;
    og_buf_init(out, TEXT_MAX);
    og_json_begin(&w, out);
    og_phone_settings_write(settings, view, &w);
    if (out->full) {
        abort();
    }
}

static void
check_again(const struct og_phone_settings *settings, enum og_settings_view view)
{
    struct og_buf first, second;
    struct og_json_doc doc;
    struct og_phone_settings again;
    struct og_err err;
    write(settings, view, &first);
    if (og_json_parse(og_buf_str(&first), OG_JSON_DEPTH_DEFAULT, &doc, &err) != OG_OK ||
        og_phone_settings_read(doc.root, &again, &err) != OG_OK) {
        abort();
    }
    write(&again, view, &second);
    if (!og_str_eq(og_buf_str(&first), og_buf_str(&second)) ||
        (view == OG_SETTINGS_PUBLIC && og_phone_settings_signing_key(&again).len > 0)) {
        abort();
    }
    og_json_doc_finish(&doc);
    og_buf_finish(&first);
    og_buf_finish(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_json_doc doc;
    struct og_phone_settings settings;
    struct og_err err;
    struct og_str text = {(const char *)data, size};
    if (og_json_parse(text, OG_JSON_DEPTH_DEFAULT, &doc, &err) == OG_OK &&
        og_phone_settings_read(doc.root, &settings, &err) == OG_OK &&
        og_phone_settings_check(&settings, &err) == OG_OK) {
        check_again(&settings, OG_SETTINGS_PUBLIC);
        og_phone_settings_fit(&settings, OG_STR("me.capcom.smsgateway/1.66.0"));
        check_again(&settings, OG_SETTINGS_STORED);
    }
    og_json_doc_finish(&doc);
    return 0;
}
