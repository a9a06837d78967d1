/*
 * Phones that come and go on both loops while the lane hints at them without pause. Worth most
 * under ThreadSanitizer.
 *
 * Each loop opens and hangs up streams of its own accord; each sink checks its frames; presence
 * must be told in turns, came and went, for each phone.
 */
#include "hub_fixture.h"

#define PHONES 4
#define STREAMS_PER_LOOP 50000
#define OPEN_MAX 24 /* per loop */

struct racer {
    struct og_sink sink;
    struct side *side;
    struct og_loop_task gone;
    struct og_sink_owner owner;
    int sends, sends_max;
    bool is_closing;
    struct racer *next_free;
};

/* What one loop's thread owns. */
struct side {
    struct race *race;
    int index;
    struct og_loop *loop;
    struct og_loop_task turn;
    struct racer racers[OPEN_MAX];
    struct racer *free_racers;
    int opened, ended;
    uint32_t seed;
};

struct race {
    struct og_hub *hub;
    struct side sides[LOOPS];
    _Atomic int sides_done;
    pthread_mutex_t lock;
    bool is_here[PHONES];
    int changes;
};

static uint32_t
draw(struct side *side, uint32_t bound)
{
    side->seed = side->seed * 1664525u + 1013904223u;
    return (side->seed >> 8) % bound;
}

static void
racer_gone(struct og_loop_task *task)
{
    struct racer *self = OG_CONTAINER_OF(task, struct racer, gone);
    struct side *side = self->side;
    self->owner.on_closed(self->owner.ctx);
    self->next_free = side->free_racers;
    side->free_racers = self;
    side->ended++;
}

static void
racer_close(struct og_sink *sink)
{
    struct racer *self = (struct racer *)sink;
    assert(og_loop_is_here(self->side->loop));
    if (!self->is_closing) {
        self->is_closing = true;
        self->gone.run = racer_gone;
        og_loop_post(self->side->loop, &self->gone);
    }
}

static bool
racer_send(struct og_sink *sink, struct og_str bytes)
{
    struct racer *self = (struct racer *)sink;
    assert(og_loop_is_here(self->side->loop));
    if (self->is_closing || self->sends == self->sends_max) {
        return false; /* slow, once it has had enough */
    }
    assert(bytes.len > 2 && og_str_ends(bytes, OG_STR("\n\n")));
    assert(self->sends > 0 || og_str_eq(bytes, OG_STR(OPENING)));
    self->sends++;
    return true;
}

static const struct og_sink_verbs racer_verbs = {racer_send, racer_close};

static void
open_one(struct side *side)
{
    static const char *const names[PHONES] = {"p0", "p1", "p2", "p3"};
    struct racer *racer = side->free_racers;
    side->free_racers = racer->next_free;
    *racer = (struct racer){.sink = {&racer_verbs}, .side = side,
                            .sends_max = 1 + (int)draw(side, 40)};
    struct og_hub_stream *stream =
        og_hub_reserve(side->race->hub, side->index, OG_STR("acc"),
                       og_str_from(names[draw(side, PHONES)]), &racer->owner);
    og_hub_attach(stream, &racer->sink);
    side->opened++;
}

/* Open a few, hang up on one, and come again until all have been. */
static void
take_turn(struct og_loop_task *task)
{
    struct side *side = OG_CONTAINER_OF(task, struct side, turn);
    for (uint32_t i = draw(side, 4); i > 0 && side->free_racers; i--) {
        if (side->opened < STREAMS_PER_LOOP) {
            open_one(side);
        }
    }
    struct racer *victim = &side->racers[draw(side, OPEN_MAX)];
    if (victim->side && !victim->is_closing) {
        racer_close(&victim->sink);
    }
    if (side->ended < STREAMS_PER_LOOP) {
        og_loop_post(side->loop, &side->turn);
    } else {
        atomic_fetch_add(&side->race->sides_done, 1);
    }
}

static void
on_presence(void *ctx, struct og_str account_id, struct og_str device_id, bool is_connected)
{
    struct race *race = ctx;
    int phone = device_id.ptr[1] - '0';
    assert(og_str_eq(account_id, OG_STR("acc")) && phone >= 0 && phone < PHONES);
    pthread_mutex_lock(&race->lock);
    assert(race->is_here[phone] != is_connected);
    race->is_here[phone] = is_connected;
    race->changes++;
    pthread_mutex_unlock(&race->lock);
}

static void
start_side(struct race *race, int index, struct og_loop *loop)
{
    struct side *side = &race->sides[index];
    side->race = race;
    side->index = index;
    side->loop = loop;
    side->seed = 7 + (uint32_t)index;
    for (int i = 0; i < OPEN_MAX; i++) {
        side->racers[i].next_free = side->free_racers;
        side->free_racers = &side->racers[i];
    }
    side->turn.run = take_turn;
    og_loop_post(loop, &side->turn);
}

/* The lane: batch upon batch of hints, until both loops have had all their streams. */
static int
hint_until_done(struct race *race)
{
    static const char *const names[] = {"p0", "p1", "p2", "p3", "stranger"};
    int batches = 0;
    for (uint32_t n = 0; race->sides_done < LOOPS; batches++) {
        for (int i = 0; i < 20; i++, n++) {
            struct og_str phone = og_str_from(names[n * 7 % 5]);
            uint32_t kind = n % 331 == 0 ? OG_HINT_CLOSE : n % OG_HINT_CLOSE;
            og_hub_hint(race->hub, (enum og_hint)kind, phone, OG_STR("m-1"));
        }
        og_hub_flush(race->hub);
        on_loop(race->sides[batches % LOOPS].loop, do_nothing, NULL); /* loops must not drown */
    }
    return batches;
}

static void
test_streams_race_with_hints(void **state)
{
    (void)state;
    struct race *race = og_xalloc(sizeof *race);
    struct og_loop *loops[LOOPS];
    struct og_err err;
    pthread_mutex_init(&race->lock, NULL);
    const struct og_hub_config config = {
        .keepalive_ms = 50, .wake_gap_ms = 1, .streams_per_device_max = 4,
        .clock = og_clock_system(), .on_presence = on_presence, .ctx = race};
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(og_loop_create("race", &loops[i], &err), OG_OK);
    }
    assert_int_equal(og_hub_create(&config, loops, LOOPS, &race->hub, &err), OG_OK);
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(og_loop_start(loops[i], &err), OG_OK);
        start_side(race, i, loops[i]);
    }
    assert_true(hint_until_done(race) > 0);
    assert_int_equal(og_hub_stream_count(race->hub), 0);
    og_hub_stop(race->hub);
    for (int i = 0; i < LOOPS; i++) {
        og_loop_stop(loops[i]);
        og_loop_join(loops[i]);
        og_loop_destroy(loops[i]);
        assert_int_equal(race->sides[i].opened, STREAMS_PER_LOOP);
    }
    og_hub_destroy(race->hub);
    for (int i = 0; i < PHONES; i++) {
        assert_false(race->is_here[i]);
    }
    assert_true(race->changes >= 2 * PHONES);
    pthread_mutex_destroy(&race->lock);
    free(race);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_race_with_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
