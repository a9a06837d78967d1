/*
 * Two tables: recipes (what goes into the digest) and forms (how the digest is written). A hash is
 * explained by the first pair that gives it, the right ones standing first.
 */
#include "apphash/diagnose.h"

#include "apphash/apphash.h"

#define TEXT_BYTES_MAX (OG_PACKAGE_CHARS_MAX + 8 + 3 * OG_CERTIFICATE_BYTES_MAX * 10)
#define SHORTEST_CHARS 6 /* of base64; fewer fit by chance */
#define SHORTEST_HEX_DIGITS 10
#define FORM_CHARS_MAX 160

/* ---- recipes ---- */

enum {
    UPPER = 1, /* hex digits in upper case */
    COLON = 2, /* colons between them */
};

static void
add_hex(struct og_buf *out, struct og_str bytes, unsigned style)
{
    const char *digits = style & UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = (uint8_t)bytes.ptr[i];
        if (i > 0 && (style & COLON)) {
            og_buf_add_byte(out, ':');
        }
        og_buf_add_byte(out, digits[byte >> 4]);
        og_buf_add_byte(out, digits[byte & 15]);
    }
}

/* What of the certificate is hashed. */
enum part {
    PART_HEX,
    PART_DER,
    PART_KEY,
    PART_SHA256,
    PART_SHA1,
    PART_BASE64,
    PART_NONE,
};

static void
add_part(struct og_buf *out, const struct og_certificate *certificate, enum part part,
         unsigned style)
{
    uint8_t sha1[OG_SHA1_BYTES];
    switch (part) {
    case PART_HEX:
        add_hex(out, certificate->der, style);
        return;
    case PART_DER:
        og_buf_add(out, certificate->der);
        return;
    case PART_KEY:
        add_hex(out, certificate->public_key, style);
        return;
    case PART_SHA256:
        add_hex(out, (struct og_str){(const char *)certificate->sha256, OG_DIGEST_BYTES}, style);
        return;
    case PART_SHA1:
        og_sha1(certificate->der, sha1);
        add_hex(out, (struct og_str){(const char *)sha1, OG_SHA1_BYTES}, style);
        return;
    case PART_BASE64:
        og_base64_encode(certificate->der, false, out);
        return;
    case PART_NONE:
        return;
    }
}

struct recipe {
    const char *id, *text;
    const char *before; /* between package and certificate; NULL: no package at all */
    enum part part;
    unsigned style;
    const char *after;
    bool is_sha1;
};

static const struct recipe recipes[] = {
    {"right", NULL, " ", PART_HEX, 0, "", false},
    {"trailing-newline",
     "a newline was hashed at the end (echo without -n, or xxd's last line end)", " ", PART_HEX, 0,
     "\n", false},
    {"trailing-crlf", "a Windows line end was hashed at the end", " ", PART_HEX, 0, "\r\n", false},
    {"trailing-space", "a space was hashed at the end", " ", PART_HEX, 0, " ", false},
    {"upper-case-hex", "the certificate's hex digits were in upper case; they must be lower case",
     " ", PART_HEX, UPPER, "", false},
    {"colon-hex", "there were colons between the certificate's hex digits", " ", PART_HEX, COLON,
     "", false},
    {"colon-hex",
     "there were colons between the certificate's hex digits, which were in upper case", " ",
     PART_HEX, COLON | UPPER, "", false},
    {"no-space", "the space between package and certificate was missing", "", PART_HEX, 0, "",
     false},
    {"two-spaces", "there were two spaces between package and certificate", "  ", PART_HEX, 0, "",
     false},
    {"newline-between", "there was a line end instead of the space before the certificate", "\n",
     PART_HEX, 0, "", false},
    {"binary-der", "the certificate's raw bytes were hashed instead of their hex digits", " ",
     PART_DER, 0, "", false},
    {"base64-certificate", "the certificate was hashed as base64 (PEM) instead of hex digits", " ",
     PART_BASE64, 0, "", false},
    {"public-key", "the public key was hashed instead of the whole certificate", " ", PART_KEY, 0,
     "", false},
    {"cert-sha256",
     "the certificate's SHA-256 fingerprint was hashed instead of the certificate itself", " ",
     PART_SHA256, 0, "", false},
    {"cert-sha256",
     "the certificate's SHA-256 fingerprint, as the Play Console shows it, was hashed instead of "
     "the certificate itself",
     " ", PART_SHA256, COLON | UPPER, "", false},
    {"cert-sha256",
     "the certificate's SHA-256 fingerprint in upper case was hashed instead of the certificate "
     "itself",
     " ", PART_SHA256, UPPER, "", false},
    {"cert-sha1",
     "the certificate's SHA-1 fingerprint was hashed instead of the certificate itself", " ",
     PART_SHA1, 0, "", false},
    {"cert-sha1",
     "the certificate's SHA-1 fingerprint, as tools show it, was hashed instead of the certificate "
     "itself",
     " ", PART_SHA1, COLON | UPPER, "", false},
    {"sha1", "SHA-1 was used instead of SHA-256", " ", PART_HEX, 0, "", true},
    {"keytool-password-prompt",
     "the certificate was empty: keytool printed nothing, because password or alias was wrong",
     " ", PART_NONE, 0, "", false},
    {"keytool-password-prompt",
     "the certificate was empty and a newline was hashed: keytool printed nothing, because "
     "password or alias was wrong",
     " ", PART_NONE, 0, "\n", false},
    {"package-alone", "only the package was hashed, without the certificate", "", PART_NONE, 0, "",
     false},
    {"der-alone",
     "the certificate's raw bytes were hashed without the package, so that every app of this key "
     "would have this hash",
     NULL, PART_DER, 0, "", false},
    {"hex-alone", "the package was left out: only the certificate's hex digits were hashed", NULL,
     PART_HEX, 0, "", false},
};

