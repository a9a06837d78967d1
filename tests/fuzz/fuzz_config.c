/*
 * Fuzzes the configuration: the input is a file, and each of its lines is also a variable and a
 * flag. What is accepted is printed, and what is printed must be accepted and say the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/option.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
fail_on_change(void *ctx, const struct og_option *option)
{
    (void)ctx;
    CHECK(option->is_secret); /* hidden, so it is the default again */
}

static void
check_round(const struct og_config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    CHECK(out != NULL);
    og_config_write(config, out);
    fclose(out);
    struct og_config again;
    og_config_init(&again);
    CHECK(og_config_add_text(&again, "t", (struct og_str){text, len}, NULL) == OG_OK);
    og_config_each_change(config, &again, fail_on_change, NULL);
    og_config_finish(&again);
    free(text);
}

static void
add_line(struct og_config *config, const char *line)
{
    struct og_err err = {0};
    struct og_buf entry;
    og_buf_init(&entry, 1 << 16);
    og_buf_printf(&entry, "OTPGATE_%s", line);
    const char *env[] = {entry.ptr, NULL};
    CHECK(og_config_add_environment(config, env, &err) == OG_OK || err.text[0] != '\0');
    og_buf_clear(&entry);
    og_buf_printf(&entry, "--%s", line);
    const char *argv[] = {entry.ptr};
    int index = 0;
    bool taken;
    CHECK(og_config_take_flag(config, 1, argv, &index, &taken, &err) == OG_OK ||
          err.text[0] != '\0');
    (void)og_config_flag_hint(entry.ptr);
    og_buf_finish(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2048) {
        return 0;
    }
    struct og_config config;
    struct og_err err = {0};
    og_config_init(&config);
    struct og_str text = {(const char *)data, size};
    bool is_good = og_config_add_text(&config, "t", text, &err) == OG_OK;
    CHECK(is_good || err.text[0] != '\0');
    check_round(&config);

    while (text.len > 0) {
        size_t end = og_str_find(text, '\n');
        struct og_arena mem;
        og_arena_init(&mem, 0);
        add_line(&config, og_str_cstr(&mem, og_str_slice(text, 0, end)));
        og_arena_finish(&mem);
        text = og_str_slice(text, end + 1, text.len);
    }
    check_round(&config);
    og_config_finish(&config);
    return 0;
}
