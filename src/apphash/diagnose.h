/*
 * What somebody did who has a wrong app hash: it is computed again in every wrong way that is
 * known, for every certificate and package that it may come from, and compared.
 *
 * Pure and thread-safe. Source: domain notes 1.1, and wrong results as people publish them.
 */
#pragma once

#include "apphash/certificate.h"

/* A certificate that the hash may come from. */
struct og_suspect {
    const struct og_certificate *certificate;
    const char *whose; /* "the key store's entry upload", for people */
};

/* How the hash was made. A text of NULL: nothing wrong in this respect. Static storage, but for
 * what is borrowed from the suspects or lives in the arena. */
struct og_diagnosis {
    bool is_found;     /* false: nothing that was tried gives this hash */
    bool is_well_made; /* nothing wrong but perhaps the certificate, which the caller knows */
    const struct og_suspect *suspect;      /* whose certificate was used */
    struct og_str package;                 /* which package was used */
    const char *recipe_id, *recipe;        /* what was hashed, or how */
    const char *form_id, *form;            /* how the result was written */
};

/*
 * package   of the app, checked
 * suspects  at least one, the likeliest first
 * partners  certificates that sign the app together, in order; none: not so
 * hash      as somebody has it; spaces and quotes around it are taken off
 */
void og_diagnose(struct og_str package, const struct og_suspect *suspects, size_t count,
                 struct og_str_list partners, struct og_str hash, struct og_arena *mem,
                 struct og_diagnosis *out);
