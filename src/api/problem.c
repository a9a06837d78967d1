/*
 * From error codes to HTTP answers, one shape per API family.
 */
#include "api/problem.h"

#include <stdio.h>

#include "base/json.h"

/* OG_FAMILY_SMSGATE knows only 400 for what is wrong with a body. */
static const struct {
    enum og_code code;
    int status;
    int smsgate_status;
} statuses[] = {
    {OG_E_INVALID, 400, 400},     {OG_E_UNPROCESSABLE, 422, 400}, {OG_E_UNAUTHORIZED, 401, 401},
    {OG_E_FORBIDDEN, 403, 403},   {OG_E_NOT_FOUND, 404, 404},     {OG_E_METHOD, 405, 405},
    {OG_E_CONFLICT, 409, 409},    {OG_E_TOO_LARGE, 413, 413},     {OG_E_MEDIA_TYPE, 415, 400},
    {OG_E_LIMITED, 429, 429},     {OG_E_BUSY, 503, 503},          {OG_E_QUEUE_FULL, 503, 503},
    {OG_E_UNAVAILABLE, 503, 503}, {OG_E_UNREADABLE, 500, 500},
    {OG_E_INTERNAL, 500, 500},
};

/* OAuth says 400 to all that the client did wrong, but for who it is. */
static int
oauth_status(int status)
{
    static const int same[] = {401, 404, 405, 413, 429};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (status == same[i]) {
            return status;
        }
    }
    return status < 500 ? 400 : status;
}

int
og_problem_status(enum og_family family, enum og_code code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].code == code) {
            return family == OG_FAMILY_SMSGATE ? statuses[i].smsgate_status
                   : family == OG_FAMILY_OAUTH ? oauth_status(statuses[i].status)
                                               : statuses[i].status;
        }
    }
    return 500;
}

/* What the sender can do about it is said; what is broken inside stays in the log. */
static const char *
public_text(enum og_code code, const struct og_err *err)
{
    switch (code) {
    case OG_E_UNAUTHORIZED:
        return "Unauthorized";
    case OG_E_BUSY:
        return "too many requests are waiting; try again soon";
    case OG_E_UNAVAILABLE:
        return "the service cannot store or read at the moment; try again soon";
    case OG_E_INTERNAL:
        return "internal error; the log has the details under this request id";
    default:
        return err && err->text[0] ? err->text : og_code_wire(code);
    }
}

static bool
is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* As a word of its own: "valid" does not name "id". */
static bool
says(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++) {
        if ((at == text || !is_word_char(at[-1])) && !is_word_char(at[len])) {
            return true;
        }
    }
    return false;
}

/* The peer's shape has a message only: the field goes into it unless the text names it already. */
static void
write_smsgate(struct og_json_writer *w, enum og_code code, const struct og_err *err)
{
    const char *text = public_text(code, err);
    char message[sizeof err->field + sizeof err->text + 4];
    bool says_field = !err || !err->field[0] || says(text, err->field);
    snprintf(message, sizeof message, "%s%s%s", says_field ? "" : err->field,
             says_field ? "" : ": ", text);
    og_json_add_cstr(w, "message", message);
}

static void
write_own(struct og_json_writer *w, enum og_code code, const struct og_err *err,
          struct og_str request_id)
{
    og_json_add_cstr(w, "error", og_code_wire(code));
    og_json_add_cstr(w, "message", public_text(code, err));
    if (err && err->field[0]) {
        og_json_add_cstr(w, "field", err->field);
    }
    if (err && err->reason) {
        og_json_add_cstr(w, "reason", err->reason);
    }
    og_json_add_str(w, "request_id", request_id);
}

/* RFC 6749 section 5.2; the fields that have errors of their own name them. */
static const char *
oauth_error(enum og_code code, const struct og_err *err)
{
    bool is_scope = err && strcmp(err->field, "scope") == 0;
    switch (code) {
    case OG_E_UNAUTHORIZED:
        return "invalid_client";
    case OG_E_FORBIDDEN:
        return "unauthorized_client";
    case OG_E_UNPROCESSABLE:
        return is_scope ? "invalid_scope" : "unsupported_grant_type";
    case OG_E_INTERNAL:
        return "server_error";
    case OG_E_BUSY:
    case OG_E_QUEUE_FULL:
    case OG_E_LIMITED:
    case OG_E_UNAVAILABLE:
        return "temporarily_unavailable";
    default:
        return "invalid_request";
    }
}

static void
write_oauth(struct og_json_writer *w, enum og_code code, const struct og_err *err)
{
    const char *text = public_text(code, err);
    char message[sizeof err->field + sizeof err->text + 4];
    bool has_field = err && err->field[0];
    snprintf(message, sizeof message, "%s%s%s", has_field ? err->field : "", has_field ? ": " : "",
             text);
    og_json_add_cstr(w, "error", oauth_error(code, err));
    og_json_add_cstr(w, "error_description", message);
}

void
og_problem_write(enum og_family family, enum og_code code, const struct og_err *err,
                 struct og_str request_id, struct og_arena *mem, struct og_answer *answer)
{
    answer->status = og_problem_status(family, code);
    og_buf_clear(&answer->body);
    answer->content_type = OG_STR("");
    answer->header_count = 0;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    if (family == OG_FAMILY_SMSGATE) {
        write_smsgate(&w, code, err);
    } else if (family == OG_FAMILY_OAUTH) {
        write_oauth(&w, code, err);
    } else {
        write_own(&w, code, err, request_id);
    }
    og_json_end(&w);
    int retry_s = err && err->retry_after_s ? err->retry_after_s : og_code_is_retryable(code);
    if (retry_s > 0) {
        og_answer_header(answer, "Retry-After", og_str_printf(mem, "%d", retry_s));
    }
    if (code == OG_E_UNAUTHORIZED && family != OG_FAMILY_SMSGATE) {
        og_answer_header(answer, "WWW-Authenticate",
                         family == OG_FAMILY_OAUTH ? OG_STR("Basic realm=\"otpgate\"")
                                                   : OG_STR("Bearer realm=\"otpgate\""));
    }
}

enum og_family
og_problem_family(struct og_str path)
{
    if (path.len >= 5 && og_str_eq_nocase(og_str_slice(path, 0, 5), OG_STR("/api/"))) {
        path = og_str_slice(path, 4, path.len);
    }
    if (og_str_starts(path, OG_STR("/oauth/"))) {
        return OG_FAMILY_OAUTH;
    }
    static const char *const smsgate[] = {"/3rdparty/", "/mobile/"};
    for (size_t i = 0; i < 2; i++) {
        struct og_str prefix = og_str_from(smsgate[i]);
        if (og_str_eq_nocase(og_str_slice(path, 0, prefix.len), prefix)) {
            return OG_FAMILY_SMSGATE;
        }
    }
    return OG_FAMILY_OWN;
}
