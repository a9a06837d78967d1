/*
 * Both encodings are measured in one walk; GSM-7 is used when every character has a place in it.
 * Relies on the generated tables being ascending.
 */
#include "core/sms_text.h"

#include <stdlib.h>

#include "core/gsm0338_table.h"
#include "core/codepoint.h"

#define GSM7_SINGLE 160
#define GSM7_PART 153
#define UCS2_SINGLE 70
#define UCS2_PART 67

/* Fills parts with characters that cannot be split. */
struct packer {
    size_t part_units; /* a part's room */
    size_t units;      /* in all */
    size_t parts;      /* begun */
    size_t used;       /* of the last part */
};

static void
pack(struct packer *self, size_t cost)
{
    self->units += cost;
    if (self->parts == 0 || self->used + cost > self->part_units) {
        self->parts++;
        self->used = 0;
    }
    self->used += cost;
}

static int
compare_char(const void *key, const void *item)
{
    uint32_t wanted = *(const uint32_t *)key;
    uint32_t has = ((const struct og_gsm0338_char *)item)->codepoint;
    return wanted < has ? -1 : wanted > has;
}

static int
compare_suggestion(const void *key, const void *item)
{
    uint32_t wanted = *(const uint32_t *)key;
    uint32_t has = ((const struct og_gsm0338_suggestion *)item)->codepoint;
    return wanted < has ? -1 : wanted > has;
}

unsigned
og_sms_gsm7_cost(uint32_t codepoint)
{
    if (codepoint < sizeof(og_gsm0338_latin1)) {
        return og_gsm0338_latin1[codepoint];
    }
    const struct og_gsm0338_char *found =
        bsearch(&codepoint, og_gsm0338_chars, og_gsm0338_char_count, sizeof(og_gsm0338_chars[0]),
                compare_char);
    return found ? found->septets : 0;
}

const char *
og_sms_suggestion(uint32_t codepoint)
{
    const struct og_gsm0338_suggestion *found =
        bsearch(&codepoint, og_gsm0338_suggestions, og_gsm0338_suggestion_count,
                sizeof(og_gsm0338_suggestions[0]), compare_suggestion);
    return found ? found->text : NULL;
}

const char *
og_sms_encoding_name(enum og_sms_encoding encoding)
{
    return encoding == OG_SMS_GSM7 ? "GSM-7" : "UCS-2";
}

static void
conclude(struct og_sms_size *out, const struct packer *parts, size_t single_units)
{
    out->units = parts->units;
    out->segment_units = single_units;
    out->segments = parts->units <= single_units ? 1 : parts->parts;
}

bool
og_sms_measure(struct og_str text, struct og_sms_size *out)
{
    struct packer gsm7 = {.part_units = GSM7_PART};
    struct packer ucs2 = {.part_units = UCS2_PART};

    *out = (struct og_sms_size){.encoding = OG_SMS_GSM7, .bytes = text.len};
    for (size_t at = 0; at < text.len; out->characters++) {
        uint32_t codepoint = og_codepoint_next(text, &at);
        if (codepoint == OG_CODEPOINT_BAD) {
            *out = (struct og_sms_size){0};
            return false;
        }
        unsigned septets = og_sms_gsm7_cost(codepoint);
        if (septets == 0 && out->encoding == OG_SMS_GSM7) {
            out->encoding = OG_SMS_UCS2;
            out->foreign_char = codepoint;
            out->foreign_index = out->characters;
        }
        pack(&gsm7, septets);
        pack(&ucs2, codepoint > 0xFFFF ? 2 : 1);
    }
    if (out->encoding == OG_SMS_GSM7) {
        conclude(out, &gsm7, GSM7_SINGLE);
    } else {
        conclude(out, &ucs2, UCS2_SINGLE);
    }
    return true;
}

static enum og_sms_flaw_kind
flaw_of(uint32_t c)
{
    if (c == OG_CODEPOINT_BAD) {
        return OG_SMS_FLAW_ENCODING;
    }
    if ((c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) {
        return OG_SMS_FLAW_CONTROL;
    }
    if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) {
        return OG_SMS_FLAW_BIDI;
    }
    return c == 0x200B || c == 0x2060 || c == 0xFEFF ? OG_SMS_FLAW_INVISIBLE : OG_SMS_FLAW_NONE;
}

static struct og_sms_flaw
find_flaw(struct og_str text, bool multiline)
{
    size_t index = 0;
    for (size_t at = 0; at < text.len; index++) {
        uint32_t c = og_codepoint_next(text, &at);
        enum og_sms_flaw_kind kind = flaw_of(c);
        if (c == '\n' && !multiline) {
            kind = OG_SMS_FLAW_CONTROL;
        }
        if (c == '\r' && multiline && at < text.len && text.ptr[at] == '\n') {
            kind = OG_SMS_FLAW_NONE;
        }
        if (kind != OG_SMS_FLAW_NONE) {
            return (struct og_sms_flaw){kind, c, index};
        }
    }
    return (struct og_sms_flaw){OG_SMS_FLAW_NONE, 0, 0};
}

struct og_sms_flaw
og_sms_find_flaw(struct og_str text)
{
    return find_flaw(text, true);
}

enum og_code
og_sms_check(struct og_str text, bool multiline, const char *field, struct og_err *err)
{
    static const char *const words[] = {
        [OG_SMS_FLAW_CONTROL] = "a control character",
        [OG_SMS_FLAW_BIDI] = "a character that turns text around",
        [OG_SMS_FLAW_INVISIBLE] = "an invisible character",
    };

    struct og_sms_flaw flaw = find_flaw(text, multiline);
    if (flaw.kind == OG_SMS_FLAW_NONE) {
        return OG_OK;
    }
    if (flaw.kind == OG_SMS_FLAW_ENCODING) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "is not valid UTF-8 at character %zu",
                       flaw.index + 1);
    }
    return og_fail(err, OG_E_UNPROCESSABLE, field, "has %s (U+%04X) at character %zu",
                   words[flaw.kind], flaw.codepoint, flaw.index + 1);
}
