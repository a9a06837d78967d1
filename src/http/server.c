/*
 * The server as its owner sees it: made, started, given new certificates, stopped. Everything that
 * happens on connections is in the workers; what is shared with them is behind one mutex.
 */
#include "http/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "http/http_priv.h"

#define ABORT_WAIT_MS 2000

void
og_http_config_defaults(struct og_http_config *config)
{
    *config = (struct og_http_config){
        .header_bytes_max = 16 * 1024,
        .header_count_max = 64,
        .header_timeout_ms = 10000,
        .body_timeout_ms = 30000,
        .body_rate_min = 256,
        .idle_timeout_ms = 75000,
        .write_timeout_ms = 30000,
        .connections_max = 10000,
        .stop_timeout_ms = 10000,
        .stream_ack_timeout_ms = 10000,
        .clock = og_clock_system(),
    };
}

int
og_http_config_loop_count(const struct og_http_config *config)
{
    if (config->loop_count > 0) {
        return config->loop_count < OG_HTTP_LOOPS_MAX ? config->loop_count : OG_HTTP_LOOPS_MAX;
    }
    long loops = sysconf(_SC_NPROCESSORS_ONLN) / 2;
    return loops < 1 ? 1 : loops > 4 ? 4 : (int)loops;
}

/* Creating */

static void
copy_config(struct og_http_config *to, const struct og_http_config *from)
{
    *to = *from;
    for (int i = 0; i < from->listen_count; i++) {
        to->listen[i].address = og_xstrdup(from->listen[i].address);
    }
    to->cert_file = og_xstrdup(from->cert_file);
    to->key_file = og_xstrdup(from->key_file);
    to->client_ca_file = og_xstrdup(from->client_ca_file);
    to->ticket_key_file = og_xstrdup(from->ticket_key_file);
    to->loop_count = og_http_config_loop_count(from);
}

static void
free_config(struct og_http_config *config)
{
    for (int i = 0; i < config->listen_count; i++) {
        free((char *)config->listen[i].address);
    }
    free((char *)config->cert_file);
    free((char *)config->key_file);
    free((char *)config->client_ca_file);
    free((char *)config->ticket_key_file);
}

static bool
has_tls(const struct og_http_config *config)
{
    for (int i = 0; i < config->listen_count; i++) {
        if (config->listen[i].tls) {
            return true;
        }
    }
    return false;
}

static enum og_code
load_tls(struct og_http_server *self, struct og_tls_context **out, struct og_err *err)
{
    const struct og_http_config *config = &self->config;
    struct og_tls_files files = {config->cert_file, config->key_file, config->client_ca_file, {0}};
    if (!config->cert_file || !config->key_file) {
        return og_fail(err, OG_E_INVALID, config->cert_file ? "key_file" : "cert_file",
                       "TLS needs a certificate and its key");
    }
    memcpy(files.ticket_key, self->ticket_key, sizeof(files.ticket_key));
    return og_tls_context_create(&files, out, err);
}

static enum og_code
set_up(struct og_http_server *self, struct og_err *err)
{
    if (self->config.listen_count < 1 || self->config.listen_count > OG_HTTP_LISTENS_MAX) {
        return og_fail(err, OG_E_INVALID, "listen", "needs 1 to %d addresses", OG_HTTP_LISTENS_MAX);
    }
    if (has_tls(&self->config)) {
        enum og_code code =
            og_tls_ticket_key(self->config.ticket_key_file, self->ticket_key, err);
        if (code == OG_OK) {
            code = load_tls(self, &self->shared.tls, err);
        }
        if (code != OG_OK) {
            return code;
        }
    }
    self->workers = og_xalloc(sizeof(*self->workers) * (size_t)self->config.loop_count);
    for (int i = 0; i < self->config.loop_count; i++) {
        enum og_code code = og_worker_create(&self->workers[i], self, i, err);
        self->worker_count = i + 1;
        if (code != OG_OK) {
            return code;
        }
    }
    if (self->config.connections_per_address_max > 0) {
        self->peers = og_peers_create();
    }
    return og_http_bind(self, err);
}

