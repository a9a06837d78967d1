/*
 * Flags of the subcommands that run a gateway, and the log that they ask for.
 */
#include "app/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/otp.h"
#include "core/otp_test_number.h"
#include "core/otp_text.h"

extern char **environ;

static void
set_up_log(const struct og_config *config)
{
    struct og_log_config log = {
        .level = (enum og_log_level)config->log.level,
        .format = config->log.format == OG_CONFIG_LOG_JSON ? OG_LOG_JSON : OG_LOG_TEXT,
        .colour = config->log.colour == OG_CONFIG_COLOUR_ALWAYS ||
                  (config->log.colour == OG_CONFIG_COLOUR_AUTO && isatty(STDERR_FILENO)),
        .fd = STDERR_FILENO,
    };
    og_log_setup(&log);
}

static bool
is_word(const char *arg, const char *a, const char *b)
{
    return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

static enum og_code
refuse_unknown(const char *arg, struct og_err *err)
{
    const char *hint = og_config_flag_hint(arg);
    return og_fail(err, OG_E_INVALID, "", "unknown flag %.60s%s%s%s", arg,
                   hint ? "; did you mean " : "", hint ? hint : "", hint ? "?" : "");
}

/* Flags, then what stands behind them. *file is set by --config. */
static enum og_code
read_flags(int argc, char **argv, struct og_config *config, const char **file,
           struct og_err *err)
{
    for (int i = 1; i < argc;) {
        bool taken = false;
        enum og_code code =
            og_config_take_flag(config, argc, (const char *const *)argv, &i, &taken, err);
        if (code != OG_OK) {
            return code;
        }
        if (taken) {
            continue;
        }
        if (strncmp(argv[i], "--config=", 9) == 0) {
            *file = argv[i++] + 9;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            *file = argv[i + 1];
            i += 2;
        } else {
            return refuse_unknown(argv[i], err);
        }
    }
    return OG_OK;
}

/* The longest SMS that the template may have to make must still be one. */
static enum og_code
check_longest_text(struct og_str template, struct og_err *err)
{
    char brand[OG_OTP_BRAND_MAX_CHARS];
    struct og_sms_size size;
    memset(brand, 'x', sizeof brand);
    const struct og_otp_text longest = {
        .template = template,
        .locale = &og_locales[0],
        .brand = {brand, sizeof brand},
        .app_hashes = {OG_STR("AAAAAAAAAAA")},
        .minutes = OG_OTP_MAX_TTL_S / 60,
    };
    return og_otp_text_measure(&longest, &size, err);
}

static enum og_code
check_locale(const struct og_config *config, struct og_err *err)
{
    const struct og_str locale = og_str_from(config->otp.locale);
    if (og_str_eq(locale, OG_STR("auto")) || og_locale_find(locale)) {
        return OG_OK;
    }
    return og_fail(err, OG_E_INVALID, "otp.locale",
                   "otp.locale must be auto or a language that `otpgate template builtin` lists");
}

/* Fixed codes have no business where real people log in. */
static enum og_code
check_test_numbers(const struct og_config *config, struct og_err *err)
{
    const struct og_config_texts *texts = &config->otp.test_numbers;
    if (texts->count && config->otp.environment == OG_CONFIG_PRODUCTION) {
        return og_fail(err, OG_E_INVALID, "otp.test_numbers",
                       "otp.test_numbers are for otp.environment = \"test\" only");
    }
    for (int i = 0; i < texts->count; i++) {
        struct og_otp_test_number number;
        struct og_err why = {0};
        if (og_otp_test_number_read(og_str_from(texts->items[i]), &number, &why) != OG_OK) {
            return og_fail(err, OG_E_INVALID, "otp.test_numbers", "otp.test_numbers[%d] %s", i,
                           why.text);
        }
    }
    return OG_OK;
}

/* What only a room above the configuration can judge. */
static enum og_code
check_template(const struct og_config *config, struct og_err *err)
{
    struct og_err why = {0};
    const struct og_str template = og_str_from(config->otp.template);
    if (template.len == 0) {
        return OG_OK;
    }
    struct og_otp_layout layout;
    if (og_otp_template_read(template, &og_locales[0], &layout, &why) != OG_OK ||
        og_otp_template_check_kind(&layout, OG_OTP_TEMPLATE_CODE, &why) != OG_OK) {
        return og_fail(err, OG_E_INVALID, "otp.template", "otp.template %s", why.text);
    }
    if (check_longest_text(template, &why) != OG_OK) {
        return og_fail(err, OG_E_INVALID, "otp.template",
                       "otp.template, with the longest code, brand and app hash, %s", why.text);
    }
    return OG_OK;
}

enum og_code
og_app_read_options(int argc, char **argv, struct og_config *config, struct og_err *err)
{
    const char *file = NULL;
    og_config_init(config);
    enum og_code code = read_flags(argc, argv, config, &file, err);
    if (code == OG_OK) {
        code = og_config_load(config, file, (const char *const *)environ, err);
    }
    if (code == OG_OK) {
        code = check_locale(config, err);
    }
    if (code == OG_OK) {
        code = check_test_numbers(config, err);
    }
    return code == OG_OK ? check_template(config, err) : code;
}

bool
og_app_options(int argc, char **argv, const char *help, struct og_config *config, int *exit_code)
{
    for (int i = 1; i < argc; i++) {
        if (is_word(argv[i], "--help", "-h")) {
            fputs(help, stdout);
            *exit_code = 0;
            return false;
        }
    }
    struct og_err err = {0};
    if (og_app_read_options(argc, argv, config, &err) != OG_OK) {
        fprintf(stderr, "otpgate: %s\n", err.text);
        og_config_finish(config);
        *exit_code = 1;
        return false;
    }
    set_up_log(config);
    return true;
}
