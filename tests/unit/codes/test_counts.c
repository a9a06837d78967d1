/*
 * Counts that gateways share, asked of a real Redis and a real memcached on loopback: what each
 * store must do, then what is of one of them only. Two stores stand for two gateways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "codes/code_store_memcached.h"
#include "codes/code_store_redis.h"
#include "codes/count_pack.h"
#include "tests/unit/codes/asks.h"
#include "tests/unit/codes/servers.h"

#define PREFIX "test:"
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define AT_ONCE 64
#define LIMIT 10
#define FILL_ITEMS 10000
#define FILL_AT_ONCE 500

static int64_t moved_ms; /* by which the wall clock is ahead of the machine's */

static int64_t
moved_wall(void *ctx)
{
    return og_now_ms(og_clock_system()) + moved_ms;
}

static int64_t
true_mono(void *ctx)
{
    return og_mono_ms(og_clock_system());
}

static const struct og_clock moving_clock = {moved_wall, true_mono, NULL};

/* ---- the two kinds ---- */

struct kind {
    bool (*start)(struct server *server, const char *const *options);
    bool (*restart)(struct server *server, const char *const *options);
    enum og_code (*open)(const char *address, const char *mark, bool is_strict,
                         struct og_code_store **out);
};

static enum og_code
open_redis(const char *address, const char *mark, bool is_strict, struct og_code_store **out)
{
    struct og_err err = {0};
    const struct og_str at = og_str_from(address);
    const struct og_code_redis_config config = {.addresses = {&at, 1}, .master_name = "",
                                                .prefix = PREFIX, .mark = mark,
                                                .clock = og_clock_system()};
    return og_code_redis_create(&config, out, &err);
}

static enum og_code
open_memcached(const char *address, const char *mark, bool is_strict, struct og_code_store **out)
{
    struct og_err err = {0};
    const struct og_str at = og_str_from(address);
    const struct og_code_memcached_config config = {.servers = {&at, 1}, .prefix = PREFIX,
                                                    .mark = mark, .is_strict = is_strict,
                                                    .thread_count = 4, .clock = &moving_clock};
    return og_code_memcached_create(&config, out, &err);
}

static const struct kind redis = {redis_start, redis_restart, open_redis};
static const struct kind memcached = {memcached_start, memcached_restart, open_memcached};

static const struct kind *kind; /* that is being tested */
static struct server server;
static struct asker nodes[2];
static uint64_t subject; /* a new one for each test */

static void
open_node(struct asker *node, const char *mark, bool is_strict)
{
    struct og_code_store *store;
    assert_int_equal(kind->open(server.address, mark, is_strict, &store), OG_OK);
    assert_true(asker_start(node, store));
}

static void
close_node(struct asker *node)
{
    if (node->store) {
        node->store->settle(node->store);
        asker_stop(node);
        node->store->destroy(node->store);
    }
    *node = (struct asker){NULL, NULL};
}

static void
begin_with(const char *const *options, bool is_strict)
{
    static uint64_t number;
    subject = ++number;
    moved_ms = 0;
    assert_true(kind->start(&server, options));
    open_node(&nodes[0], "ours", is_strict);
    open_node(&nodes[1], "ours", is_strict);
}

static int
begin(void **state)
{
    begin_with(NULL, false);
    return 0;
}

static int
end(void **state)
{
    close_node(&nodes[0]);
    close_node(&nodes[1]);
    server_stop(&server);
    return 0;
}

/* ---- asking ---- */

enum verb { TAKE, GIVE, FORGET };

struct question {
    struct og_count_ask ask; /* first */
    struct og_loop_task task;
    struct asker *asker;
    enum verb verb;
    sem_t *done;
};

static void
heard(struct og_count_ask *ask)
{
    sem_post(((struct question *)ask)->done);
}

