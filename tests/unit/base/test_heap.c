/*
 * The heap, over random histories, against a search of everything; and an item that two heaps take
 * turns with.
 */
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ITEMS 40

static uint64_t
next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 16;
}

struct item {
    int key;
    size_t place;
};

static bool
smaller(const void *a, const void *b)
{
    return ((const struct item *)a)->key < ((const struct item *)b)->key;
}

static struct item *
least(struct item *items, size_t count, const struct item *except)
{
    struct item *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (items[i].place != OG_HEAP_ABSENT && &items[i] != except &&
            (!found || items[i].key < found->key)) {
            found = &items[i];
        }
    }
    return found;
}

/* Random pushes, removals and changes of key; first and first-but-one against a search. */
static void
test_heap(void **state)
{
    struct item items[ITEMS];
    struct og_heap heap;
    uint64_t seed = 99;
    (void)state;

    og_heap_init(&heap, smaller, offsetof(struct item, place));
    for (size_t i = 0; i < ITEMS; i++) {
        items[i] = (struct item){.key = (int)i};
    }
    for (int step = 0; step < 20000; step++) {
        uint64_t random = next_random(&seed);
        struct item *item = &items[random % ITEMS];
        int key = (int)(random >> 8 & 0xFFFF) * 64 + (int)(item - items); /* no two alike */
        if (item->place == OG_HEAP_ABSENT) {
            item->key = key;
            og_heap_push(&heap, item);
        } else if (random >> 40 & 1) {
            assert_true(og_heap_remove(&heap, item));
            assert_false(og_heap_remove(&heap, item));
            assert_true(item->place == OG_HEAP_ABSENT);
        } else {
            item->key = key;
            og_heap_update(&heap, item);
        }
        struct item *first = least(items, ITEMS, NULL);
        assert_ptr_equal(og_heap_top(&heap), first);
        assert_ptr_equal(og_heap_top_except(&heap, first), least(items, ITEMS, first));
        assert_ptr_equal(og_heap_top_except(&heap, NULL), first);
    }
    for (struct item *first; (first = least(items, ITEMS, NULL));) {
        assert_ptr_equal(og_heap_pop(&heap), first);
    }
    assert_null(og_heap_pop(&heap));
    og_heap_finish(&heap);
}

/* An item is found only in the heap that holds it, whatever its place says of another. */
static void
test_two_heaps(void **state)
{
    struct item mine = {.key = 1}, other = {.key = 2};
    struct og_heap a, b;
    (void)state;
    og_heap_init(&a, smaller, offsetof(struct item, place));
    og_heap_init(&b, smaller, offsetof(struct item, place));
    og_heap_push(&a, &mine);
    og_heap_push(&b, &other);
    assert_false(og_heap_remove(&b, &mine));
    assert_ptr_equal(og_heap_top(&b), &other);
    assert_true(og_heap_remove(&a, &mine));
    og_heap_push(&b, &mine);
    assert_ptr_equal(og_heap_pop(&b), &mine);
    og_heap_finish(&a);
    og_heap_finish(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_two_heaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
