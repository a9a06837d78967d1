/*
 * What every store of one-time codes must do, asked of all three: in memory, in a real Redis and in
 * a real memcached on loopback. The numbers in the names are those of the OTP requirements.
 *
 * As `test_store --race KIND ADDRESS` the program is one of the processes of a race.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "codes/code_store_memcached.h"
#include "codes/code_store_memory.h"
#include "codes/code_store_redis.h"
#include "tests/unit/codes/asks.h"
#include "tests/unit/codes/servers.h"

#define PREFIX "test:"
#define AT_ONCE 64
#define PROCESSES 8
#define RACE_CODES 40
#define MIXED_ROUNDS 10000

extern char **environ;

/* ---- the three kinds ---- */

static int64_t moved_ms; /* by which clocks are ahead of the machine's */

static int64_t
moved_wall(void *ctx)
{
    return og_now_ms(og_clock_system()) + moved_ms;
}

static int64_t
moved_mono(void *ctx)
{
    return og_mono_ms(og_clock_system()) + moved_ms;
}

static int64_t
true_mono(void *ctx)
{
    return og_mono_ms(og_clock_system());
}

/* memcached's records know their end by the wall clock; waits for an answer go by the other. */
static const struct og_clock memory_clock = {moved_wall, moved_mono, NULL};
static const struct og_clock memcached_clock = {moved_wall, true_mono, NULL};

struct kind {
    const char *name;
    bool (*start)(struct server *server, const char *const *options);
    enum og_code (*open)(const char *address, struct og_code_store **out, struct og_err *err);
    void (*pass)(const struct server *server, int64_t ms);
};

static enum og_code
open_memory(const char *address, struct og_code_store **out, struct og_err *err)
{
    const struct og_code_memory_config config = {.clock = &memory_clock};
    *out = og_code_memory_create(&config);
    return OG_OK;
}

static enum og_code
open_redis(const char *address, struct og_code_store **out, struct og_err *err)
{
    const struct og_str at = og_str_from(address);
    const struct og_code_redis_config config = {
        .addresses = {&at, 1}, .master_name = "", .prefix = PREFIX, .clock = og_clock_system()};
    return og_code_redis_create(&config, out, err);
}

static enum og_code
open_memcached(const char *address, struct og_code_store **out, struct og_err *err)
{
    const struct og_str at = og_str_from(address);
    const struct og_code_memcached_config config = {
        .servers = {&at, 1}, .prefix = PREFIX, .thread_count = 4, .clock = &memcached_clock};
    return og_code_memcached_create(&config, out, err);
}

static void
move_clocks(const struct server *server, int64_t ms)
{
    moved_ms += ms;
}

/* Redis keeps its own time: every life is made shorter instead. */
static void
shorten_lives(const struct server *server, int64_t ms)
{
    char command[400], answer[16];
    snprintf(command, sizeof(command),
             "EVAL \"for _,k in ipairs(redis.call('KEYS','*')) do "
             "local t=redis.call('PTTL',k)-%lld if t<=0 then redis.call('DEL',k) "
             "else redis.call('PEXPIRE',k,t) end end return 1\" 0",
             (long long)ms);
    redis_say(server, command, answer, sizeof(answer));
    assert_string_equal(answer, "1");
}

static const struct kind kinds[] = {
    {"memory", NULL, open_memory, move_clocks},
    {"redis", redis_start, open_redis, shorten_lives},
    {"memcached", memcached_start, open_memcached, move_clocks},
};

static const struct kind *kind; /* that is being tested */
static struct server server;
static struct asker asker;
static char id[40]; /* a new one for each test */

static int
begin_kind(void **state)
{
    struct og_code_store *store;
    struct og_err err = {0};
    if (kind->start && !kind->start(&server, NULL)) {
        return -1;
    }
    return kind->open(server.address, &store, &err) == OG_OK && asker_start(&asker, store) ? 0 : -1;
}

static int
end_kind(void **state)
{
    if (asker.store->settle) {
        asker.store->settle(asker.store);
    }
    asker_stop(&asker);
    asker.store->destroy(asker.store);
    server_stop(&server);
    return 0;
}