static void
run(struct og_loop_task *task)
{
    struct question *self = OG_CONTAINER_OF(task, struct question, task);
    struct og_count_store *counts = self->asker->store->counts;
    if (self->verb == TAKE) {
        counts->take(counts, self->asker->loop, &self->ask);
        return;
    }
    (self->verb == GIVE ? counts->give : counts->forget)(counts, &self->ask);
    sem_post(self->done);
}

static void
post(struct asker *node, struct question *question, sem_t *done)
{
    question->ask.done = question->verb == TAKE ? heard : NULL;
    question->task.run = run;
    question->asker = node;
    question->done = done;
    og_loop_post(node->loop, &question->task);
}

static struct og_count_ask
say(struct asker *node, enum verb verb, struct og_count_ask ask)
{
    struct question question = {.ask = ask, .verb = verb};
    sem_t done;
    sem_init(&done, 0, 0);
    post(node, &question, &done);
    sem_wait(&done);
    sem_destroy(&done);
    return question.ask;
}

static struct og_count
count_of(const char *rule, int64_t span_ms, int64_t limit)
{
    return (struct og_count){
        .rule = rule, .subject = subject, .span_ms = span_ms, .limit = limit, .amount = 1};
}

/* An hour's limit and a day's. */
static struct og_count_ask
ask_of(int64_t hour, int64_t day)
{
    return (struct og_count_ask){
        .items = {count_of("hour", HOUR, hour), count_of("day", DAY, day)}, .count = 2};
}

static struct og_count_ask
take(struct asker *node, struct og_count_ask ask)
{
    const struct og_count_ask answer = say(node, TAKE, ask);
    assert_int_equal(answer.code, OG_OK);
    return answer;
}

/* How much each holds; nothing is taken, since so much never fits. */
static struct og_count_ask
look(struct asker *node)
{
    struct og_count_ask ask = ask_of(1, 1);
    ask.items[0].amount = ask.items[1].amount = 1000;
    const struct og_count_ask answer = take(node, ask);
    assert_false(answer.is_taken);
    return answer;
}

static void
assert_sums(int64_t hour, int64_t day)
{
    const struct og_count_ask answer = look(&nodes[1]);
    assert_int_equal(answer.items[0].sum, hour);
    assert_int_equal(answer.items[1].sum, day);
}

/* Words without an answer take their time: four threads speak to memcached. */
static void
wait_for_sums(int64_t hour, int64_t day)
{
    struct og_count_ask answer;
    do {
        answer = look(&nodes[1]);
    } while (answer.items[0].sum != hour || answer.items[1].sum != day);
}

/* ---- what both must do ---- */

static void
test_two_nodes_share_a_limit(void **state)
{
    for (int i = 0; i < 3; i++) {
        const struct og_count_ask answer = take(&nodes[i % 2], ask_of(3, 10));
        assert_true(answer.is_taken);
        assert_int_equal(answer.items[0].sum, i);
        assert_int_equal(answer.items[0].wait_ms, 0);
    }
    const struct og_count_ask full = take(&nodes[1], ask_of(3, 10));
    assert_false(full.is_taken);
    assert_int_equal(full.items[0].sum, 3);
    assert_in_range(full.items[0].wait_ms, HOUR - 60000, HOUR + HOUR / OG_COUNT_STEPS);
    assert_int_equal(full.items[1].wait_ms, 0);
    assert_sums(3, 3); /* the day's place was not taken either */
}

static void
test_subjects_and_rules_are_apart(void **state)
{
    assert_true(take(&nodes[0], ask_of(1, 10)).is_taken);
    assert_false(take(&nodes[1], ask_of(1, 10)).is_taken);
    subject += 1000000;
    assert_true(take(&nodes[1], ask_of(1, 10)).is_taken);
    struct og_count_ask other = {.items = {count_of("another", HOUR, 1)}, .count = 1};
    assert_true(take(&nodes[0], other).is_taken);
}

