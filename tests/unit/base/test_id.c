/*
 * Ids: their order, their alphabet, and that none comes twice.
 */
#include "base/id.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define THREADS 4
#define IDS_PER_THREAD 5000

static void
ids_sort_by_time(void **state)
{
    (void)state;
    static const int64_t times[] = {0,    1,    62,   63,   64,   65,   4095, 4096, 262143,
                                    262144, 1767323045119, 1767323045120, 200000000000000};
    char before[OG_ID_BYTES] = "", id[OG_ID_BYTES];
    char long_before[OG_LONG_ID_BYTES] = "", long_id[OG_LONG_ID_BYTES];
    for (size_t i = 0; i < COUNT(times); i++) {
        og_id_make(times[i], id);
        og_long_id_make(times[i], long_id);
        assert_int_equal(strlen(id), OG_ID_CHARS);
        assert_int_equal(strlen(long_id), OG_LONG_ID_CHARS);
        assert_true(id[0] >= 'A' && id[0] <= 'z'); /* none looks like a flag */
        assert_true(strcmp(before, id) < 0);
        assert_true(strcmp(long_before, long_id) < 0);
        assert_true(og_id_is_plain(og_str_from(id)));
        assert_true(og_id_is_plain(og_str_from(long_id)));
        memcpy(before, id, sizeof(before));
        memcpy(long_before, long_id, sizeof(long_before));
    }
}

static void
ids_of_one_millisecond_sort_as_made(void **state)
{
    (void)state;
    char before[OG_ID_BYTES] = "", id[OG_ID_BYTES];
    for (int i = 0; i < 10000; i++) {
        og_id_make(1767323045120, id);
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof(before));
    }
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static char made[THREADS * IDS_PER_THREAD][OG_ID_BYTES];

static void *
make_many(void *arg)
{
    char(*ids)[OG_ID_BYTES] = arg;
    for (int i = 0; i < IDS_PER_THREAD; i++) {
        og_id_make(1767323045120 + i / 100, ids[i]);
    }
    return NULL;
}

static void
threads_make_different_ids(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, make_many, made[i * IDS_PER_THREAD]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    qsort(made, COUNT(made), sizeof(made[0]), compare_texts);
    for (size_t i = 1; i < COUNT(made); i++) {
        assert_string_not_equal(made[i - 1], made[i]);
    }
}

/* Every character of the alphabet comes about as often: 64,000 draws, 1,000 expected each. */
static void
tokens_use_the_alphabet_evenly(void **state)
{
    (void)state;
    char token[64001];
    int counts[128] = {0};
    og_token_make(64000, token);
    assert_int_equal(strlen(token), 64000);
    for (int i = 0; i < 64000; i++) {
        counts[(int)token[i]]++;
    }
    int used = 0;
    for (int c = 0; c < 128; c++) {
        if (counts[c] > 0) {
            used++;
            assert_in_range(counts[c], 750, 1250); /* 8 standard deviations */
        }
    }
    assert_int_equal(used, 64);
    char first[33], second[33];
    og_token_make(32, first);
    og_token_make(32, second);
    assert_string_not_equal(first, second);
}

/* A capability must not tell its neighbour: the random parts share no prefix to speak of. */
static void
long_ids_do_not_count_up(void **state)
{
    (void)state;
    char first[OG_LONG_ID_BYTES], second[OG_LONG_ID_BYTES];
    og_long_id_make(1767323045120, first);
    og_long_id_make(1767323045120, second);
    assert_memory_equal(first, second, OG_ID_TIME_CHARS);
    assert_memory_not_equal(first + OG_ID_TIME_CHARS, second + OG_ID_TIME_CHARS, 12);
}

static void
plain_means_the_alphabet(void **state)
{
    (void)state;
    assert_true(og_id_is_plain(OG_STR("azAZ09_-")));
    static const char *const wrong[] = {"", "a b", "a|b", "a/b", "a.b", "\xC3\xA9", "a@", "a[",
                                        "a`", "a{", "a:", "a\x01"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(og_id_is_plain(og_str_from(wrong[i])));
    }
    assert_false(og_id_is_plain((struct og_str){"a\0b", 3}));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_sort_by_time),
        cmocka_unit_test(ids_of_one_millisecond_sort_as_made),
        cmocka_unit_test(threads_make_different_ids),
        cmocka_unit_test(tokens_use_the_alphabet_evenly),
        cmocka_unit_test(long_ids_do_not_count_up),
        cmocka_unit_test(plain_means_the_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
