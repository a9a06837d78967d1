/*
 * Fuzzes what reads the audit log where somebody may have changed it: entries, checkpoints, keys.
 * An entry that can be read must come out of every format as one line of text without control
 * bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "audit/format.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
check_format(enum og_audit_format format, const struct og_audit_entry *entry)
{
    static const struct og_audit_source source = {"host", "1"};
    struct og_buf out;
    og_buf_init(&out, 1 << 20);
    og_audit_format_write(format, &source, entry, OG_STR("{}"), &out);
    for (size_t i = 0; i + 1 < out.len; i++) {
        CHECK((unsigned char)out.ptr[i] >= 0x20 && out.ptr[i] != 0x7F);
    }
    CHECK(out.full || (out.len > 0 && out.ptr[out.len - 1] == '\n'));
    og_buf_finish(&out);
}

static void
try_entry(struct og_str text)
{
    struct og_arena mem;
    struct og_audit_entry entry;
    struct og_err err = {0};
    og_arena_init(&mem, 0);
    if (og_audit_entry_read(text, &mem, &entry, &err) == OG_OK) {
        for (int i = 0; i < OG_AUDIT_FORMAT_COUNT; i++) {
            check_format((enum og_audit_format)i, &entry);
        }
    } else {
        CHECK(err.text[0] != '\0');
    }
    og_arena_finish(&mem);
}

static void
try_notes(struct og_str text)
{
    struct og_audit_key key;
    struct og_audit_checkpoint checkpoint;
    struct og_err err = {0};
    size_t used = 0;
    if (og_audit_key_read(text, &key, &err) != OG_OK) {
        uint8_t public_key[OG_PUBLIC_KEY_BYTES] = {1};
        CHECK(og_audit_key_make(OG_STR("otpgate/audit"), public_key, &key, &err) == OG_OK);
    }
    (void)!og_audit_checkpoint_read(text, &key, &checkpoint, &used, &err);
    CHECK(used <= text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_str text = {(const char *)data, size};
    try_entry(text);
    try_notes(text);
    return 0;
}