static void
test_amounts(void **state)
{
    struct og_count_ask ask = ask_of(10, 100);
    ask.items[0].amount = 7;
    ask.items[1].amount = 21;
    assert_true(take(&nodes[0], ask).is_taken);
    assert_false(take(&nodes[1], ask).is_taken);
    ask.items[0].amount = 3;
    assert_true(take(&nodes[1], ask).is_taken);
    assert_sums(10, 42);
}

static void
test_forced(void **state)
{
    struct og_count_ask ask = ask_of(1, 100);
    ask.is_forced = true;
    assert_true(take(&nodes[0], ask).is_taken);
    const struct og_count_ask again = take(&nodes[1], ask);
    assert_true(again.is_taken);
    assert_true(again.items[0].wait_ms > 0);
    assert_sums(2, 2);
}

static void
test_give_back(void **state)
{
    const struct og_count_ask first = take(&nodes[0], ask_of(1, 10));
    assert_false(take(&nodes[1], ask_of(1, 10)).is_taken);
    say(&nodes[0], GIVE, first);
    wait_for_sums(0, 0);
    say(&nodes[0], GIVE, first); /* below nought there is nothing */
    const struct og_count_ask second = take(&nodes[1], ask_of(1, 10));
    assert_true(second.is_taken);
}

static void
test_forget(void **state)
{
    assert_true(take(&nodes[0], ask_of(1, 10)).is_taken);
    struct og_count_ask hour = {.items = {count_of("hour", HOUR, 0)}, .count = 1};
    say(&nodes[1], FORGET, hour);
    wait_for_sums(0, 1);
}

static void
test_window_slides(void **state)
{
    struct og_count_ask ask = {.items = {count_of("short", 300, 2)}, .count = 1};
    assert_true(take(&nodes[0], ask).is_taken);
    assert_true(take(&nodes[1], ask).is_taken);
    struct og_count_ask answer = take(&nodes[0], ask);
    while (!answer.is_taken) { /* by the machine's time: until one of the two is too old */
        assert_in_range(answer.items[0].wait_ms, 1, 310);
        answer = take(&nodes[0], ask);
    }
    assert_in_range(answer.items[0].sum, 0, 1);
}

/* Requirement 68: not one more than the limit, however many come at once on however many nodes. */
static void
test_req_68_race(void **state)
{
    static struct question questions[AT_ONCE];
    sem_t done;
    int taken = 0;
    sem_init(&done, 0, 0);
    for (int i = 0; i < AT_ONCE; i++) {
        questions[i] = (struct question){.ask = ask_of(LIMIT, 1000), .verb = TAKE};
        post(&nodes[i % 2], &questions[i], &done);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        sem_wait(&done);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        assert_int_equal(questions[i].ask.code, OG_OK);
        taken += questions[i].ask.is_taken;
    }
    assert_int_equal(taken, LIMIT);
    assert_sums(LIMIT, LIMIT);
    sem_destroy(&done);
}

/* As a race of two limits in another order: places of one that is taken in vain come back. */
static void
test_req_68_race_of_two_limits(void **state)
{
    static struct question questions[AT_ONCE];
    sem_t done;
    sem_init(&done, 0, 0);
    for (int i = 0; i < AT_ONCE; i++) {
        questions[i] = (struct question){.ask = ask_of(1000, LIMIT), .verb = TAKE};
        post(&nodes[i % 2], &questions[i], &done);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        sem_wait(&done);
    }
    assert_sums(LIMIT, LIMIT);
    sem_destroy(&done);
}

static void
test_another_secret_is_noticed(void **state)
{
    assert_true(take(&nodes[0], ask_of(5, 10)).is_taken);
    close_node(&nodes[1]);
    open_node(&nodes[1], "theirs", false);
    assert_int_equal(say(&nodes[1], TAKE, ask_of(5, 10)).code, OG_E_UNAVAILABLE);
    assert_true(take(&nodes[0], ask_of(5, 10)).is_taken);
    struct og_code_store *store = nodes[1].store;
    assert_int_equal(store->health(store).level, OG_CODE_HEALTH_DEGRADED);
    assert_non_null(strstr(store->health(store).reason, "abuse.shared_secret"));
    store = nodes[0].store;
    assert_int_equal(store->health(store).level, OG_CODE_HEALTH_UP);
}

