/*
 * Reading a password file. What was read is wiped; only the secret stays.
 */
#include "app/password.h"

#include "base/files.h"

#define FILE_BYTES_MAX 4096

enum og_code
og_app_password(const char *field, const char *option, const char *file, struct og_secret *out,
                struct og_err *err)
{
    struct og_buf content;
    if (!file[0]) {
        (void)og_secret_set(out, og_str_from(option));
        return OG_OK;
    }
    og_buf_init(&content, FILE_BYTES_MAX);
    enum og_code code = og_file_read(file, &content, err);
    if (code == OG_OK && og_file_is_exposed(file)) {
        code = og_fail(err, OG_E_FORBIDDEN, field, "%s: %.120s can be read by others: chmod 600 it",
                       field, file);
    }
    if (code == OG_OK) {
        const struct og_str text = og_buf_str(&content);
        const struct og_str line = og_str_slice(text, 0, og_str_find(text, '\n'));
        if (line.len == 0 || !og_secret_set(out, line)) {
            code = og_fail(err, OG_E_INVALID, field, "%s: %.120s has no password in its first line",
                           field, file);
        }
    }
    og_buf_finish(&content);
    return code;
}