/* ---- forms ---- */

/* A digest as it may be written. */
struct written {
    char base64[64], url[64], hex[OG_DIGEST_HEX_CHARS + 1];
    char base64_of_8[16], base64_of_hex[128];
};

static void
encode(struct og_str bytes, bool url, size_t room, char *out)
{
    struct og_buf text;
    og_buf_init(&text, room - 1);
    og_base64_encode(bytes, url, &text);
    memcpy(out, text.ptr, text.len + 1);
    og_buf_finish(&text);
}

static void
write_digest(const uint8_t *digest, size_t size_bytes, struct written *out)
{
    struct og_str bytes = {(const char *)digest, size_bytes};
    encode(bytes, false, sizeof out->base64, out->base64);
    encode(bytes, true, sizeof out->url, out->url);
    og_hex(digest, size_bytes, out->hex);
    encode(og_str_slice(bytes, 0, 8), false, sizeof out->base64_of_8, out->base64_of_8);
    encode(og_str_from(out->hex), false, sizeof out->base64_of_hex, out->base64_of_hex);
}

static bool
begins(const char *text, struct og_str hash, size_t min, size_t max)
{
    return hash.len >= min && hash.len <= max && og_str_starts(og_str_from(text), hash);
}

static bool
fits_right(const struct written *written, struct og_str hash)
{
    return begins(written->base64, hash, OG_APPHASH_CHARS, OG_APPHASH_CHARS);
}

static bool
fits_twelve(const struct written *written, struct og_str hash)
{
    return begins(written->base64, hash, 12, 12);
}

static bool
fits_uncut(const struct written *written, struct og_str hash)
{
    return begins(written->base64, hash, 13, sizeof written->base64);
}

static bool
fits_eight(const struct written *written, struct og_str hash)
{
    return begins(written->base64_of_8, hash, OG_APPHASH_CHARS, 12);
}

static bool
fits_short(const struct written *written, struct og_str hash)
{
    return begins(written->base64, hash, SHORTEST_CHARS, OG_APPHASH_CHARS - 1);
}

static bool
fits_url(const struct written *written, struct og_str hash)
{
    return begins(written->url, hash, SHORTEST_CHARS, sizeof written->url);
}

static bool
fits_hex(const struct written *written, struct og_str hash)
{
    return hash.len >= SHORTEST_HEX_DIGITS &&
           og_str_eq_nocase(og_str_slice(og_str_from(written->hex), 0, hash.len), hash);
}

static bool
fits_base64_of_hex(const struct written *written, struct og_str hash)
{
    return begins(written->base64_of_hex, hash, SHORTEST_CHARS, sizeof written->base64_of_hex);
}

static bool
fits_other_case(const struct written *written, struct og_str hash)
{
    return hash.len == OG_APPHASH_CHARS &&
           og_str_eq_nocase(og_str_slice(og_str_from(written->base64), 0, hash.len), hash);
}

static const struct form {
    const char *id, *text;
    bool (*fits)(const struct written *written, struct og_str hash);
} forms[] = {
    {"right", NULL, fits_right},
    {"twelve-chars", "the base64 text was not cut from 12 to 11 characters", fits_twelve},
    {"eight-bytes", "8 bytes of the digest were kept instead of 9", fits_eight},
    {"uncut", "the base64 text was not cut to 11 characters", fits_uncut},
    {"too-short", "characters at the end are missing: there must be 11", fits_short},
    {"base64url", "the URL alphabet was used: '-' stands for '+', '_' for '/'", fits_url},
    {"hex-digest", "the digest was written in hex digits instead of base64", fits_hex},
    {"base64-of-hex-digest",
     "base64 was made of the digest's hex digits instead of its bytes (xxd -r -p was missing)",
     fits_base64_of_hex},
    {"case-changed", "capital and small letters were changed on the way; they count",
     fits_other_case},
};

/* ---- looking ---- */

struct search {
    struct og_str hash;
    struct og_buf text;
    struct og_diagnosis *out;
};