static void
test_away_and_back(void **state)
{
    assert_true(take(&nodes[0], ask_of(5, 10)).is_taken);
    server_stop(&server);
    const struct og_count_ask answer = say(&nodes[0], TAKE, ask_of(5, 10));
    assert_int_equal(answer.code, OG_E_UNAVAILABLE);
    assert_false(answer.is_taken);
    assert_true(kind->restart(&server, NULL));
    while (say(&nodes[0], TAKE, ask_of(1000000, 1000000)).code != OG_OK) {
    }
}

static void
test_out_of_bounds(void **state)
{
    struct og_count_ask ask = ask_of(1, 1);
    ask.count = OG_COUNT_ITEMS_MAX + 1;
    assert_int_equal(say(&nodes[0], TAKE, ask).code, OG_E_INTERNAL);
    ask.count = 0;
    assert_int_equal(say(&nodes[0], TAKE, ask).code, OG_E_INTERNAL);
}

static void
test_none_unless_asked_for(void **state)
{
    close_node(&nodes[1]);
    open_node(&nodes[1], NULL, false);
    assert_null(nodes[1].store->counts);
}

/* ---- Redis ---- */

static void
test_redis_keys_end(void **state)
{
    char answer[64];
    assert_true(take(&nodes[0], ask_of(5, 10)).is_taken);
    redis_say(&server,
              "EVAL \"local n=0 for _,k in ipairs(redis.call('KEYS','*')) do "
              "if redis.call('PTTL',k)<=0 then n=n+1 end end return n\" 0",
              answer, sizeof(answer));
    assert_string_equal(answer, "0");
}

static void
test_redis_full_takes_nothing(void **state)
{
    char answer[64];
    assert_true(take(&nodes[0], ask_of(5, 10)).is_taken);
    redis_say(&server, "CONFIG SET maxmemory 1", answer, sizeof(answer));
    assert_string_equal(answer, "OK");
    assert_int_equal(say(&nodes[0], TAKE, ask_of(5, 10)).code, OG_E_UNAVAILABLE);
    redis_say(&server, "CONFIG SET maxmemory 0", answer, sizeof(answer));
    assert_sums(1, 1);
}

/* The rights that docs/operations.md gives the user are enough, and none too many. */
#define RIGHTS                                                                                    \
    "+eval", "+evalsha", "+hset", "+hget", "+hmget", "+hincrby", "+pexpire", "+pttl", "+del",     \
        "+role", "+info", "+get", "+set", "+hgetall", "+hdel"

static enum og_code
open_as_user(const char *const *rights, struct og_code_store **out)
{
    struct og_err err = {0};
    assert_true(kind->start(&server, rights));
    const struct og_str at = og_str_from(server.address);
    const struct og_code_redis_config config = {.addresses = {&at, 1}, .master_name = "",
                                                .user = "otpgate", .password = "secret",
                                                .prefix = PREFIX, .mark = "ours",
                                                .clock = og_clock_system()};
    return og_code_redis_create(&config, out, &err);
}

static void
test_redis_rights(void **state)
{
    static const char *const enough[] = {"--user", "otpgate", "on", ">secret", "~" PREFIX "*",
                                         "resetchannels", "-@all", RIGHTS, "+time", NULL};
    static const char *const too_few[] = {"--user", "otpgate", "on", ">secret", "~" PREFIX "*",
                                          "resetchannels", "-@all", RIGHTS, NULL};
    struct og_code_store *store;
    assert_int_equal(open_as_user(enough, &store), OG_OK);
    assert_int_equal(store->health(store).level, OG_CODE_HEALTH_UP);
    assert_true(asker_start(&nodes[0], store));
    assert_true(take(&nodes[0], ask_of(1, 10)).is_taken);
    close_node(&nodes[0]);
    server_stop(&server);
    assert_int_equal(open_as_user(too_few, &store), OG_E_UNAUTHORIZED);
}

