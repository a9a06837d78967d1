/*
 * Blocking calls on top of the asynchronous client: the call is started on the loop, the caller
 * waits.
 */
#include "app/demo_client.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "net/http_client.h"

struct og_demo_client {
    struct og_loop *loop;
    struct og_client *client;
    char base_url[128];
    char ca_file[1024];
    struct og_loop_task task;
    sem_t done;
    /* of the call under way */
    struct og_client_ask ask;
    enum og_code code;
    struct og_err err;
    int status;
    struct og_buf body;
};

static void
create_here(struct og_loop_task *task)
{
    struct og_demo_client *self = OG_CONTAINER_OF(task, struct og_demo_client, task);
    struct og_client_config config = {.ca_file = self->ca_file[0] ? self->ca_file : NULL};
    self->code = og_client_create(self->loop, &config, &self->client, &self->err);
    sem_post(&self->done);
}

static void
destroy_here(struct og_loop_task *task)
{
    struct og_demo_client *self = OG_CONTAINER_OF(task, struct og_demo_client, task);
    og_client_destroy(self->client);
    sem_post(&self->done);
}

/* Run a task on the loop and wait until it says that it is done. */
static void
run_there(struct og_demo_client *self, void (*run)(struct og_loop_task *task))
{
    self->task.run = run;
    og_loop_post(self->loop, &self->task);
    while (sem_wait(&self->done) != 0) {
    }
}

enum og_code
og_demo_client_create(struct og_loop *loop, const char *base_url, const char *ca_file,
                      struct og_demo_client **out, struct og_err *err)
{
    struct og_demo_client *self = og_xalloc(sizeof *self);
    self->loop = loop;
    snprintf(self->base_url, sizeof self->base_url, "%s", base_url);
    snprintf(self->ca_file, sizeof self->ca_file, "%s", ca_file);
    og_buf_init(&self->body, 1024 * 1024);
    sem_init(&self->done, 0, 0);
    run_there(self, create_here);
    if (self->code != OG_OK) {
        *err = self->err;
        og_demo_client_destroy(self);
        return err->code;
    }
    *out = self;
    return OG_OK;
}

void
og_demo_client_destroy(struct og_demo_client *self)
{
    if (!self) {
        return;
    }
    if (self->client) {
        run_there(self, destroy_here);
    }
    og_buf_finish(&self->body);
    sem_destroy(&self->done);
    free(self);
}

static void
on_done(void *ctx, const struct og_client_answer *answer)
{
    struct og_demo_client *self = ctx;
    self->status = answer->status;
    og_buf_clear(&self->body);
    og_buf_add(&self->body, answer->body);
    if (answer->failure != OG_CLIENT_ANSWERED) {
        self->code = og_fail(&self->err, OG_E_UNAVAILABLE, "", "no answer: %s", answer->reason);
    } else if (answer->status / 100 != 2) {
        self->code = og_fail(&self->err, OG_E_INVALID, "", "answered %d: %.150s", answer->status,
                             self->body.ptr ? self->body.ptr : "");
    }
    sem_post(&self->done);
}

static void
send_here(struct og_loop_task *task)
{
    struct og_demo_client *self = OG_CONTAINER_OF(task, struct og_demo_client, task);
    og_client_send(self->client, &self->ask);
}

enum og_code
og_demo_call(struct og_demo_client *self, const char *method, const char *path, const char *token,
             const char *body, struct og_json_doc *out, struct og_err *err)
{
    char url[512], bearer[300];
    snprintf(url, sizeof url, "%s%s", self->base_url, path);
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    struct og_client_headers *headers = og_client_headers_create();
    bool fits = og_client_headers_add(headers, "Authorization", og_str_from(bearer)) &&
                og_client_headers_add(headers, "Content-Type", OG_STR("application/json"));
    self->code = fits ? OG_OK : og_fail(&self->err, OG_E_INTERNAL, "", "header refused");
    if (fits) {
        self->ask = (struct og_client_ask){.method = method,
                                           .url = url,
                                           .headers = headers,
                                           .body = og_str_from(body),
                                           .on_done = on_done,
                                           .ctx = self};
        run_there(self, send_here);
    }
    og_client_headers_destroy(headers);
    og_wipe(bearer, sizeof bearer);
    if (self->code != OG_OK) {
        *err = self->err;
        return self->code;
    }
    return og_json_parse(self->body.len ? og_buf_str(&self->body) : OG_STR("null"),
                         OG_JSON_DEPTH_DEFAULT, out, err);
}

const char *
og_demo_text(const struct og_json_doc *doc, const char *name, struct og_arena *mem)
{
    struct og_str text;
    const struct og_json *node = og_json_get(doc->root, name);
    return node && og_json_to_str(node, &text) ? og_str_cstr(mem, text) : "";
}