/* Is the hash the digest of the text, written in some way? */
static bool
try_text(struct search *self, bool is_sha1)
{
    uint8_t digest[OG_DIGEST_BYTES];
    struct written written;
    if (is_sha1) {
        og_sha1(og_buf_str(&self->text), digest);
    } else {
        og_sha256(og_buf_str(&self->text), digest);
    }
    write_digest(digest, is_sha1 ? OG_SHA1_BYTES : OG_DIGEST_BYTES, &written);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].fits(&written, self->hash)) {
            self->out->is_found = true;
            self->out->form_id = forms[i].id;
            self->out->form = forms[i].text;
            return true;
        }
    }
    return false;
}

static bool
try_recipe(struct search *self, struct og_str package, const struct og_suspect *suspect,
           const struct recipe *recipe)
{
    og_buf_clear(&self->text);
    if (recipe->before) {
        og_buf_add(&self->text, package);
        og_buf_add_cstr(&self->text, recipe->before);
    }
    add_part(&self->text, suspect->certificate, recipe->part, recipe->style);
    og_buf_add_cstr(&self->text, recipe->after);
    if (!try_text(self, recipe->is_sha1)) {
        return false;
    }
    self->out->suspect = suspect;
    self->out->package = package;
    self->out->recipe_id = recipe->id;
    self->out->recipe = recipe->text;
    return true;
}

static bool
try_partners(struct search *self, struct og_str package, const struct og_suspect *first,
             struct og_str_list partners)
{
    if (partners.count < 2 || partners.count > OG_APPHASH_SIGNERS_MAX) {
        return false;
    }
    og_buf_clear(&self->text);
    og_buf_add(&self->text, package);
    og_buf_add_byte(&self->text, ' ');
    for (size_t i = 0; i < partners.count; i++) {
        add_hex(&self->text, partners.items[i], 0);
    }
    if (!try_text(self, false)) {
        return false;
    }
    self->out->suspect = first;
    self->out->package = package;
    self->out->recipe_id = "several-signers";
    self->out->recipe = "it is what Android's framework computes over all certificates that sign "
                        "this app together; Play services refuses such an app";
    return true;
}

/* Names that people's builds append; the hash of such a build is another. */
static const char *const suffixes[] = {".debug", ".dev",   ".develop", ".test", ".qa",
                                       ".staging", ".beta", ".alpha", ".release", ".prod"};

/* The package as other builds have it. NULL when there is none of that number. */
static bool
other_package(struct og_str package, size_t number, struct og_arena *mem, struct og_str *out)
{
    const size_t count = sizeof suffixes / sizeof suffixes[0];
    if (number < count) {
        *out = og_str_printf(mem, "%" OG_STR_FMT "%s", OG_STR_ARG(package), suffixes[number]);
        return true;
    }
    char *copy = (char *)(uintptr_t)og_str_cstr(mem, package);
    size_t dot = package.len;
    for (size_t i = 0; i < package.len; i++) {
        dot = copy[i] == '.' ? i : dot;
        if (number == count && copy[i] >= 'A' && copy[i] <= 'Z') {
            copy[i] = (char)(copy[i] - 'A' + 'a');
        }
    }
    *out = (struct og_str){copy, number == count ? package.len : dot};
    return number <= count + 1;
}

static bool
try_other_packages(struct search *self, struct og_str package, const struct og_suspect *suspects,
                   size_t count, struct og_arena *mem)
{
    struct og_str other;
    for (size_t n = 0; other_package(package, n, mem, &other); n++) {
        for (size_t i = 0; i < count; i++) {
            if (try_recipe(self, other, &suspects[i], &recipes[0])) {
                return true;
            }
        }
    }
    return false;
}

static bool
try_all(struct search *self, struct og_str package, const struct og_suspect *suspects,
        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < sizeof recipes / sizeof recipes[0]; r++) {
            if (try_recipe(self, package, &suspects[i], &recipes[r])) {
                return true;
            }
        }
    }
    return false;
}

static struct og_str
strip(struct og_str hash)
{
    static const char around[] = " \t\r\n\"'`";
    while (hash.len > 0 && strchr(around, hash.ptr[0])) {
        hash = og_str_slice(hash, 1, hash.len);
    }
    while (hash.len > 0 && strchr(around, hash.ptr[hash.len - 1])) {
        hash.len--;
    }
    return og_str_slice(hash, 0, FORM_CHARS_MAX);
}

void
og_diagnose(struct og_str package, const struct og_suspect *suspects, size_t count,
            struct og_str_list partners, struct og_str hash, struct og_arena *mem,
            struct og_diagnosis *out)
{
    *out = (struct og_diagnosis){0};
    struct search self = {.hash = strip(hash), .out = out};
    og_buf_init(&self.text, TEXT_BYTES_MAX);
    if (try_partners(&self, package, &suspects[0], partners) ||
        try_all(&self, package, suspects, count) ||
        try_other_packages(&self, package, suspects, count, mem)) {
        out->is_well_made = !out->recipe && !out->form && og_str_eq(out->package, package);
    }
    og_buf_finish(&self.text);
}