static int
begin_test(void **state)
{
    static int number;
    snprintf(id, sizeof(id), "verification-%d", ++number);
    return 0;
}

/* ---- short words ---- */

static void
put(struct og_code_record record)
{
    assert_int_equal(ask_put(&asker, &record).code, OG_OK);
}

static struct answer
guess(struct og_code_guess typed)
{
    const struct answer answer = ask_check(&asker, &typed);
    assert_int_equal(answer.code, OG_OK);
    return answer;
}

static enum og_code_verdict
check(const char *code)
{
    return guess(guess_of(id, code)).verdict;
}

static void
pass(int64_t ms)
{
    kind->pass(&server, ms);
}

/* A life that a real server measures has lost some of it on the way. */
static void
assert_left(int64_t left_ms, int64_t most_ms)
{
    assert_in_range(left_ms, most_ms - 15000, most_ms);
}

/* ---- what all must do ---- */

static void
test_right_code_matches_once(void **state)
{
    put(record_of(id, "482913"));
    pass(100000);
    const struct answer answer = guess(guess_of(id, "482913"));
    assert_int_equal(answer.verdict, OG_VERDICT_MATCH);
    assert_int_equal(answer.attempts_left, 4);
    assert_left(answer.left_ms, 200000);
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
}

static void
test_req_13_the_fifth_wrong_code_kills(void **state)
{
    put(record_of(id, "482913"));
    for (int left = 4; left > 0; left--) {
        const struct answer answer = guess(guess_of(id, "000000"));
        assert_int_equal(answer.verdict, OG_VERDICT_WRONG);
        assert_int_equal(answer.attempts_left, left);
        assert_left(answer.left_ms, 300000);
    }
    assert_int_equal(check("000000"), OG_VERDICT_KILLED);
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
}

static void
test_req_13_right_code_on_the_last_attempt(void **state)
{
    put(record_of(id, "482913"));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(check("000000"), OG_VERDICT_WRONG);
    }
    assert_int_equal(check("482913"), OG_VERDICT_MATCH);
}

static void
test_req_15_malformed_takes_no_attempt(void **state)
{
    struct og_code_guess letters = guess_of(id, "48291a");
    letters.shape.has_letters = true;
    put(record_of(id, "482913"));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(check("48291"), OG_VERDICT_MALFORMED);
        assert_int_equal(guess(letters).verdict, OG_VERDICT_MALFORMED);
    }
    assert_int_equal(guess(guess_of(id, "000000")).attempts_left, 4);
}

static void
test_letters_fit_a_code_with_letters(void **state)
{
    struct og_code_record record = record_of(id, "aB3dEf");
    struct og_code_guess letters = guess_of(id, "aB3dEe");
    record.shape.has_letters = true;
    letters.shape.has_letters = true;
    put(record);
    assert_int_equal(guess(letters).verdict, OG_VERDICT_WRONG);
    assert_int_equal(check("123456"), OG_VERDICT_WRONG);
}

static void
test_req_10_life_is_strict(void **state)
{
    put(record_of(id, "482913"));
    pass(299000 - 15000); /* what a busy machine may take by itself */
    assert_int_equal(check("000000"), OG_VERDICT_WRONG);
    pass(16000);
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
    assert_false(ask_peek(&asker, name_of("acc", id)).found);
}

static void
test_a_wrong_check_does_not_lengthen_a_life(void **state)
{
    put(record_of(id, "482913"));
    pass(200000);
    assert_int_equal(check("000000"), OG_VERDICT_WRONG);
    pass(100001);
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
}

static void
test_req_22_two_keys_then_one(void **state)
{
    struct og_code_guess both = guess_of(id, "482913");
    both.macs[0] = mac_of(8, "482913");
    both.macs[1] = mac_of(7, "482913");
    both.mac_count = 2;
    put(record_of(id, "482913"));
    assert_int_equal(guess(both).verdict, OG_VERDICT_MATCH);

    struct og_code_guess after = guess_of(id, "482913");
    after.macs[0] = mac_of(8, "482913");
    put(record_of(id, "482913"));
    assert_int_equal(guess(after).verdict, OG_VERDICT_NONE);
    assert_int_equal(check("482913"), OG_VERDICT_NONE); /* a record without its key is gone */
}

