/*
 * Proof of work: requirement 74 of domain/otp.md.
 */
#include "tests/unit/abuse/fixture.h"

#include "abuse/challenge.h"

#define BITS 8
#define ACCOUNT OG_STR("acc-a")

static struct og_key
key_of(uint8_t first)
{
    const uint8_t bytes[OG_KEY_BYTES] = {first};
    struct og_err err;
    struct og_key key;
    assert_int_equal(og_crypto_init(&err), OG_OK);
    og_key_from_bytes(bytes, &key);
    return key;
}

/* As a client does: try numbers until the digest begins with enough zeros; `off` spoils it. */
static void
solve(const char *challenge, bool off, char out[32])
{
    for (int i = 0;; i++) {
        char text[OG_CHALLENGE_BYTES + 32];
        uint8_t digest[OG_DIGEST_BYTES];
        snprintf(out, 32, "%d", i);
        const int len = snprintf(text, sizeof text, "%s:%s", challenge, out);
        og_sha256((struct og_str){text, (size_t)len}, digest);
        if ((digest[0] == 0) != off) {
            return;
        }
    }
}

static void
test_req_74_solved(void **state)
{
    (void)state;
    const struct og_key key = key_of(1), other = key_of(2);
    char challenge[OG_CHALLENGE_BYTES], right[32], wrong[32];
    uint64_t id = 0;
    og_challenge_make(&key, ACCOUNT, BITS, NOON, challenge);
    solve(challenge, false, right);
    solve(challenge, true, wrong);
    const struct {
        const struct og_key *key;
        struct og_str account;
        int bits;
        int64_t at_ms;
        const char *solution;
        bool is_solved;
    } cases[] = {
        {&key, ACCOUNT, BITS, NOON, right, true},
        {&key, ACCOUNT, BITS, NOON + 119999, right, true},
        {&key, ACCOUNT, BITS, NOON + 120000, right, false},   /* too old */
        {&key, OG_STR("acc-b"), BITS, NOON, right, false},    /* another tenant's */
        {&key, ACCOUNT, BITS + 1, NOON, right, false},        /* easier than asked for */
        {&other, ACCOUNT, BITS, NOON, right, false},          /* signed by somebody else */
        {&key, ACCOUNT, BITS, NOON, wrong, false},            /* not solved */
        {&key, ACCOUNT, BITS, NOON, "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(og_challenge_is_solved(cases[i].key, cases[i].account, cases[i].bits,
                                                cases[i].at_ms, og_str_from(challenge),
                                                og_str_from(cases[i].solution), &id),
                         cases[i].is_solved);
    }
    assert_int_not_equal(id, 0);
}

static void
test_req_74_every_changed_byte_is_refused(void **state)
{
    (void)state;
    const struct og_key key = key_of(1);
    char challenge[OG_CHALLENGE_BYTES], solution[32];
    uint64_t id;
    og_challenge_make(&key, ACCOUNT, BITS, NOON, challenge);
    for (size_t i = 0; i < strlen(challenge); i++) {
        char changed[OG_CHALLENGE_BYTES];
        snprintf(changed, sizeof changed, "%s", challenge);
        changed[i] = changed[i] == '1' ? '2' : '1';
        solve(changed, false, solution);
        assert_false(og_challenge_is_solved(&key, ACCOUNT, BITS, NOON, og_str_from(changed),
                                            og_str_from(solution), &id));
    }
}

static void
test_rubbish_is_refused(void **state)
{
    static const char *const rubbish[] = {"", ".", "....", "v1", "v1.8.1.x.y",
                                          "v1.8.99999999999999999999.x.y"};
    (void)state;
    const struct og_key key = key_of(1);
    char longest[300];
    uint64_t id;
    memset(longest, 'v', sizeof longest);
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        assert_false(og_challenge_is_solved(&key, ACCOUNT, BITS, NOON, og_str_from(rubbish[i]),
                                            OG_STR("1"), &id));
    }
    for (size_t len = 0; len < sizeof longest; len++) {
        assert_false(og_challenge_is_solved(&key, ACCOUNT, BITS, NOON,
                                            (struct og_str){longest, len},
                                            (struct og_str){longest, len}, &id));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_74_solved),
        cmocka_unit_test(test_req_74_every_changed_byte_is_refused),
        cmocka_unit_test(test_rubbish_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
