/*
 * The terminal is read key by key and without its signals, so that it is always put back as it was,
 * also when somebody presses Ctrl-C.
 */
#include "cli/secret_input.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "base/files.h"

enum key {
    KEY_BREAK = 3, /* Ctrl-C */
    KEY_END = 4,   /* Ctrl-D */
    KEY_BACK = 8,
    KEY_CLEAR = 21, /* Ctrl-U */
    KEY_DELETE = 127,
};

enum og_code
og_secret_input_file(const char *path, struct og_secret *out, struct og_err *err)
{
    struct og_buf file;
    *out = (struct og_secret){0};
    if (og_file_is_exposed(path)) {
        return og_fail(err, OG_E_INVALID, "", "others can read it; chmod 600 %.120s first", path);
    }
    og_buf_init(&file, OG_SECRET_MAX_BYTES);
    enum og_code code = og_file_read(path, &file, err);
    struct og_str text = og_buf_str(&file);
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
        text.len--;
    }
    if (code == OG_OK && !og_secret_set(out, text)) {
        code = og_fail(err, OG_E_INVALID, "", "the secret in %.120s is too long", path);
    }
    og_buf_finish(&file);
    return code;
}

/* ---- the terminal ---- */

bool
og_secret_input_can_ask(void)
{
    return isatty(STDIN_FILENO);
}

static void
remove_last(struct og_secret *secret)
{
    while (secret->len > 0) {
        char c = secret->bytes[--secret->len];
        secret->bytes[secret->len] = '\0';
        if ((c & 0xc0) != 0x80) {
            return; /* the first byte of a character */
        }
    }
}

/* False: broken off, or it does not fit. */
static bool
read_keys(int fd, struct og_secret *out)
{
    char key;
    while (read(fd, &key, 1) == 1) {
        if (key == '\n' || key == '\r') {
            return true;
        }
        if (key == KEY_BREAK || (key == KEY_END && out->len == 0)) {
            return false;
        }
        if (key == KEY_BACK || key == KEY_DELETE) {
            remove_last(out);
        } else if (key == KEY_CLEAR) {
            og_secret_finish(out);
        } else if (out->len == OG_SECRET_MAX_BYTES) {
            return false;
        } else {
            out->bytes[out->len++] = key;
            out->bytes[out->len] = '\0';
        }
    }
    return false;
}

static bool
ask(int fd, const char *question, struct og_secret *out)
{
    struct termios shown, hidden;
    if (tcgetattr(fd, &shown) != 0) {
        return false;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    bool is_read = tcsetattr(fd, TCSAFLUSH, &hidden) == 0 &&
                   write(fd, question, strlen(question)) > 0 && read_keys(fd, out);
    bool is_left = write(fd, "\n", 1) == 1;
    return tcsetattr(fd, TCSADRAIN, &shown) == 0 && is_read && is_left;
}

enum og_code
og_secret_input_ask(const char *question, struct og_secret *out, struct og_err *err)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    *out = (struct og_secret){0};
    bool is_read = fd >= 0 && ask(fd, question, out);
    if (fd >= 0) {
        close(fd);
    }
    if (!is_read) {
        og_secret_finish(out);
        return og_fail(err, OG_E_INVALID, "", "nothing was typed at the terminal");
    }
    return OG_OK;
}
