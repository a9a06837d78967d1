/*
 * An event loop thread's face to other threads: post a task, it runs there.
 *
 * The one door to libuv's loop for those who only need to come back to it. The task is embedded in
 * the caller's struct; posting takes no lock and wakes the loop once per batch.
 */
#pragma once

#include "base/err.h"
#include "base/mpsc.h"

struct uv_loop_s;
struct og_loop;

struct og_loop_task {
    struct og_mpsc_node node;
    void (*run)(struct og_loop_task *self); /* on the loop's thread */
};

/* A loop in a thread of its own. name: at most 15 bytes, shown by the system's tools. */
OG_MUST_CHECK enum og_code og_loop_create(const char *name, struct og_loop **out,
                                          struct og_err *err);
/* Runs the thread; before that the loop belongs to the caller, who may add handles to it. */
OG_MUST_CHECK enum og_code og_loop_start(struct og_loop *self, struct og_err *err);
/* Ask the thread to leave once every handle is closed and no task waits. Any thread. A task posted
 * after it has left never runs, so stop those who post first. */
void og_loop_stop(struct og_loop *self);
void og_loop_join(struct og_loop *self);
void og_loop_destroy(struct og_loop *self); /* after join; takes NULL */

/* Any thread. */
void og_loop_post(struct og_loop *self, struct og_loop_task *task);
/* For the rooms that add handles of their own (http, net, phone); on the loop's thread only. */
struct uv_loop_s *og_loop_uv(struct og_loop *self);
/* Is this the loop's own thread? For assertions. */
bool og_loop_is_here(const struct og_loop *self);
