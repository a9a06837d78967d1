/* Who the phones are, in a file that a later run reads. */
#include "phone/identities.h"

#include <stdio.h>

#include "base/files.h"
#include "base/json.h"

#define FILE_MAX_BYTES (16 << 20)

static void
read_member(const struct og_json *object, const char *name, char *out, size_t size)
{
    struct og_str text;
    if (og_json_to_str(og_json_get(object, name), &text) && text.len < size) {
        snprintf(out, size, "%" OG_STR_FMT, OG_STR_ARG(text));
    }
}

static void
read_phone(const struct og_json *object, struct og_vphone_identity *identities, size_t count)
{
    int64_t number;
    if (!og_json_to_i64(og_json_get(object, "phone"), &number) || number < 1 ||
        (uint64_t)number > count) {
        return;
    }
    struct og_vphone_identity *identity = &identities[number - 1];
    read_member(object, "id", identity->id, sizeof(identity->id));
    read_member(object, "token", identity->token, sizeof(identity->token));
    read_member(object, "login", identity->login, sizeof(identity->login));
}

static enum og_code
read_text(struct og_str text, struct og_vphone_identity *identities, size_t count,
          struct og_err *err)
{
    struct og_json_doc doc;
    enum og_code code = og_json_parse(text, OG_JSON_DEPTH_DEFAULT, &doc, err);
    if (code != OG_OK) {
        return code;
    }
    const struct og_json *phones = og_json_get(doc.root, "phones");
    if (og_json_kind(phones) != OG_JSON_K_ARRAY) {
        code = og_fail(err, OG_E_INVALID, "phones", "the file has no list of phones");
    } else {
        for (size_t i = 0; i < og_json_count(phones); i++) {
            read_phone(og_json_at(phones, i), identities, count);
        }
    }
    og_json_doc_finish(&doc);
    return code;
}

enum og_code
og_identities_load(const char *path, struct og_vphone_identity *identities, size_t count,
                   struct og_err *err)
{
    struct og_buf text;
    og_buf_init(&text, FILE_MAX_BYTES);
    enum og_code code = og_file_read(path, &text, err);
    if (code == OG_OK) {
        code = read_text(og_buf_str(&text), identities, count, err);
    } else if (code == OG_E_NOT_FOUND) {
        code = OG_OK;
    }
    og_buf_finish(&text);
    return code;
}

enum og_code
og_identities_save(const char *path, const struct og_vphone_identity *const *of, size_t count,
                   struct og_err *err)
{
    struct og_buf text;
    struct og_json_writer w;
    og_buf_init(&text, FILE_MAX_BYTES);
    og_json_begin(&w, &text);
    og_json_object(&w, NULL);
    og_json_array(&w, "phones");
    for (size_t i = 0; i < count; i++) {
        if (of[i] && of[i]->token[0] != '\0') {
            og_json_object(&w, NULL);
            og_json_add_i64(&w, "phone", (int64_t)i + 1);
            og_json_add_cstr(&w, "id", of[i]->id);
            og_json_add_cstr(&w, "token", of[i]->token);
            og_json_add_cstr(&w, "login", of[i]->login);
            og_json_end(&w);
        }
    }
    og_json_end(&w);
    og_json_end(&w);
    og_buf_add_byte(&text, '\n');
    enum og_code code = og_file_write(path, og_buf_str(&text), 0600, err);
    og_buf_finish(&text);
    return code;
}
