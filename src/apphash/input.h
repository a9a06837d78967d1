/*
 * A file of any size that is read in places: of an app only its end and a few small entries are
 * needed. What cannot be read in places (a pipe) is read whole, up to a limit.
 *
 * One thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define OG_INPUT_PIPE_BYTES_MAX (256u * 1024 * 1024)

struct og_input {
    int fd;            /* -1: all is in `whole` */
    struct og_str whole;
    uint64_t size_bytes;
    struct og_buf buf; /* owns `whole` when it was read from a pipe */
};

/* path  "-" is standard input. Errors: OG_E_NOT_FOUND, OG_E_TOO_LARGE, OG_E_INVALID, "file" */
OG_MUST_CHECK enum og_code og_input_open(struct og_input *self, const char *path,
                                         struct og_err *err);
/* Over bytes that the caller keeps. */
void og_input_over(struct og_input *self, struct og_str bytes);
void og_input_close(struct og_input *self); /* takes zeroed that was never opened */

/*
 * Exactly `count` bytes from `at`. The caller has compared `count` with a limit of his own.
 * out     borrowed from the input or in `mem`
 * Errors  OG_E_INVALID "file": the file ends before
 */
OG_MUST_CHECK enum og_code og_input_read(const struct og_input *self, uint64_t at, size_t count,
                                         struct og_arena *mem, struct og_str *out,
                                         struct og_err *err);