static void
test_redis_user_needs_the_commands(void **state)
{
    char answer[64];
    struct og_code_store *store;
    redis_say(&server, "ACL SETUSER default -time", answer, sizeof(answer));
    assert_string_equal(answer, "OK");
    assert_int_equal(kind->open(server.address, "ours", false, &store), OG_E_UNAUTHORIZED);
    assert_int_equal(kind->open(server.address, NULL, false, &store), OG_OK);
    store->destroy(store);
}

/* ---- memcached ---- */

/* Asked in a way that does not make it younger. */
static bool
is_kept(const char *rule)
{
    char command[100], answer[512];
    snprintf(command, sizeof(command), "me " PREFIX "{counts}:%s:%016llx", rule,
             (unsigned long long)subject);
    server_say(&server, command, "\r\n", answer, sizeof(answer));
    return strncmp(answer, "ME", 2) == 0;
}

/* Others' values, as long as a count so that they share its pages; so many that ours must go. */
static void
fill(void)
{
    static char commands[FILL_AT_ONCE * (OG_COUNT_PACK_BYTES + 64)];
    char answer[64];
    for (int i = 0; i < FILL_ITEMS; i += FILL_AT_ONCE) {
        size_t len = 0;
        for (int k = 0; k < FILL_AT_ONCE; k++) {
            len += (size_t)snprintf(commands + len, sizeof(commands) - len,
                                    "set {counts}:hour:filler-%09d 0 0 %d noreply\r\n%0*d\r\n",
                                    i + k, OG_COUNT_PACK_BYTES, OG_COUNT_PACK_BYTES, 0);
        }
        snprintf(commands + len, sizeof(commands) - len, "version");
        server_say(&server, commands, "\r\n", answer, sizeof(answer));
    }
}

static void
test_memcached_window_slides(void **state)
{
    assert_true(take(&nodes[0], ask_of(1, 10)).is_taken);
    const int64_t wait_ms = take(&nodes[1], ask_of(1, 10)).items[0].wait_ms;
    moved_ms += wait_ms - 60000;
    assert_false(take(&nodes[1], ask_of(1, 10)).is_taken);
    moved_ms += 60000;
    assert_true(take(&nodes[1], ask_of(1, 10)).is_taken);
    assert_sums(1, 2);
}

static void
test_req_29_evicted_is_locked_when_strict(void **state)
{
    static const char *const small[] = {"-m", "2", NULL};
    begin_with(small, true);
    assert_true(take(&nodes[0], ask_of(2, 10)).is_taken);
    assert_true(take(&nodes[1], ask_of(2, 10)).is_taken);
    assert_true(is_kept("hour") && is_kept("day"));
    while (is_kept("hour") || is_kept("day")) {
        fill();
    }
    const struct og_count_ask lost = take(&nodes[1], ask_of(2, 10));
    assert_false(lost.is_taken);
    assert_int_equal(lost.items[0].sum, 2);
    assert_in_range(lost.items[0].wait_ms, HOUR, HOUR + HOUR / OG_COUNT_STEPS + 60000);
    moved_ms += lost.items[0].wait_ms;
    const struct og_count_ask later = take(&nodes[1], ask_of(2, 10));
    assert_false(later.is_taken); /* the day's is still locked */
    assert_int_equal(later.items[0].wait_ms, 0);
}

static void
test_req_29_restarted_is_locked_when_strict(void **state)
{
    begin_with(NULL, true);
    assert_true(take(&nodes[0], ask_of(2, 10)).is_taken);
    server_stop(&server);
    assert_true(kind->restart(&server, NULL));
    struct og_count_ask lost;
    do {
        lost = say(&nodes[1], TAKE, ask_of(2, 10));
    } while (lost.code != OG_OK);
    assert_false(lost.is_taken);
}

