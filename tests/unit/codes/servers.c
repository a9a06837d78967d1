/*
 * A server is up when its port takes connections. One that ends at once gets another port.
 */
#include "tests/unit/codes/servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 40
#define COME_UP_MS 20000

static struct sockaddr_in
at_port(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int
free_port(void)
{
    struct sockaddr_in address = at_port(0);
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        abort();
    }
    close(fd);
    return ntohs(address.sin_port);
}

static int
connect_to(int port)
{
    const struct sockaddr_in address = at_port(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool
wait_up(struct server *self)
{
    for (int i = 0; i < COME_UP_MS / 5; i++) {
        const int fd = connect_to(self->port);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (waitpid(self->pid, NULL, WNOHANG) == self->pid) {
            self->pid = 0;
            return false; /* the port was taken meanwhile, or an option is wrong */
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return false;
}

/* It ends with the test, however that ends. */
static void
become(const char **words)
{
    const int nowhere = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd < 3; fd++) {
        dup2(nowhere, fd);
    }
    execvp(words[0], (char *const *)words);
    _exit(127);
}

static bool
spawn(struct server *self, const char **words, int count, const char *const *options)
{
    while (options && *options && count < WORDS_MAX - 1) {
        words[count++] = *options++;
    }
    words[count] = NULL;
    self->pid = fork();
    if (self->pid == 0) {
        become(words);
    }
    return self->pid > 0 && wait_up(self);
}

bool
redis_restart(struct server *self, const char *const *options)
{
    char port[8];
    const char *words[WORDS_MAX] = {"redis-server", "--port", port, "--bind", "127.0.0.1",
                                    "--save", "", "--appendonly", "no", "--dir", "/tmp"};
    snprintf(port, sizeof(port), "%d", self->port);
    return spawn(self, words, 11, options);
}

bool
memcached_restart(struct server *self, const char *const *options)
{
    char port[8];
    const char *words[WORDS_MAX] = {"memcached", "-l", "127.0.0.1", "-p", port, "-U", "0",
                                    "-t", "2", "-u", "nobody"};
    snprintf(port, sizeof(port), "%d", self->port);
    return spawn(self, words, 11, options);
}

static bool
start(struct server *self, const char *const *options,
      bool (*restart)(struct server *self, const char *const *options))
{
    for (int i = 0; i < 3; i++) {
        self->port = free_port();
        snprintf(self->address, sizeof(self->address), "127.0.0.1:%d", self->port);
        if (restart(self, options)) {
            return true;
        }
        server_stop(self);
    }
    return false;
}

bool
redis_start(struct server *self, const char *const *options)
{
    return start(self, options, redis_restart);
}

bool
memcached_start(struct server *self, const char *const *options)
{
    return start(self, options, memcached_restart);
}

void
server_stop(struct server *self)
{
    if (self->pid > 0) {
        kill(self->pid, SIGKILL);
        waitpid(self->pid, NULL, 0);
        self->pid = 0;
    }
}

void
server_pause(struct server *self, bool is_paused)
{
    kill(self->pid, is_paused ? SIGSTOP : SIGCONT);
}

void
server_say(const struct server *self, const char *command, const char *end, char *out,
           size_t size_bytes)
{
    size_t len = 0;
    const int fd = connect_to(self->port);
    out[0] = '\0';
    if (fd < 0) {
        return;
    }
    if (write(fd, command, strlen(command)) > 0 && write(fd, "\r\n", 2) == 2) {
        while (len + 1 < size_bytes && !strstr(out, end)) {
            const ssize_t got = read(fd, out + len, size_bytes - 1 - len);
            if (got <= 0) {
                break;
            }
            len += (size_t)got;
            out[len] = '\0';
        }
    }
    close(fd);
}

void
redis_say(const struct server *self, const char *command, char *out, size_t size_bytes)
{
    char answer[256];
    server_say(self, command, "\n", answer, sizeof(answer));
    answer[strcspn(answer, "\r\n")] = '\0';
    snprintf(out, size_bytes, "%s", answer[0] ? answer + 1 : "");
}
