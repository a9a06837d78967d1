/*
 * The words of OTP messages: which template, language, brand and lines a verification gets, and
 * what they cost at most. Used where messages are made and where words are saved, so that what was
 * measured is what is sent.
 */
#pragma once

#include "core/otp_text.h"
#include "service/services.h"
#include "store/client_app_store.h"
#include "store/otp_store.h"
#include "store/template_store.h"

/* What a verification refers to by name. */
struct og_otp_words {
    struct og_client_app app;    /* zeroed: none */
    struct og_template template; /* zeroed: our own sentences, or the server's */
};

/* Errors: OG_E_NOT_FOUND, field "client_app" or "template". */
OG_MUST_CHECK enum og_code og_otp_words_load(struct og_db *db, const struct og_verification *v,
                                             struct og_arena *mem, struct og_otp_words *out,
                                             struct og_err *err);

/*
 * The SMS. A brand of `v` wins over the client app's.
 * left_ms  of the code's life
 * Errors   OG_E_UNPROCESSABLE: as og_otp_text_compose; "template" of the wrong kind
 */
OG_MUST_CHECK enum og_code og_otp_compose(const struct og_services *svc,
                                          const struct og_otp_words *words,
                                          const struct og_verification *v,
                                          const struct og_secret *code, int64_t left_ms,
                                          int64_t now_ms, struct og_secret *text,
                                          struct og_err *err);

/* May an account have this brand: does even the longest message with it fit one SMS?
 * OG_E_UNPROCESSABLE, field "brand". */
OG_MUST_CHECK enum og_code og_otp_check_brand(const struct og_services *svc, struct og_str brand,
                                              struct og_err *err);

/*
 * What a text of a template costs at most with that brand and with the lines of `app`.
 * app    NULL: one app hash and no more
 * Errors OG_E_UNPROCESSABLE as the template's policy has it
 */
OG_MUST_CHECK enum og_code og_otp_measure_text(const struct og_services *svc,
                                               const struct og_template *template, int index,
                                               struct og_str brand,
                                               const struct og_client_app *app,
                                               struct og_sms_size *out, struct og_err *err);
/* Do our own sentences fit with what an application brings along? OG_E_UNPROCESSABLE, field
 * "brand" or "origin". */
OG_MUST_CHECK enum og_code og_otp_measure_app(const struct og_services *svc, struct og_str brand,
                                              const struct og_client_app *app, struct og_err *err);
