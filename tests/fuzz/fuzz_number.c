/*
 * Fuzzes the reading of phone numbers. What is accepted must be E.164, made of the digits that were
 * written and nothing else, and must be accepted again as it is.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/phone_number.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

/* A plan that takes anything: the core must not trust it. */
static enum og_code
parse_anything(void *ctx, struct og_str text, const char *region, struct og_phone_facts *out,
               struct og_err *err)
{
    CHECK(text.len > 0 && text.len <= OG_PHONE_MAX_DIGITS);
    out->e164[0] = '+';
    memcpy(out->e164 + 1, text.ptr, text.len);
    return OG_OK;
}

static void
check_digits(struct og_str written, struct og_str e164)
{
    size_t at = 1;
    for (size_t i = 0; i < written.len; i++) {
        if (written.ptr[i] >= '0' && written.ptr[i] <= '9') {
            CHECK(at < e164.len && e164.ptr[at] == written.ptr[i]);
            at++;
        }
    }
    CHECK(at == e164.len);
}

static void
check_one(struct og_str written, struct og_str region)
{
    const struct og_phone_plan plan = {parse_anything, NULL};
    struct og_arena mem;
    struct og_str out;
    struct og_str again;
    struct og_err err = {0};
    char masked[OG_PHONE_MASK_BYTES];

    og_arena_init(&mem, 256);
    if (og_phone_parse(written, region, &plan, "to", &mem, &out, &err) == OG_OK) {
        CHECK(og_phone_is_e164(out));
        check_digits(written, out);
        CHECK(og_phone_parse(out, (struct og_str){0}, NULL, "to", &mem, &again, NULL) == OG_OK);
        CHECK(og_str_eq(out, again));
    } else {
        CHECK(err.code == OG_E_UNPROCESSABLE && err.text[0] != '\0');
    }
    og_phone_mask(written, masked);
    og_phone_is_short_code(written);
    og_arena_finish(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_str written = {(const char *)data, size};
    check_one(written, (struct og_str){0});
    check_one(written, OG_STR("DE"));
    return 0;
}