static void
test_req_21_equal_codes_of_other_keys_differ(void **state)
{
    struct og_code_guess other = guess_of(id, "482913");
    other.macs[0] = mac_of(7, "000000");
    put(record_of(id, "482913"));
    assert_int_equal(guess(other).verdict, OG_VERDICT_WRONG);
}

static void
test_other_accounts_do_not_reach_it(void **state)
{
    char moved[48];
    struct og_code_guess foreign = guess_of(id, "482913");
    put(record_of(id, "482913"));
    foreign.name = name_of("ac", id);
    assert_int_equal(guess(foreign).verdict, OG_VERDICT_NONE);
    /* the same characters, cut elsewhere */
    snprintf(moved, sizeof(moved), "acc%c", id[0]);
    foreign.name = name_of(moved, id + 1);
    assert_int_equal(guess(foreign).verdict, OG_VERDICT_NONE);
    assert_int_equal(check("482913"), OG_VERDICT_MATCH);
}

static void
test_names_of_any_kind(void **state)
{
    static const char *const names[] = {"a b", "a\r\nset x", "{}", "a}b{c", "\x7f\x01"};
    char overlong[400];
    memset(overlong, 'x', sizeof(overlong));
    overlong[sizeof(overlong) - 1] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put(record_of(names[i], "482913"));
        assert_int_equal(guess(guess_of(names[i], "482913")).verdict, OG_VERDICT_MATCH);
    }
    assert_int_equal(guess(guess_of(overlong, "482913")).verdict, OG_VERDICT_NONE);
    assert_int_equal(guess(guess_of("", "482913")).verdict, OG_VERDICT_NONE);
    assert_false(ask_peek(&asker, name_of("acc", overlong)).found);
    const struct og_code_record record = record_of(overlong, "482913");
    assert_int_equal(ask_put(&asker, &record).code, OG_E_INTERNAL);
    assert_int_equal(ask_drop(&asker, name_of("acc", overlong)).code, OG_OK);
}

static void
test_records_out_of_bounds_are_refused(void **state)
{
    struct og_code_record record = record_of(id, "482913");
    record.attempts = 0;
    assert_int_equal(ask_put(&asker, &record).code, OG_E_INTERNAL);
    record = record_of(id, "482913");
    record.ttl_ms = OG_CODE_TTL_MAX_MS + 1;
    assert_int_equal(ask_put(&asker, &record).code, OG_E_INTERNAL);
    record.ttl_ms = 0;
    assert_int_equal(ask_put(&asker, &record).code, OG_E_INTERNAL);
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
}

static void
test_req_20_drop_is_at_once(void **state)
{
    put(record_of(id, "482913"));
    assert_int_equal(ask_drop(&asker, name_of("acc", id)).code, OG_OK);
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
    assert_int_equal(ask_drop(&asker, name_of("acc", id)).code, OG_OK);
}

static void
test_peek_gives_the_box_and_takes_nothing(void **state)
{
    put(record_of(id, "482913"));
    pass(1000);
    for (int i = 0; i < 10; i++) {
        const struct answer answer = ask_peek(&asker, name_of("acc", id));
        assert_true(answer.found);
        assert_string_equal(answer.sealed, "box");
        assert_left(answer.left_ms, 299000);
    }
    assert_int_equal(guess(guess_of(id, "000000")).attempts_left, 4);
}

