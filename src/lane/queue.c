/*
 * The queue of a lane thread. Pushing to a queue that was not empty costs no system call; the
 * promise that no accepted operation is lost rests on counting before looking at `is_stopping`.
 */
#include "lane/queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum og_code
og_lane_queue_init(struct og_lane_queue *self, int max, struct og_err *err)
{
    *self = (struct og_lane_queue){.max = max};
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "cannot make an eventfd: %s", strerror(errno));
    }
    return OG_OK;
}

void
og_lane_queue_finish(struct og_lane_queue *self)
{
    if (self->wake_fd >= 0) {
        close(self->wake_fd);
    }
    self->wake_fd = -1;
}

/* Fails only when the counter is at its end, and then the consumer is awake anyway. */
static void
wake(struct og_lane_queue *self)
{
    uint64_t one = 1;
    ssize_t done = write(self->wake_fd, &one, sizeof one);
    (void)done;
}

/* False when the time is over. */
static bool
sleep_until_woken(struct og_lane_queue *self, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = self->wake_fd, .events = POLLIN};
    int ready = poll(&poll_fd, 1, timeout_ms);
    if (ready > 0) {
        uint64_t count;
        ssize_t got = read(self->wake_fd, &count, sizeof count);
        (void)got;
    }
    return ready != 0;
}

void
og_lane_queue_give_back(struct og_lane_queue *self, int count)
{
    atomic_fetch_sub(&self->shared.in_flight, count);
    if (atomic_load(&self->shared.is_stopping)) {
        wake(self);
    }
}

enum og_code
og_lane_queue_push(struct og_lane_queue *self, struct og_op *op)
{
    int before = atomic_fetch_add(&self->shared.in_flight, 1);
    if (atomic_load(&self->shared.is_stopping)) {
        og_lane_queue_give_back(self, 1);
        return OG_E_UNAVAILABLE;
    }
    if (before >= self->max && !op->is_ours) {
        og_lane_queue_give_back(self, 1);
        return OG_E_BUSY;
    }
    if (og_mpsc_push(&self->shared.waiting, &op->node)) {
        wake(self);
    }
    return OG_OK;
}

int
og_lane_queue_length(struct og_lane_queue *self)
{
    return atomic_load(&self->shared.in_flight);
}

void
og_lane_queue_stop(struct og_lane_queue *self)
{
    atomic_store(&self->shared.is_stopping, true);
    wake(self);
}

static void
append(struct og_lane_taken *list, struct og_mpsc_node *node)
{
    node->next = NULL;
    if (list->last) {
        list->last->next = node;
    } else {
        list->first = node;
    }
    list->last = node;
    list->count++;
}

int
og_lane_queue_collect(struct og_lane_queue *self)
{
    struct og_mpsc_node *node = og_mpsc_take_all(&self->shared.waiting);
    while (node) {
        struct og_mpsc_node *next = node->next;
        const struct og_op *op = OG_CONTAINER_OF(node, struct og_op, node);
        append(op->kind->can_wait ? &self->later : &self->taken, node);
        node = next;
    }
    return self->taken.count + self->later.count;
}

enum og_lane_wait
og_lane_queue_wait(struct og_lane_queue *self, int timeout_ms)
{
    if (og_lane_queue_collect(self) > 0) {
        return OG_LANE_WAIT_OPS;
    }
    if (atomic_load(&self->shared.is_stopping) && og_lane_queue_length(self) == 0) {
        return OG_LANE_WAIT_ENDED;
    }
    bool is_woken = sleep_until_woken(self, timeout_ms);
    if (og_lane_queue_collect(self) > 0) {
        return OG_LANE_WAIT_OPS;
    }
    return is_woken ? OG_LANE_WAIT_WOKEN : OG_LANE_WAIT_TIMEOUT;
}

static struct og_op *
take(struct og_lane_taken *list)
{
    struct og_mpsc_node *node = list->first;
    if (!node) {
        return NULL;
    }
    list->first = node->next;
    list->last = node->next ? list->last : NULL;
    list->count--;
    return OG_CONTAINER_OF(node, struct og_op, node);
}

struct og_op *
og_lane_queue_next(struct og_lane_queue *self)
{
    struct og_op *op = take(&self->taken);
    return op ? op : take(&self->later);
}

struct og_op *
og_lane_queue_next_urgent(struct og_lane_queue *self)
{
    return take(&self->taken);
}

int64_t
og_lane_queue_later_since_us(const struct og_lane_queue *self)
{
    const struct og_mpsc_node *node = self->later.first;
    return node ? OG_CONTAINER_OF(node, const struct og_op, node)->submitted_us : 0;
}
