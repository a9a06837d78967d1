/*
 * The store in memory over a planned restart: what comes back, what does not, and that the file
 * tells nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "codes/code_snapshot.h"
#include "codes/code_store_memory.h"
#include "tests/unit/codes/asks.h"

#define START_MS INT64_C(1700000000000)

static int64_t mono_now_ms, wall_now_ms;

static int64_t
fake_mono(void *ctx)
{
    return mono_now_ms;
}

static int64_t
fake_wall(void *ctx)
{
    return wall_now_ms;
}

static const struct og_clock fake_clock = {fake_wall, fake_mono, NULL};

static char folder[] = "/tmp/otpgate-codes-XXXXXX";
static char path[64];
static struct og_key key;
static struct og_code_snapshot snapshot = {path, &key, &fake_clock};
static struct og_code_store *store;

static void
heard(struct og_code_ask *ask)
{
}

static struct og_code_store *
new_store(int64_t entries_max)
{
    const struct og_code_memory_config config = {entries_max, 0, &fake_clock};
    return og_code_memory_create(&config);
}

static int
setup(void **state)
{
    static const uint8_t bytes[OG_KEY_BYTES] = {1, 2, 3};
    og_key_from_bytes(bytes, &key);
    mono_now_ms = 5000;
    wall_now_ms = START_MS;
    store = new_store(0);
    return 0;
}

static int
teardown(void **state)
{
    store->destroy(store);
    unlink(path);
    return 0;
}

static void
put(const char *id, const char *code, int64_t ttl_ms)
{
    struct og_code_ask ask = {.done = heard};
    struct og_code_record record = record_of(id, code);
    record.ttl_ms = ttl_ms;
    store->put(store, NULL, &record, &ask);
    assert_int_equal(ask.code, OG_OK);
}

static struct og_code_ask
check(const char *id, const char *code)
{
    struct og_code_ask ask = {.done = heard};
    const struct og_code_guess guess = guess_of(id, code);
    store->check(store, NULL, &guess, &ask);
    return ask;
}

static int64_t
save(void)
{
    struct og_err err;
    int64_t count;
    assert_int_equal(og_code_snapshot_save(&snapshot, store, &count, &err), OG_OK);
    return count;
}

/* Another process: its monotonic clock begins anew. */
static void
restart(int64_t away_ms)
{
    store->destroy(store);
    mono_now_ms = 77;
    wall_now_ms += away_ms;
    store = new_store(0);
}

static enum og_code
load(int64_t *count)
{
    struct og_err err = {0};
    return og_code_snapshot_load(&snapshot, store, count, &err);
}

static void
test_req_91_codes_outlive_a_planned_restart(void **state)
{
    struct stat about;
    int64_t count;
    put("short", "111111", 60000);
    put("long", "482913", 300000);
    assert_int_equal(check("long", "000000").attempts_left, 4);
    mono_now_ms += 10000;
    wall_now_ms += 10000;
    assert_int_equal(save(), 2);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    restart(55000);
    assert_true(store->is_volatile);
    assert_int_equal(load(&count), OG_OK);
    assert_false(store->is_volatile);
    assert_int_equal(count, 1);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(check("short", "111111").verdict, OG_VERDICT_NONE);
    assert_int_equal(check("long", "000000").attempts_left, 3);
    const struct og_code_ask ask = check("long", "482913");
    assert_int_equal(ask.verdict, OG_VERDICT_MATCH);
    assert_int_equal(ask.left_ms, 235000);
}

static void
test_a_thousand_codes_come_back(void **state)
{
    char id[24], code[16];
    int64_t count;
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof(id), "v%d", i);
        snprintf(code, sizeof(code), "%06d", i);
        put(id, code, 300000);
    }
    assert_int_equal(save(), 1000);
    restart(1000);
    assert_int_equal(load(&count), OG_OK);
    assert_int_equal(count, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof(id), "v%d", i);
        snprintf(code, sizeof(code), "%06d", i);
        assert_int_equal(check(id, code).verdict, OG_VERDICT_MATCH);
    }
}

static void
test_nothing_is_written_for_an_empty_store(void **state)
{
    int64_t count;
    assert_int_equal(save(), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(load(&count), OG_E_NOT_FOUND);
    assert_true(store->is_volatile);
}

static void
assert_refused(void)
{
    int64_t count;
    assert_int_equal(load(&count), OG_E_INVALID);
    assert_true(store->is_volatile);
    assert_int_equal(access(path, F_OK), -1);
}

static void
test_too_old_or_from_the_future(void **state)
{
    static const int64_t away_ms[] = {OG_CODE_TTL_MAX_MS + 1, -1};
    for (int i = 0; i < 2; i++) {
        put("v", "482913", 300000);
        assert_int_equal(save(), 1);
        restart(away_ms[i]);
        assert_refused();
    }
}

static void
read_file(struct og_buf *out)
{
    struct og_err err;
    og_buf_init(out, 1 << 20);
    assert_int_equal(og_file_read(path, out, &err), OG_OK);
}

/* Every byte changed, and every cut: refused, and never half taken. */
static void
test_damage_is_refused(void **state)
{
    struct og_buf file;
    struct og_err err;
    put("v", "482913", 300000);
    assert_int_equal(save(), 1);
    read_file(&file);
    for (size_t i = 0; i < file.len; i++) {
        file.ptr[i] ^= 1;
        assert_int_equal(og_file_write(path, og_buf_str(&file), 0600, &err), OG_OK);
        file.ptr[i] ^= 1;
        restart(0);
        assert_refused();
        assert_int_equal(
            og_file_write(path, og_str_slice(og_buf_str(&file), 0, i), 0600, &err), OG_OK);
        assert_refused();
        assert_int_equal(check("v", "482913").verdict, OG_VERDICT_NONE);
    }
    og_buf_finish(&file);
}

static void
test_another_key_is_refused(void **state)
{
    static const uint8_t other[OG_KEY_BYTES] = {9};
    put("v", "482913", 300000);
    assert_int_equal(save(), 1);
    og_key_from_bytes(other, &key);
    restart(0);
    assert_refused();
}

static void
test_req_24_the_file_tells_nothing(void **state)
{
    struct og_buf file;
    put("verification-482913", "482913", 300000);
    assert_int_equal(save(), 1);
    read_file(&file);
    assert_null(memmem(file.ptr, file.len, "482913", 6));
    assert_null(memmem(file.ptr, file.len, "verification", 12));
    og_buf_finish(&file);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_req_91_codes_outlive_a_planned_restart),
        WITH_STORE(test_a_thousand_codes_come_back),
        WITH_STORE(test_nothing_is_written_for_an_empty_store),
        WITH_STORE(test_too_old_or_from_the_future),
        WITH_STORE(test_damage_is_refused),
        WITH_STORE(test_another_key_is_refused),
        WITH_STORE(test_req_24_the_file_tells_nothing),
    };
    struct og_err err;
    if (og_crypto_init(&err) != OG_OK || !mkdtemp(folder)) {
        return 1;
    }
    snprintf(path, sizeof(path), "%s/codes", folder);
    const int failed = cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