static void
test_the_largest_record(void **state)
{
    char box[OG_CODE_SEALED_MAX_BYTES];
    struct og_code_record record = record_of(id, "482913");
    for (size_t i = 0; i < sizeof(box); i++) {
        box[i] = (char)(i + 1); /* every byte, line ends among them; no NUL, for the comparison */
    }
    box[255] = (char)1;
    record.sealed = (struct og_str){box, sizeof(box)};
    record.ttl_ms = OG_CODE_TTL_MAX_MS;
    put(record);
    const struct answer answer = ask_peek(&asker, name_of("acc", id));
    assert_true(answer.found);
    assert_memory_equal(answer.sealed, box, sizeof(box));
}

static void
test_put_replaces(void **state)
{
    put(record_of(id, "111111"));
    assert_int_equal(check("000000"), OG_VERDICT_WRONG);
    put(record_of(id, "222222"));
    assert_int_equal(guess(guess_of(id, "111111")).attempts_left, 4);
    assert_int_equal(check("222222"), OG_VERDICT_MATCH);
}

static void
test_asks_that_nobody_waits_for(void **state)
{
    struct og_code_record record = record_of(id, "482913");
    asker.store->put(asker.store, asker.loop, &record, NULL);
    while (!ask_peek(&asker, name_of("acc", id)).found) {
    }
    asker.store->drop(asker.store, asker.loop, name_of("acc", id), NULL);
    while (ask_peek(&asker, name_of("acc", id)).found) {
    }
    assert_int_equal(check("482913"), OG_VERDICT_NONE);
}

/* ---- many at once ---- */

static void
count_verdicts(const struct answer *answers, int count, int out[OG_VERDICT_MATCH + 1])
{
    memset(out, 0, sizeof(int) * (OG_VERDICT_MATCH + 1));
    for (int i = 0; i < count; i++) {
        assert_int_equal(answers[i].code, OG_OK);
        out[answers[i].verdict]++;
    }
}

static void
test_req_11_parallel_right_checks_match_once(void **state)
{
    const struct og_code_guess typed = guess_of(id, "482913");
    struct answer answers[AT_ONCE];
    int seen[OG_VERDICT_MATCH + 1];
    for (int round = 0; round < 10; round++) {
        put(record_of(id, "482913"));
        ask_many(&asker, &typed, AT_ONCE, answers);
        count_verdicts(answers, AT_ONCE, seen);
        assert_int_equal(seen[OG_VERDICT_MATCH], 1);
        assert_int_equal(seen[OG_VERDICT_NONE], AT_ONCE - 1);
    }
}

static void
test_req_14_parallel_wrong_checks_compare_as_often_as_allowed(void **state)
{
    const struct og_code_guess typed = guess_of(id, "000000");
    struct answer answers[AT_ONCE];
    int seen[OG_VERDICT_MATCH + 1];
    for (int round = 0; round < 10; round++) {
        put(record_of(id, "482913"));
        ask_many(&asker, &typed, AT_ONCE, answers);
        count_verdicts(answers, AT_ONCE, seen);
        assert_int_equal(seen[OG_VERDICT_WRONG], 4);
        assert_int_equal(seen[OG_VERDICT_KILLED], 1);
        assert_int_equal(seen[OG_VERDICT_NONE], AT_ONCE - 5);
        assert_int_equal(check("482913"), OG_VERDICT_NONE);
    }
}

/* ---- processes ---- */

static void
race_id(int number, char out[40])
{
    snprintf(out, 40, "race-%d", number);
}

