/*
 * Checking foreign bcrypt hashes through crypt_rn. Its work space holds what it was given, so it is
 * wiped.
 */
#include "base/bcrypt.h"

#include <crypt.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/secret.h"

#define HASH_CHARS 60
#define HEAD_CHARS 7 /* "$2a$10$" */

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ./A-Za-z0-9 */
static bool
is_radix64(char c)
{
    return c == '.' || c == '/' || is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_head(const char *at)
{
    int cost = (at[4] - '0') * 10 + at[5] - '0';
    return at[0] == '$' && at[1] == '2' && (at[2] == 'a' || at[2] == 'b' || at[2] == 'y') &&
           at[3] == '$' && is_digit(at[4]) && is_digit(at[5]) && at[6] == '$' && cost >= 4 &&
           cost <= OG_BCRYPT_COST_MAX;
}

bool
og_bcrypt_is_hash(struct og_str text)
{
    if (text.len != HASH_CHARS || !is_head(text.ptr)) {
        return false;
    }
    for (size_t i = HEAD_CHARS; i < HASH_CHARS; i++) {
        if (!is_radix64(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool
og_bcrypt_matches(struct og_str password, const char *encoded)
{
    if (og_str_find(password, '\0') < password.len) {
        return false; /* crypt reads up to a NUL: what stands behind it would not count */
    }
    struct og_secret key = {0};
    struct crypt_data *work = og_xalloc(sizeof *work);
    bool is_same = false;
    if (og_secret_set(&key, password)) {
        /* not crypt_r: the sanitizers put one of their own before it */
        const char *made = crypt_rn(key.bytes, encoded, work, (int)sizeof *work);
        is_same = made && strlen(made) == HASH_CHARS && strlen(encoded) == HASH_CHARS &&
                  og_equal_const_time(made, encoded, HASH_CHARS);
    }
    og_wipe(work, sizeof *work);
    free(work);
    og_secret_finish(&key);
    return is_same;
}