static void
test_lost_begins_at_nought_when_not_strict(void **state)
{
    char answer[64];
    assert_true(take(&nodes[0], ask_of(1, 10)).is_taken);
    server_say(&server, "flush_all", "OK\r\n", answer, sizeof(answer));
    struct og_count_ask again = say(&nodes[1], TAKE, ask_of(1, 10));
    assert_true(again.is_taken);
}

static void
test_pack_is_whole_or_nothing(void **state)
{
    struct og_count_window window = {.window = {.last_step = 77}}, read;
    char bytes[OG_COUNT_PACK_BYTES + 1] = {0};
    window.counts[0] = 1;
    window.counts[OG_COUNT_STEPS] = UINT32_MAX;
    og_count_pack(&window, bytes);
    assert_true(og_count_unpack((struct og_str){bytes, OG_COUNT_PACK_BYTES}, 80, &read));
    assert_int_equal(read.window.last_step, 77);
    assert_memory_equal(read.counts, window.counts, sizeof(read.counts));
    assert_false(og_count_unpack((struct og_str){bytes, OG_COUNT_PACK_BYTES - 1}, 80, &read));
    assert_false(og_count_unpack((struct og_str){bytes, OG_COUNT_PACK_BYTES + 1}, 80, &read));
    assert_false(og_count_unpack((struct og_str){bytes, 0}, 80, &read));
    assert_int_equal(read.window.last_step, 0);
    bytes[0] = 1; /* a code's record */
    assert_false(og_count_unpack((struct og_str){bytes, OG_COUNT_PACK_BYTES}, 80, &read));
    bytes[0] = 2;
    assert_false(og_count_unpack((struct og_str){bytes, OG_COUNT_PACK_BYTES}, 76, &read));
    bytes[1] = (char)0xff; /* a step that no clock has */
    assert_false(og_count_unpack((struct og_str){bytes, OG_COUNT_PACK_BYTES}, 80, &read));
}

/* ---- all of it ---- */

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define TEST_OWN(name) cmocka_unit_test_teardown(name, end)

#define OF_BOTH                                                                                   \
    TEST(test_two_nodes_share_a_limit), TEST(test_subjects_and_rules_are_apart),                  \
        TEST(test_amounts), TEST(test_forced), TEST(test_give_back), TEST(test_forget),           \
        TEST(test_window_slides), TEST(test_req_68_race), TEST(test_req_68_race_of_two_limits),   \
        TEST(test_another_secret_is_noticed), TEST(test_away_and_back), TEST(test_out_of_bounds), \
        TEST(test_none_unless_asked_for)

int
main(void)
{
    static const struct CMUnitTest in_redis[] = {
        OF_BOTH,
        TEST(test_redis_keys_end),
        TEST(test_redis_full_takes_nothing),
        TEST(test_redis_user_needs_the_commands),
        TEST_OWN(test_redis_rights),
    };
    static const struct CMUnitTest in_memcached[] = {
        OF_BOTH,
        TEST(test_memcached_window_slides),
        TEST_OWN(test_req_29_evicted_is_locked_when_strict),
        TEST_OWN(test_req_29_restarted_is_locked_when_strict),
        TEST(test_lost_begins_at_nought_when_not_strict),
        cmocka_unit_test(test_pack_is_whole_or_nothing),
    };
    struct og_err err;
    const struct og_log_config quiet = {.level = OG_LOG_ERROR, .fd = 2};
    signal(SIGPIPE, SIG_IGN);
    og_log_setup(&quiet);
    if (og_crypto_init(&err) != OG_OK) {
        return 1;
    }
    kind = &redis;
    int failed = cmocka_run_group_tests_name("in redis", in_redis, NULL, NULL);
    kind = &memcached;
    failed += cmocka_run_group_tests_name("in memcached", in_memcached, NULL, NULL);
    return failed;
}
