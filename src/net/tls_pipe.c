/*
 * A socket with time limits under OpenSSL. TCP says by SIOCOUTQ what the peer has not acknowledged;
 * the application above it never answers, so that is the most that can be known.
 */
#include "net/tls_pipe.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"

#define FLUSH_STEP_MS 5

struct og_tls_pipe {
    SSL_CTX *context;
    SSL *tls;
    int fd;
    int timeout_ms;
};

/* ---- the socket ---- */

static int
connect_one(const struct addrinfo *at, int timeout_ms)
{
    struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
                    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
                    connect(fd, at->ai_addr, at->ai_addrlen) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static enum og_code
connect_any(struct og_tls_pipe *self, const char *host, const char *port, struct og_err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int problem = getaddrinfo(host, port, &hints, &found);
    if (problem != 0) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "%s: %s", host, gai_strerror(problem));
    }
    for (const struct addrinfo *at = found; at && self->fd < 0; at = at->ai_next) {
        self->fd = connect_one(at, self->timeout_ms);
    }
    freeaddrinfo(found);
    return self->fd >= 0 ? OG_OK
                         : og_fail(err, OG_E_UNAVAILABLE, "", "no connection to %s port %s: %m",
                                   host, port);
}

/* ---- TLS ---- */

static bool
is_address(const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    ASN1_OCTET_STRING_free(address);
    return address != NULL;
}

static bool
expect_name(SSL *tls, const char *host)
{
    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
    }
    return SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1;
}

static enum og_code
make_tls(struct og_tls_pipe *self, const char *host, const char *ca_file, struct og_err *err)
{
    self->context = SSL_CTX_new(TLS_client_method());
    if (!self->context || SSL_CTX_set_min_proto_version(self->context, TLS1_2_VERSION) != 1) {
        return og_fail(err, OG_E_INTERNAL, "", "TLS cannot be started");
    }
    if ((ca_file ? SSL_CTX_load_verify_locations(self->context, ca_file, NULL)
                 : SSL_CTX_set_default_verify_paths(self->context)) != 1) {
        return og_fail(err, OG_E_INVALID, "ca", "cannot read the authorities in %s", ca_file);
    }
    SSL_CTX_set_verify(self->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(self->context, SSL_MODE_AUTO_RETRY);
    self->tls = SSL_new(self->context);
    if (!self->tls || !expect_name(self->tls, host) || SSL_set_fd(self->tls, self->fd) != 1) {
        return og_fail(err, OG_E_INTERNAL, "", "TLS cannot be started");
    }
    return OG_OK;
}

static enum og_code
shake_hands(struct og_tls_pipe *self, struct og_err *err)
{
    ERR_clear_error();
    if (SSL_connect(self->tls) == 1) {
        return OG_OK;
    }
    long trust = SSL_get_verify_result(self->tls);
    return trust != X509_V_OK
               ? og_fail(err, OG_E_FORBIDDEN, "", "the peer's certificate is not to be trusted: %s",
                         X509_verify_cert_error_string(trust))
               : og_fail(err, OG_E_UNAVAILABLE, "", "the peer speaks no TLS that we accept");
}

enum og_code
og_tls_pipe_open(const char *host, const char *port, const char *ca_file, int timeout_ms,
                 struct og_tls_pipe **out, struct og_err *err)
{
    struct og_tls_pipe *self = og_xalloc(sizeof *self);
    self->fd = -1;
    self->timeout_ms = timeout_ms;
    enum og_code code = connect_any(self, host, port, err);
    if (code == OG_OK) {
        code = make_tls(self, host, ca_file, err);
    }
    if (code == OG_OK) {
        code = shake_hands(self, err);
    }
    if (code != OG_OK) {
        og_tls_pipe_close(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

static enum og_code
wait_until_arrived(const struct og_tls_pipe *self, struct og_err *err)
{
    const struct timespec step = {0, FLUSH_STEP_MS * 1000000L};
    int waiting = 0;
    for (int waited_ms = 0; waited_ms <= self->timeout_ms; waited_ms += FLUSH_STEP_MS) {
        int problem = 0;
        socklen_t len = sizeof problem;
        if (ioctl(self->fd, SIOCOUTQ, &waiting) != 0 ||
            getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &problem, &len) != 0 || problem != 0) {
            return og_fail(err, OG_E_UNAVAILABLE, "", "the connection broke");
        }
        if (waiting == 0) {
            return OG_OK;
        }
        nanosleep(&step, NULL);
    }
    return og_fail(err, OG_E_UNAVAILABLE, "", "the peer does not take what is sent");
}

/* A receiver says nothing; when it does, or closes, that is the end. */
static bool
is_closed(struct og_tls_pipe *self)
{
    char byte;
    ssize_t got = recv(self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0) {
        return true;
    }
    if (got < 0) {
        return errno != EAGAIN && errno != EWOULDBLOCK;
    }
    /* TLS 1.3 sends session tickets of its own accord: let OpenSSL take them */
    int flags = SSL_get_shutdown(self->tls);
    struct timeval soon = {0, 1000}, limit = {self->timeout_ms / 1000, 0};
    setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    int read = SSL_read(self->tls, &byte, 1);
    setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int problem = read > 0 ? SSL_ERROR_NONE : SSL_get_error(self->tls, read);
    return (flags & SSL_RECEIVED_SHUTDOWN) || problem == SSL_ERROR_ZERO_RETURN ||
           problem == SSL_ERROR_SSL;
}

enum og_code
og_tls_pipe_send(struct og_tls_pipe *self, struct og_str bytes, struct og_err *err)
{
    size_t written = 0;
    ERR_clear_error();
    if (is_closed(self)) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "the peer has closed the connection");
    }
    while (bytes.len > 0) {
        if (SSL_write_ex(self->tls, bytes.ptr, bytes.len, &written) != 1) {
            return og_fail(err, OG_E_UNAVAILABLE, "", "the connection broke");
        }
        bytes = og_str_slice(bytes, written, bytes.len);
    }
    return wait_until_arrived(self, err);
}

void
og_tls_pipe_close(struct og_tls_pipe *self)
{
    if (!self) {
        return;
    }
    if (self->tls) {
        (void)SSL_shutdown(self->tls);
    }
    SSL_free(self->tls);
    SSL_CTX_free(self->context);
    if (self->fd >= 0) {
        close(self->fd);
    }
    free(self);
}
