/*
 * Client applications of /admin/v1: what reads the codes, with its app hashes and its origin.
 */
#include "api/admin/priv.h"

#include <stdio.h>

#include "core/locale.h"
#include "service/otp/template_service.h"

#define NAME_MAX_CHARS 64
#define HOST_MAX_CHARS 253 /* the service knows better; these bound the copies */
#define PACKAGE_MAX_CHARS 255
#define HASH_MAX_CHARS 64
#define AT(member) offsetof(struct app_ask, member)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- in ---- */

struct app_ask {
    struct og_client_app app;
    const struct og_json *hashes;
};

static const struct og_json_member put_members[] = {
    {"package", OG_JSON_STRING, AT(app.package), false, 0, PACKAGE_MAX_CHARS},
    {"hashes", OG_JSON_ARRAY, AT(hashes), false, 0, OG_APP_HASHES_MAX},
    {"origin", OG_JSON_STRING, AT(app.origin), false, 0, HOST_MAX_CHARS},
    {"embedded_origin", OG_JSON_STRING, AT(app.embedded_origin), false, 0, HOST_MAX_CHARS},
    {"brand", OG_JSON_STRING, AT(app.brand), false, 0, NAME_MAX_CHARS},
    {"locale", OG_JSON_STRING, AT(app.locale), false, 0, OG_LOCALE_TAG_MAX_CHARS},
    {"template", OG_JSON_STRING, AT(app.template), false, 0, NAME_MAX_CHARS},
    {"payment_template", OG_JSON_STRING, AT(app.payment_template), false, 0, NAME_MAX_CHARS},
    {"retriever_prefix", OG_JSON_BOOL, AT(app.retriever_prefix), false},
};

static const struct og_json_member hash_members[] = {
    {"hash", OG_JSON_STRING, offsetof(struct og_app_hash, hash), true, 0, HASH_MAX_CHARS},
    {"label", OG_JSON_STRING, offsetof(struct og_app_hash, label), false, 0, NAME_MAX_CHARS},
    {"valid_from", OG_JSON_TIME, offsetof(struct og_app_hash, valid_from), false},
    {"valid_until", OG_JSON_TIME, offsetof(struct og_app_hash, valid_until), false},
};

static enum og_code
read_hashes(struct og_call *call, const struct app_ask *ask, struct og_client_app *out,
            struct og_err *err)
{
    const size_t count = og_json_count(ask->hashes);
    enum og_code code = OG_OK;
    if (count > OG_APP_HASHES_MAX) {
        return og_fail(err, OG_E_UNPROCESSABLE, "hashes", "must have at most %d",
                       OG_APP_HASHES_MAX);
    }
    for (size_t i = 0; code == OG_OK && i < count; i++) {
        char place[32];
        snprintf(place, sizeof place, "hashes[%zu]", i);
        code = og_json_decode(og_json_at(ask->hashes, i), hash_members, COUNT(hash_members),
                              OG_JSON_UNKNOWN_REFUSED, place, og_call_mem(call),
                              &out->hashes[out->hash_count++], err);
    }
    return code;
}

enum og_code
og_admin_client_app_put_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_client_app_put_op *self = (struct og_client_app_put_op *)op;
    struct app_ask *ask = OG_ARENA_NEW(og_call_mem(call), struct app_ask);
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_account_named(call, &self->account_id, err);
    if (code == OG_OK) {
        code = og_admin_decode_body(call, put_members, COUNT(put_members), ask, err);
    }
    self->app = ask->app;
    self->app.name = call->params[0];
    return code == OG_OK ? read_hashes(call, ask, &self->app, err) : code;
}

/* ---- out ---- */

static void
add_hash(struct og_json_writer *w, const struct og_app_hash *hash)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "hash", hash->hash);
    og_json_add_str_or_null(w, "label", hash->label);
    og_json_add_time_or_null(w, "valid_from", hash->valid_from);
    og_json_add_time_or_null(w, "valid_until", hash->valid_until);
    og_json_end(w);
}

static void
add_app(struct og_json_writer *w, const struct og_client_app *app)
{
    og_json_add_str(w, "name", app->name);
    og_json_add_str_or_null(w, "package", app->package);
    og_json_array(w, "hashes");
    for (int i = 0; i < app->hash_count; i++) {
        add_hash(w, &app->hashes[i]);
    }
    og_json_end(w);
    og_json_add_str_or_null(w, "origin", app->origin);
    og_json_add_str_or_null(w, "embedded_origin", app->embedded_origin);
    og_json_add_str_or_null(w, "brand", app->brand);
    og_json_add_str_or_null(w, "locale", app->locale);
    og_json_add_str_or_null(w, "template", app->template);
    og_json_add_str_or_null(w, "payment_template", app->payment_template);
    og_json_add_bool(w, "retriever_prefix", app->retriever_prefix);
    og_json_add_time(w, "updated_at", app->updated_at);
}

void
og_admin_client_app_put_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    add_app(&w, &((struct og_client_app_put_op *)op)->app);
    og_json_end(&w);
}

enum og_code
og_admin_client_app_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_client_app_list_op *self = (struct og_client_app_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->name = call->param_count ? call->params[0] : OG_STR("");
    return og_admin_account_named(call, &self->account_id, err);
}

void
og_admin_client_app_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_client_app_list_op *self = (struct og_client_app_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "apps");
    for (int i = 0; i < self->count; i++) {
        og_json_object(&w, NULL);
        add_app(&w, &self->items[i]);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

void
og_admin_client_app_show_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    add_app(&w, ((struct og_client_app_list_op *)op)->items);
    og_json_end(&w);
}
