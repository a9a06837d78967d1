/*
 * Fuzzes the readers of apps and bundles: the input is the file. What is read must be certificates
 * within the limits, and a choice among them must be one of them or a reason.
 */
#include <stdint.h>
#include <stdlib.h>

#include "apphash/certificate.h"
#include "apphash/signing.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
check_signing(const struct og_signing *signing, struct og_arena *mem)
{
    const struct og_signing_cert *chosen = NULL;
    struct og_err err = {0};
    CHECK(signing->count > 0 && signing->count <= OG_SIGNING_CERTS_MAX);
    for (size_t i = 0; i < signing->count; i++) {
        struct og_certificate facts;
        CHECK(og_certificate_describe(signing->certs[i].der, mem, &facts, NULL) == OG_OK);
        CHECK(og_str_is_utf8(facts.subject));
    }
    if (og_signing_choose(signing, OG_STR(""), &chosen, &err) == OG_OK) {
        CHECK(!chosen || (chosen >= signing->certs && chosen < signing->certs + signing->count));
    } else {
        CHECK(!chosen && err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_signing signing;
    struct og_input input;
    struct og_arena mem;
    struct og_err err = {0};
    og_arena_init(&mem, 0);
    og_input_over(&input, (struct og_str){(const char *)data, size});
    if (og_signing_read(&input, NULL, &mem, &signing, &err) == OG_OK) {
        CHECK(signing.file > OG_SIGNING_BUNDLE || signing.schemes != 0);
        check_signing(&signing, &mem);
    } else {
        CHECK(err.text[0] != '\0');
    }
    og_arena_finish(&mem);
    return 0;
}
