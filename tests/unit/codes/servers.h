/*
 * Redis and memcached for tests: Debian's programs on a free port of loopback, each with memory
 * only, ended by process id.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    int port;
    char address[32]; /* "127.0.0.1:12345" */
};

/* options: further words of the command line, ended by NULL, or NULL. False when it does not come
 * up. */
bool redis_start(struct server *self, const char *const *options);
bool memcached_start(struct server *self, const char *const *options);
/* Again on the same port. */
bool redis_restart(struct server *self, const char *const *options);
bool memcached_restart(struct server *self, const char *const *options);
void server_stop(struct server *self);
void server_pause(struct server *self, bool is_paused); /* it neither reads nor answers */

/* Send one line and read until `end` has come. */
void server_say(const struct server *self, const char *command, const char *end, char *out,
                size_t size_bytes);
/* The same to a Redis: the answer's first line without its first character, or "". */
void redis_say(const struct server *self, const char *command, char *out, size_t size_bytes);
