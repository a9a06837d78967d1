/*
 * Where a passphrase may come from. The terminal is asked without showing what is typed.
 */
#include "cli/passphrase.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/files.h"

#define PASSPHRASE_MAX_BYTES 128

static int
take(struct og_cli *cli, struct og_str text, const char *source, struct og_secret *out)
{
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
        text.len--;
    }
    if (text.len == 0 || text.len > PASSPHRASE_MAX_BYTES || !og_str_is_utf8(text) ||
        og_str_find(text, '\0') < text.len) {
        return og_cli_usage(cli, "the passphrase of %s is not 1 to %d bytes of UTF-8", source,
                            PASSPHRASE_MAX_BYTES);
    }
    return og_secret_set(out, text) ? OG_EXIT_OK : OG_EXIT_USAGE;
}

static int
from_file(struct og_cli *cli, const char *path, struct og_secret *out)
{
    struct og_buf text;
    struct og_err err;
    if (og_file_is_exposed(path)) {
        return og_cli_usage(cli, "others can read the passphrase; chmod 600 %s first", path);
    }
    og_buf_init(&text, OG_SECRET_MAX_BYTES);
    int exit_code = og_file_read(path, &text, &err) == OG_OK
                        ? take(cli, og_buf_str(&text), path, out)
                        : og_cli_usage_err(cli, &err);
    og_buf_wipe(&text);
    og_buf_finish(&text);
    return exit_code;
}

/* One line of the terminal. Nothing is shown from before the prompt on, and what was typed before it
 * does not count. */
static ssize_t
read_unseen(int fd, char *line, size_t size_bytes)
{
    static const char prompt[] = "Passphrase (as in the phone's settings): ";
    struct termios shown, hidden;
    if (tcgetattr(fd, &shown) != 0) {
        return -1;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0) {
        return -1;
    }
    ssize_t got = write(fd, prompt, sizeof prompt - 1) > 0 ? read(fd, line, size_bytes) : -1;
    (void)tcsetattr(fd, TCSADRAIN, &shown);
    return write(fd, "\n", 1) == 1 ? got : -1;
}

static int
from_terminal(struct og_cli *cli, struct og_secret *out)
{
    char line[OG_SECRET_MAX_BYTES];
    int fd = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) {
        return og_cli_usage(cli, "--encrypt needs a passphrase: --passphrase-file FILE, "
                                 "OTPGATE_PASSPHRASE, or a terminal to ask");
    }
    ssize_t got = read_unseen(fd, line, sizeof line);
    close(fd);
    int exit_code =
        take(cli, (struct og_str){line, got > 0 ? (size_t)got : 0}, "the terminal", out);
    og_wipe(line, sizeof line);
    return exit_code;
}

int
og_cli_passphrase(struct og_cli *cli, struct og_secret *out)
{
    const char *path = og_args_value(&cli->args, "passphrase-file");
    const char *value = getenv("OTPGATE_PASSPHRASE");
    if (path) {
        return from_file(cli, path, out);
    }
    return value && value[0] ? take(cli, og_str_from(value), "OTPGATE_PASSPHRASE", out)
                             : from_terminal(cli, out);
}
