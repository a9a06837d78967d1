/*
 * The three ways out. A batch is sent whole or again.
 */
#include "cli/audit_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cli/client.h"
#include "net/tls_pipe.h"

#define SYSLOG_PORT "6514" /* RFC 5425 section 4.1 */
#define TIMEOUT_MS 10000
#define FRAMES_BYTES_MAX (64 * 1024 * 1024)

struct og_audit_out {
    struct og_audit_out_config config;
    enum og_code (*send)(struct og_audit_out *self, struct og_str lines, struct og_err *err);
    struct og_arena mem;
    const char *host, *port;   /* of TLS */
    struct og_tls_pipe *pipe;  /* NULL: not connected */
    const char *authorization; /* of Splunk */
};

/* ---- standard output ---- */

static enum og_code
send_stdout(struct og_audit_out *self, struct og_str lines, struct og_err *err)
{
    (void)self;
    bool is_good = fwrite(lines.ptr, 1, lines.len, stdout) == lines.len && fflush(stdout) == 0;
    return is_good ? OG_OK : og_fail(err, OG_E_INVALID, "", "nobody reads the output any more");
}

/* ---- syslog over TLS ---- */

/* RFC 5425 section 4.3: each message after its length. */
static void
frame(struct og_str lines, struct og_buf *out)
{
    while (lines.len > 0) {
        size_t len = og_str_find(lines, '\n');
        og_buf_printf(out, "%zu ", len);
        og_buf_add(out, og_str_slice(lines, 0, len));
        lines = og_str_slice(lines, len + 1, lines.len);
    }
}

static enum og_code
send_tls(struct og_audit_out *self, struct og_str lines, struct og_err *err)
{
    struct og_buf frames;
    enum og_code code = OG_OK;
    if (!self->pipe) {
        code = og_tls_pipe_open(self->host, self->port, self->config.ca_file, TIMEOUT_MS,
                                &self->pipe, err);
    }
    if (code != OG_OK) {
        return code;
    }
    og_buf_init(&frames, FRAMES_BYTES_MAX);
    frame(lines, &frames);
    code = og_tls_pipe_send(self->pipe, og_buf_str(&frames), err);
    og_buf_finish(&frames);
    if (code != OG_OK) {
        og_tls_pipe_close(self->pipe);
        self->pipe = NULL;
    }
    return code;
}

/* ---- Splunk ---- */

static enum og_code
judge_splunk(int status, struct og_err *err)
{
    if (status / 100 == 2) {
        return OG_OK;
    }
    bool may_pass = status / 100 == 5 || status == 429 || status == 408;
    return og_fail(err, may_pass ? OG_E_UNAVAILABLE : OG_E_FORBIDDEN, "",
                   "the collector answered %d", status);
}

static enum og_code
send_splunk(struct og_audit_out *self, struct og_str lines, struct og_err *err)
{
    struct og_client client = {self->config.to, self->config.ca_file, self->authorization, NULL};
    const struct og_client_ask ask = {
        .method = "POST", .path = "/services/collector/event", .body = lines};
    struct og_client_answer answer = {0};
    enum og_code code = og_client_call(&client, &ask, &answer, err);
    if (code == OG_OK) {
        code = judge_splunk(answer.status, err);
    }
    og_buf_finish(&answer.body);
    og_client_finish(&client);
    return code;
}

/* ---- life ---- */

/* "host", "host:port", "[v6]:port" */
static bool
read_host(struct og_audit_out *self, struct og_str text)
{
    struct og_str host = text, port = OG_STR(SYSLOG_PORT);
    size_t end = text.len && text.ptr[0] == '[' ? og_str_find(text, ']') : 0;
    size_t colon = end + og_str_find(og_str_slice(text, end, text.len), ':');
    if (colon < text.len) {
        host = og_str_slice(text, 0, colon);
        port = og_str_slice(text, colon + 1, text.len);
    }
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = og_str_slice(host, 1, host.len - 1);
    }
    self->host = og_str_cstr(&self->mem, host);
    self->port = og_str_cstr(&self->mem, port);
    int64_t number;
    return host.len > 0 && og_str_to_i64(port, &number) && number > 0 && number < 65536;
}

static enum og_code
choose(struct og_audit_out *self, struct og_err *err)
{
    static const struct og_str tls = {"tls://", 6};
    struct og_str to = og_str_from(self->config.to);
    if (to.len == 0) {
        self->send = send_stdout;
    } else if (og_str_starts(to, tls) &&
               read_host(self, og_str_slice(to, tls.len, to.len))) {
        self->send = send_tls;
    } else if (og_str_starts(to, OG_STR("https://")) || og_str_starts(to, OG_STR("http://"))) {
        self->send = send_splunk;
        self->authorization =
            self->config.token
                ? og_str_printf(&self->mem, "Splunk %s", self->config.token).ptr
                : NULL;
    } else {
        return og_fail(err, OG_E_INVALID, "to",
                       "--to is tls://host:6514 or https://splunk.example:8088");
    }
    return OG_OK;
}

enum og_code
og_audit_out_open(const struct og_audit_out_config *config, struct og_audit_out **out,
                  struct og_err *err)
{
    struct og_audit_out *self = og_xalloc(sizeof *self);
    self->config = *config;
    og_arena_init(&self->mem, 0);
    enum og_code code = choose(self, err);
    if (code != OG_OK) {
        og_audit_out_close(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

enum og_code
og_audit_out_send(struct og_audit_out *self, struct og_str lines, struct og_err *err)
{
    return self->send(self, lines, err);
}

void
og_audit_out_close(struct og_audit_out *self)
{
    if (self) {
        og_tls_pipe_close(self->pipe);
        og_arena_finish(&self->mem);
        free(self);
    }
}
