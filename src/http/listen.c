/*
 * Binds the listening sockets: one per address and loop, shared by SO_REUSEPORT so that the kernel
 * spreads connections. Sockets are bound at create, so that a port in use is told before anything
 * runs; they listen from start on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/http_priv.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

static socklen_t
parse_address(const char *text, int port, union address *out)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        return sizeof(out->v4);
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return sizeof(out->v6);
    }
    return 0;
}

/* Returns a bound socket, or -1 with errno. */
static int
bind_socket(const union address *address, socklen_t len, bool shared)
{
    const int on = 1;
    bool is_any6 = address->any.sa_family == AF_INET6 &&
                   IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
    const int only6 = !is_any6;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        (address->any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6)) != 0) ||
        bind(fd, &address->any, len) != 0) {
        int cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

/* With SO_REUSEPORT a second server of the same user could share our port unseen. So bind once
 * without it, and see that the port can be listened on. */
static bool
is_free(const union address *address, socklen_t len)
{
    int fd = bind_socket(address, len, false);
    if (fd < 0) {
        return false;
    }
    bool ok = listen(fd, 1) == 0;
    int cause = errno;
    close(fd);
    errno = cause;
    return ok;
}

static int
bound_port(int fd)
{
    union address address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, &address.any, &len) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* Bind one address for every worker at door `slot`. *port 0 becomes the port that was found. */
static bool
bind_all(struct og_http_server *server, const char *text, int *port, bool is_tls, int slot)
{
    union address address;
    socklen_t len = parse_address(text, *port, &address);
    if (*port != 0 && !is_free(&address, len)) {
        return false;
    }
    for (int i = 0; i < server->worker_count; i++) {
        struct og_door *door = &server->workers[i].doors[slot];
        len = parse_address(text, *port, &address);
        door->fd = bind_socket(&address, len, server->worker_count > 1);
        if (door->fd < 0) {
            return false;
        }
        door->is_tls = is_tls;
        *port = bound_port(door->fd);
    }
    return true;
}

static void
unbind_all(struct og_http_server *server, int slot)
{
    int cause = errno;
    for (int i = 0; i < server->worker_count; i++) {
        struct og_door *door = &server->workers[i].doors[slot];
        if (door->fd >= 0) {
            close(door->fd);
            door->fd = -1;
        }
    }
    errno = cause;
}

#define LOCALHOST_TRIES 20

/* Both loopback addresses on one port. A machine without IPv6 is fine; a port 0 that is free on one
 * and taken on the other is drawn again. */
static bool
bind_localhost(struct og_http_server *server, int *port, bool is_tls, int slot)
{
    const int wanted = *port;
    for (int i = 0; i < LOCALHOST_TRIES; i++) {
        *port = wanted;
        if (!bind_all(server, "127.0.0.1", port, is_tls, slot)) {
            return false;
        }
        if (bind_all(server, "::1", port, is_tls, slot + 1)) {
            return true;
        }
        unbind_all(server, slot + 1);
        if (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) {
            return true;
        }
        if (wanted != 0 || errno != EADDRINUSE) {
            return false;
        }
        unbind_all(server, slot);
    }
    return false;
}

enum og_code
og_http_bind(struct og_http_server *server, struct og_err *err)
{
    for (int i = 0; i < server->config.listen_count; i++) {
        const struct og_http_listen *row = &server->config.listen[i];
        union address address;
        bool is_localhost = strcmp(row->address, "localhost") == 0;
        if (!is_localhost && parse_address(row->address, 0, &address) == 0) {
            return og_fail(err, OG_E_INVALID, "listen", "%s is not an IP address or localhost",
                           row->address);
        }
        if (row->port < 0 || row->port > 65535) {
            return og_fail(err, OG_E_INVALID, "listen", "%d is not a port", row->port);
        }
        server->ports[i] = row->port;
        bool ok = is_localhost
                      ? bind_localhost(server, &server->ports[i], row->tls, 2 * i)
                      : bind_all(server, row->address, &server->ports[i], row->tls, 2 * i);
        if (!ok) {
            return og_fail(err, OG_E_UNAVAILABLE, "listen", "cannot listen on %s port %d: %s",
                           row->address, row->port, strerror(errno));
        }
    }
    return OG_OK;
}