enum og_code
og_http_server_create(const struct og_http_config *config, const struct og_http_handler *handler,
                      struct og_http_server **out, struct og_err *err)
{
    struct og_http_server *self = og_xalloc(sizeof(*self));
    pthread_condattr_t attr;

    og_http_metrics_register();
    copy_config(&self->config, config);
    self->handler = *handler;
    pthread_mutex_init(&self->shared.lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&self->shared.idle, &attr);
    pthread_condattr_destroy(&attr);
    enum og_code code = set_up(self, err);
    if (code != OG_OK) {
        og_http_server_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

enum og_code
og_http_server_start(struct og_http_server *self, struct og_err *err)
{
    enum og_code code = OG_OK;
    signal(SIGPIPE, SIG_IGN); /* a peer that has gone is an error of write() */
    for (int i = 0; i < self->worker_count && code == OG_OK; i++) {
        code = og_worker_open(&self->workers[i], err);
    }
    /* Also after a failure: handles can only be closed by loops that run. */
    for (int i = 0; i < self->worker_count; i++) {
        enum og_code start_code = og_loop_start(self->workers[i].loop, code == OG_OK ? err : NULL);
        code = code == OG_OK ? start_code : code;
    }
    self->is_running = true;
    return code;
}

enum og_code
og_http_server_reload(struct og_http_server *self, struct og_err *err)
{
    struct og_tls_context *fresh;
    if (!self->shared.tls) {
        return OG_OK;
    }
    enum og_code code = load_tls(self, &fresh, err);
    if (code != OG_OK) {
        return code;
    }
    pthread_mutex_lock(&self->shared.lock);
    struct og_tls_context *old = self->shared.tls;
    self->shared.tls = fresh;
    pthread_mutex_unlock(&self->shared.lock);
    og_tls_context_destroy(old);
    og_log_info("http", "certificates loaded again", "");
    return OG_OK;
}

/* Stopping */

/* True when every worker is idle within the time. */
static bool
wait_idle(struct og_http_server *self, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&self->shared.lock);
    int status = 0;
    while (self->shared.busy_workers > 0 && status != ETIMEDOUT) {
        status = pthread_cond_timedwait(&self->shared.idle, &self->shared.lock, &until);
    }
    bool idle = self->shared.busy_workers == 0;
    pthread_mutex_unlock(&self->shared.lock);
    return idle;
}

void
og_http_server_stop(struct og_http_server *self)
{
    if (!self->is_running || self->is_stopped) {
        return;
    }
    self->is_stopped = true;
    pthread_mutex_lock(&self->shared.lock);
    self->shared.busy_workers = self->worker_count;
    pthread_mutex_unlock(&self->shared.lock);
    for (int i = 0; i < self->worker_count; i++) {
        og_worker_stop(&self->workers[i]);
    }
    if (wait_idle(self, self->config.stop_timeout_ms)) {
        return;
    }
    og_log_warn("http", "closing connections that did not end in time", "connections=%d",
                atomic_load(&self->connections));
    for (int i = 0; i < self->worker_count; i++) {
        og_worker_abort(&self->workers[i]);
    }
    wait_idle(self, ABORT_WAIT_MS);
}

void
og_http_server_destroy(struct og_http_server *self)
{
    if (!self) {
        return;
    }
    og_http_server_stop(self);
    for (int i = 0; i < self->worker_count; i++) {
        og_worker_destroy(&self->workers[i]);
    }
    free(self->workers);
    og_peers_destroy(self->peers);
    og_tls_context_destroy(self->shared.tls);
    og_wipe(self->ticket_key, sizeof(self->ticket_key));
    pthread_cond_destroy(&self->shared.idle);
    pthread_mutex_destroy(&self->shared.lock);
    free_config(&self->config);
    free(self);
}

int
og_http_server_port(const struct og_http_server *self, int listen_index)
{
    return self->ports[listen_index];
}

int
og_http_server_loop_count(const struct og_http_server *self)
{
    return self->worker_count;
}

struct og_loop *
og_http_server_loop(struct og_http_server *self, int loop_index)
{
    return self->workers[loop_index].loop;
}

void
og_http_server_counts(const struct og_http_server *self, int *connections, int *streams)
{
    *connections = atomic_load(&self->connections);
    *streams = atomic_load(&self->streams);
}
