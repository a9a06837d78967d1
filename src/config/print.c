/*
 * The configuration as a file: a commented sample from the table alone, and what is in effect with
 * its origins. Both can be read again by the loader.
 */
#include "base/buf.h"
#include "base/crypto.h"
#include "config/option.h"

#define LINE_BYTES_MAX 16384

static struct og_str
section_of(const struct og_option *option)
{
    struct og_str name = og_str_from(option->name);
    return og_str_slice(name, 0, og_str_find(name, '.'));
}

static const char *
word_of(const struct og_option *option)
{
    return option->name + section_of(option).len + 1;
}

static void
print_section(FILE *out, int index)
{
    struct og_str section = section_of(&og_options[index]);
    bool is_same = index > 0 && og_str_eq(section, section_of(&og_options[index - 1]));
    if (!is_same) {
        fprintf(out, "\n[%" OG_STR_FMT "]\n", OG_STR_ARG(section));
    }
}

static void
print_sample_row(FILE *out, const struct og_option *option, const struct og_config *defaults)
{
    struct og_buf text;
    og_buf_init(&text, LINE_BYTES_MAX);
    fprintf(out, "\n# %s\n", option->help);
    og_option_range(option, &text);
    char variable[OG_OPTION_VARIABLE_BYTES];
    og_option_variable(option, variable);
    fprintf(out, "# (%s%s%s%s)\n", text.len > 0 ? text.ptr : "", text.len > 0 ? "; " : "",
            variable, option->is_reloadable ? "; read again on SIGHUP" : "");
    og_buf_clear(&text);
    og_option_format(option, defaults, &text);
    fprintf(out, "#%s = %s\n", word_of(option), text.ptr);
    og_buf_finish(&text);
}

void
og_config_write_sample(FILE *out)
{
    struct og_config defaults;
    og_config_init(&defaults);
    fputs("# otpgate: every option with its default. Remove the # in front of a name to change "
          "it.\n"
          "# A flag (--otp.ttl=5m) wins over the environment (OTPGATE_OTP_TTL=5m), which wins "
          "over this file.\n"
          "# Times: 500ms, 30s, 5m, 24h, 7d, or whole seconds. Sizes: bytes, 16KiB, 1MiB.\n",
          out);
    for (int i = 0; i < og_option_count; i++) {
        print_section(out, i);
        print_sample_row(out, &og_options[i], &defaults);
    }
    og_config_finish(&defaults);
}

static void
print_origin(FILE *out, const struct og_config *self, const struct og_option *option)
{
    const struct og_config_origin *origin = &self->origins[option - og_options];
    char variable[OG_OPTION_VARIABLE_BYTES];
    switch (origin->source) {
    case OG_CONFIG_FROM_DEFAULT:
        fputs("  # default\n", out);
        break;
    case OG_CONFIG_FROM_FILE:
        fprintf(out, "  # line %d\n", origin->line);
        break;
    case OG_CONFIG_FROM_ENVIRONMENT:
        og_option_variable(option, variable);
        fprintf(out, "  # %s\n", variable);
        break;
    case OG_CONFIG_FROM_FLAG:
        fputs("  # flag\n", out);
        break;
    }
}

void
og_config_write(const struct og_config *self, FILE *out)
{
    fprintf(out, "# file: %s\n", self->file[0] ? self->file : "none");
    for (int i = 0; i < og_option_count; i++) {
        const struct og_option *option = &og_options[i];
        struct og_buf text;
        og_buf_init(&text, LINE_BYTES_MAX);
        og_option_format(option, self, &text);
        bool is_hidden = option->is_secret && strcmp(text.ptr, "\"\"") != 0;
        print_section(out, i);
        fprintf(out, "%s%s = %s", is_hidden ? "#" : "", word_of(option),
                is_hidden ? "(hidden)" : text.ptr);
        print_origin(out, self, option);
        og_buf_finish(&text);
    }
}

void
og_config_each_change(const struct og_config *before, const struct og_config *after,
                      void (*fn)(void *ctx, const struct og_option *option), void *ctx)
{
    for (int i = 0; i < og_option_count; i++) {
        struct og_buf old_text, new_text;
        og_buf_init(&old_text, LINE_BYTES_MAX);
        og_buf_init(&new_text, LINE_BYTES_MAX);
        og_option_format(&og_options[i], before, &old_text);
        og_option_format(&og_options[i], after, &new_text);
        bool is_same = og_str_eq(og_buf_str(&old_text), og_buf_str(&new_text));
        og_buf_wipe(&old_text);
        og_buf_wipe(&new_text);
        og_buf_finish(&old_text);
        og_buf_finish(&new_text);
        if (!is_same) {
            fn(ctx, &og_options[i]);
        }
    }
}

void
og_config_digest(const struct og_config *self, uint8_t out[OG_DIGEST_BYTES])
{
    struct og_buf text;
    og_buf_init(&text, (size_t)og_option_count * LINE_BYTES_MAX);
    for (int i = 0; i < og_option_count; i++) {
        if (!og_options[i].is_secret) {
            og_buf_printf(&text, "%s=", og_options[i].name);
            og_option_format(&og_options[i], self, &text);
            og_buf_add_byte(&text, '\n');
        }
    }
    og_sha256(og_buf_str(&text), out);
    og_buf_finish(&text);
}
