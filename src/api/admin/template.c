/*
 * Templates of /admin/v1. Each text is shown with what it costs at most.
 */
#include "api/admin/priv.h"

#include "core/label.h"
#include "service/otp/template_service.h"

#define NAME_MAX_CHARS 64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- in ---- */

struct template_ask {
    struct og_str kind, policy, default_locale;
    bool allow_long;
    const struct og_json *texts;
};

static const struct og_json_member put_members[] = {
    {"kind", OG_JSON_STRING, offsetof(struct template_ask, kind), false, 1, 16},
    {"policy", OG_JSON_STRING, offsetof(struct template_ask, policy), false, 1, 16},
    {"allow_long", OG_JSON_BOOL, offsetof(struct template_ask, allow_long), false},
    {"default_locale", OG_JSON_STRING, offsetof(struct template_ask, default_locale), false, 1,
     OG_LOCALE_TAG_MAX_CHARS},
    {"texts", OG_JSON_OBJECT, offsetof(struct template_ask, texts), true},
};

struct text_reader {
    struct og_template *out;
    struct og_arena *mem;
    struct og_err *err;
    enum og_code code;
};

static bool
read_text(void *ctx, struct og_str name, const struct og_json *value)
{
    struct text_reader *self = ctx;
    struct og_str text;
    if (!og_json_to_str(value, &text)) {
        self->code = og_fail(self->err, OG_E_INVALID, "texts", "must have texts only");
        return false;
    }
    if (self->out->text_count == OG_TEMPLATE_TEXTS_MAX) {
        self->code = og_fail(self->err, OG_E_UNPROCESSABLE, "texts", "must have at most %d",
                             OG_TEMPLATE_TEXTS_MAX);
        return false;
    }
    self->out->texts[self->out->text_count++] = (struct og_template_text){
        og_str_dup(self->mem, name), og_str_dup(self->mem, text)};
    return true;
}

static enum og_code
read_texts(struct og_call *call, const struct template_ask *ask, struct og_template *out,
           struct og_err *err)
{
    struct text_reader reader = {out, og_call_mem(call), err, OG_OK};
    out->texts = OG_ARENA_ARRAY(reader.mem, struct og_template_text, OG_TEMPLATE_TEXTS_MAX);
    og_json_each(ask->texts, read_text, &reader);
    if (reader.code == OG_OK && out->text_count == 0) {
        return og_fail(err, OG_E_UNPROCESSABLE, "texts", "must have at least one");
    }
    /* One language needs no word on which is the usual. */
    out->default_locale = ask->default_locale.len    ? ask->default_locale
                          : out->text_count == 1 ? out->texts[0].locale
                                                 : OG_STR("en");
    return reader.code;
}

static enum og_code
read_words(const struct template_ask *ask, struct og_template *out, struct og_err *err)
{
    if (!og_otp_template_kind_of(ask->kind, &out->kind)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "kind", "must be code or payment");
    }
    return og_otp_template_policy_of(ask->policy, &out->policy)
               ? OG_OK
               : og_fail(err, OG_E_UNPROCESSABLE, "policy",
                         "must be strict, transliterate or ucs2");
}

enum og_code
og_admin_template_put_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_template_put_op *self = (struct og_template_put_op *)op;
    struct og_template *template = &self->entry.template;
    struct template_ask ask = {.kind = OG_STR("code"), .policy = OG_STR("strict")};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_account_named(call, &self->account_id, err);
    if (code == OG_OK) {
        code = og_admin_decode_body(call, put_members, COUNT(put_members), &ask, err);
    }
    if (code == OG_OK) {
        code = read_words(&ask, template, err);
    }
    template->name = call->params[0];
    template->allow_long = ask.allow_long;
    return code == OG_OK ? read_texts(call, &ask, template, err) : code;
}

/* ---- out ---- */

static void
add_text(struct og_json_writer *w, const struct og_template_text *text,
         const struct og_sms_size *size)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "locale", text->locale);
    og_json_add_str(w, "text", text->text);
    og_json_add_cstr(w, "encoding", og_sms_encoding_name(size->encoding));
    og_json_add_i64(w, "units", (int64_t)size->units);
    og_json_add_i64(w, "segments", (int64_t)size->segments);
    og_json_add_i64(w, "bytes", (int64_t)size->bytes);
    og_json_end(w);
}

static void
add_template(struct og_json_writer *w, const struct og_template_entry *entry)
{
    const struct og_template *template = &entry->template;
    og_json_add_str(w, "name", template->name);
    og_json_add_cstr(w, "kind", og_otp_template_kind_name(template->kind));
    og_json_add_cstr(w, "policy", og_otp_template_policy_name(template->policy));
    og_json_add_bool(w, "allow_long", template->allow_long);
    og_json_add_str(w, "default_locale", template->default_locale);
    og_json_array(w, "texts");
    for (int i = 0; i < template->text_count; i++) {
        add_text(w, &template->texts[i], &entry->sizes[i]);
    }
    og_json_end(w);
    og_json_add_time(w, "updated_at", template->updated_at);
}

void
og_admin_template_put_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_template_put_op *self = (struct og_template_put_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    add_template(&w, &self->entry);
    og_json_end(&w);
}

enum og_code
og_admin_template_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_template_list_op *self = (struct og_template_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->name = call->param_count ? call->params[0] : OG_STR("");
    return og_admin_account_named(call, &self->account_id, err);
}

void
og_admin_template_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_template_list_op *self = (struct og_template_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "templates");
    for (int i = 0; i < self->count; i++) {
        og_json_object(&w, NULL);
        add_template(&w, &self->items[i]);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

void
og_admin_template_show_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    add_template(&w, ((struct og_template_list_op *)op)->items);
    og_json_end(&w);
}

enum og_code
og_admin_template_remove_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_template_remove_op *self = (struct og_template_remove_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->name = call->params[0];
    return og_admin_account_named(call, &self->account_id, err);
}