/* One line per code: how often this process was told that it was right, and how often wrong. */
static int
race_here(const char *kind_name, const char *address)
{
    struct asker mine;
    struct og_code_store *store;
    struct og_err err = {0};
    char go, name[40];
    const struct kind *it = strcmp(kind_name, "redis") == 0 ? &kinds[1] : &kinds[2];
    if (it->open(address, &store, &err) != OG_OK || !asker_start(&mine, store)) {
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    if (read(0, &go, 1) < 0) {
        return 1;
    }
    for (int i = 0; i < RACE_CODES; i++) {
        race_id(i, name);
        const struct og_code_guess wrong = guess_of(name, "000000"),
                                   right = guess_of(name, "482913");
        const struct answer first = ask_check(&mine, &wrong), second = ask_check(&mine, &right);
        printf("%d %d %d\n", first.code == OG_OK && second.code == OG_OK,
               second.verdict == OG_VERDICT_MATCH,
               (first.verdict == OG_VERDICT_WRONG) + (first.verdict == OG_VERDICT_KILLED));
    }
    store->settle(store);
    asker_stop(&mine);
    store->destroy(store);
    return 0;
}

struct racer {
    pid_t pid;
    FILE *from;
    int to;
};

static const char *program;

static void
racer_start(struct racer *self)
{
    int in[2], out[2];
    posix_spawn_file_actions_t files;
    char *words[] = {(char *)program, (char *)"--race", (char *)kind->name, server.address, NULL};
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    assert_int_equal(posix_spawn(&self->pid, program, &files, NULL, words, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    self->to = in[1];
    self->from = fdopen(out[0], "r");
}

static void
racer_read(struct racer *self, int matches[RACE_CODES], int compared[RACE_CODES])
{
    for (int i = 0; i < RACE_CODES; i++) {
        int answered, right, wrong;
        assert_int_equal(fscanf(self->from, "%d %d %d", &answered, &right, &wrong), 3);
        assert_true(answered);
        matches[i] += right;
        compared[i] += right + wrong;
    }
}

/* Gateways that share a store: each code is approved at most once, and compared five times at most.
 * */
static void
test_req_11_and_14_over_processes(void **state)
{
    struct racer racers[PROCESSES];
    int matches[RACE_CODES] = {0}, compared[RACE_CODES] = {0}, approved = 0;
    char name[40], line[16];
    for (int i = 0; i < RACE_CODES; i++) {
        race_id(i, name);
        put(record_of(name, "482913"));
    }
    for (int i = 0; i < PROCESSES; i++) {
        racer_start(&racers[i]);
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_non_null(fgets(line, sizeof(line), racers[i].from));
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(write(racers[i].to, "!", 1), 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        racer_read(&racers[i], matches, compared);
        close(racers[i].to);
        fclose(racers[i].from);
        assert_int_equal(waitpid(racers[i].pid, &status, 0), racers[i].pid);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < RACE_CODES; i++) {
        assert_in_range(compared[i], 1, 5);
        assert_in_range(matches[i], 0, 1);
        assert_true(matches[i] == 1 || compared[i] == 5);
        approved += matches[i];
    }
    assert_true(approved > 0);
}

/* ---- what is left in the other program ---- */

static void
mix(void)
{
    unsigned dice = 1;
    char name[40];
    for (int i = 0; i < MIXED_ROUNDS; i++) {
        dice = dice * 1103515245 + 12345;
        snprintf(name, sizeof(name), "mix-%u", (dice >> 8) % 300);
        const struct og_code_record record = record_of(name, "482913");
        const struct og_code_guess typed = guess_of(name, dice % 3 ? "000000" : "482913");
        switch ((dice >> 20) % 4) {
        case 0:
            assert_int_equal(ask_put(&asker, &record).code, OG_OK);
            break;
        case 1:
            assert_int_equal(ask_drop(&asker, record.name).code, OG_OK);
            break;
        default:
            assert_int_equal(ask_check(&asker, &typed).code, OG_OK);
            break;
        }
    }
}

static void
test_req_31_no_key_without_an_end_in_redis(void **state)
{
    static const char count[] =
        "EVAL \"local n=0 for _,k in ipairs(redis.call('KEYS','*')) do "
        "local t=redis.call('PTTL',k) if t<0 or t>%d then n=n+1 end end return n\" 0";
    char command[300], answer[32];
    mix();
    snprintf(command, sizeof(command), count, OG_CODE_TTL_MAX_MS);
    redis_say(&server, command, answer, sizeof(answer));
    assert_string_equal(answer, "0");
    redis_say(&server, "DBSIZE", answer, sizeof(answer));
    assert_true(atoi(answer) > 0);
}

/* Scripts are one step each, so there is no step between which a crash could leave a key. */
static void
test_req_26_scripts_come_back_by_themselves(void **state)
{
    char answer[64];
    put(record_of(id, "482913"));
    redis_say(&server, "SCRIPT FLUSH", answer, sizeof(answer));
    assert_string_equal(answer, "OK");
    assert_int_equal(check("000000"), OG_VERDICT_WRONG);
    redis_say(&server, "SCRIPT FLUSH", answer, sizeof(answer));
    put(record_of(id, "111111"));
    redis_say(&server, "SCRIPT FLUSH", answer, sizeof(answer));
    assert_true(ask_peek(&asker, name_of("acc", id)).found);
    assert_int_equal(check("111111"), OG_VERDICT_MATCH);
}

static void
test_req_30_and_31_memcached_lives_are_short(void **state)
{
    static char dump[1 << 20];
    const int64_t now_s = og_now_ms(og_clock_system()) / 1000;
    int items = 0;
    mix();
    server_say(&server, "lru_crawler metadump all", "END\r\n", dump, sizeof(dump));
    for (const char *at = dump; (at = strstr(at, " exp=")); at++) {
        const int64_t ends_s = strtoll(at + strlen(" exp="), NULL, 10);
        assert_in_range(ends_s, now_s - 2, now_s + OG_CODE_TTL_MAX_MS / 1000 + 60);
        items++;
    }
    assert_true(items > 0);
}

#define TEST(test) cmocka_unit_test_setup(test, begin_test)
#define SHARED_TESTS                                                                              \
    TEST(test_right_code_matches_once), TEST(test_req_13_the_fifth_wrong_code_kills),             \
        TEST(test_req_13_right_code_on_the_last_attempt),                                         \
        TEST(test_req_15_malformed_takes_no_attempt), TEST(test_letters_fit_a_code_with_letters), \
        TEST(test_req_10_life_is_strict), TEST(test_a_wrong_check_does_not_lengthen_a_life),      \
        TEST(test_req_22_two_keys_then_one), TEST(test_req_21_equal_codes_of_other_keys_differ),  \
        TEST(test_other_accounts_do_not_reach_it), TEST(test_names_of_any_kind),                  \
        TEST(test_records_out_of_bounds_are_refused), TEST(test_req_20_drop_is_at_once),          \
        TEST(test_peek_gives_the_box_and_takes_nothing), TEST(test_the_largest_record),           \
        TEST(test_put_replaces), TEST(test_asks_that_nobody_waits_for),                           \
        TEST(test_req_11_parallel_right_checks_match_once),                                       \
        TEST(test_req_14_parallel_wrong_checks_compare_as_often_as_allowed)

static int
run_all(void)
{
    const struct CMUnitTest in_memory[] = {SHARED_TESTS};
    const struct CMUnitTest in_redis[] = {SHARED_TESTS, TEST(test_req_11_and_14_over_processes),
                                          TEST(test_req_31_no_key_without_an_end_in_redis),
                                          TEST(test_req_26_scripts_come_back_by_themselves)};
    const struct CMUnitTest in_memcached[] = {SHARED_TESTS, TEST(test_req_11_and_14_over_processes),
                                              TEST(test_req_30_and_31_memcached_lives_are_short)};
    int failed = 0;
    kind = &kinds[0];
    failed += cmocka_run_group_tests_name("memory", in_memory, begin_kind, end_kind);
    kind = &kinds[1];
    failed += cmocka_run_group_tests_name("redis", in_redis, begin_kind, end_kind);
    kind = &kinds[2];
    failed += cmocka_run_group_tests_name("memcached", in_memcached, begin_kind, end_kind);
    return failed;
}

int
main(int argc, char **argv)
{
    struct og_err err;
    const struct og_log_config quiet = {.level = OG_LOG_ERROR, .fd = 2};
    signal(SIGPIPE, SIG_IGN);
    og_log_setup(&quiet);
    program = argv[0];
    if (og_crypto_init(&err) != OG_OK) {
        return 1;
    }
    return argc == 4 && strcmp(argv[1], "--race") == 0 ? race_here(argv[2], argv[3]) : run_all();
}
