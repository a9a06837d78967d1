/*
 * Where values come from. Sources may be read in any order: each value remembers its source, and a
 * weaker one never replaces a stronger one, though what it says must be right all the same.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/files.h"
#include "base/log.h"
#include "config/load.h"
#include "config/toml.h"

#define FILE_BYTES_MAX (256 * 1024)
#define DEFAULT_FILE "otpgate.toml"
#define VARIABLE_PREFIX "OTPGATE_"
#define FILE_VARIABLE "OTPGATE_CONFIG"
/* Read elsewhere: the file's name here, the others by the subcommands that talk to a server. */
static const char *const other_variables[] = {FILE_VARIABLE, "OTPGATE_URL", "OTPGATE_KEY",
                                              "OTPGATE_USER", "OTPGATE_CA"};

#define WHERE_BYTES 80
#define SHOWN_BYTES 40

void
og_config_init(struct og_config *self)
{
    *self = (struct og_config){.file = ""};
    og_arena_init(&self->mem, 0);
    for (int i = 0; i < og_option_count; i++) {
        char complaint[OG_COMPLAINT_BYTES];
        struct og_str fallback = og_str_from(og_options[i].fallback);
        if (!og_option_set(&og_options[i], fallback, self, complaint)) {
            og_log_error("config", "a default does not fit", "option=%s", og_options[i].name);
            abort();
        }
    }
}

void
og_config_finish(struct og_config *self)
{
    og_arena_finish(&self->mem);
    *self = (struct og_config){0};
}

enum og_code
og_config_apply(struct og_config *self, const struct og_option *option, struct og_str text,
                struct og_config_origin origin, const char *where, struct og_err *err)
{
    struct og_config_origin *known = &self->origins[option - og_options];
    struct og_config trial = {0}; /* the value is checked here before it counts */
    og_arena_init(&trial.mem, 256);
    char complaint[OG_COMPLAINT_BYTES];
    bool is_good = og_option_set(option, text, &trial, complaint);
    og_arena_finish(&trial.mem);
    if (!is_good) {
        return og_fail(err, OG_E_INVALID, option->name, "%s: %s %s", where, option->name,
                       complaint);
    }
    if (origin.source >= known->source) {
        og_option_set(option, text, self, complaint);
        *known = origin;
    }
    return OG_OK;
}

/* The file */

struct file_reading {
    struct og_config *config;
    const char *name;
    struct og_err *err;
    enum og_code code;
};

/* The end of a long path says more than its beginning. */
static void
put_where(char out[WHERE_BYTES], const char *name, int line)
{
    size_t len = strlen(name);
    size_t most = WHERE_BYTES - 20;
    const char *cut = len > most ? "..." : "";
    snprintf(out, WHERE_BYTES, "%s%s:%d", cut, len > most ? name + (len - most) : name, line);
}

static enum og_code
fail_name(struct og_err *err, const char *where, const char *shown, const char *hint)
{
    return og_fail(err, OG_E_INVALID, "", "%s: there is no option %s%s%s%s", where, shown,
                   hint ? "; did you mean " : "", hint ? hint : "", hint ? "?" : "");
}

static const char *
find_misfit(const struct og_option *option, enum og_toml_type type)
{
    bool is_text = option->type == OG_OPTION_TEXT || option->type == OG_OPTION_LINES;
    if (type == OG_TOML_LIST && !og_option_is_list(option)) {
        return "must be one value, not a list";
    }
    if (type == OG_TOML_OTHER || (is_text && type != OG_TOML_TEXT)) {
        return is_text ? "must be text in quotes" : "must be a plain value";
    }
    return NULL;
}

static bool
on_toml_value(void *ctx, const struct og_toml_value *value)
{
    struct file_reading *reading = ctx;
    char where[WHERE_BYTES];
    put_where(where, reading->name, value->line);
    struct og_str path = {value->path, value->path_len};
    const struct og_option *option = og_option_find(path);
    if (!option) {
        const char *shown = og_log_quote(og_str_slice(path, 0, SHOWN_BYTES));
        reading->code = fail_name(reading->err, where, shown, og_option_hint(path));
        return false;
    }
    const char *misfit = find_misfit(option, value->type);
    if (misfit) {
        reading->code = og_fail(reading->err, OG_E_INVALID, option->name, "%s: %s %s", where,
                                option->name, misfit);
        return false;
    }
    struct og_config_origin origin = {OG_CONFIG_FROM_FILE, value->line};
    reading->code = og_config_apply(reading->config, option,
                                    (struct og_str){value->text, value->text_len}, origin, where,
                                    reading->err);
    return reading->code == OG_OK;
}

enum og_code
og_config_add_text(struct og_config *self, const char *name, struct og_str text,
                   struct og_err *err)
{
    struct file_reading reading = {self, name, err, OG_OK};
    struct og_toml_fault fault;
    if (og_toml_read(text.ptr, text.len, on_toml_value, &reading, &fault) ||
        reading.code != OG_OK) {
        return reading.code;
    }
    char where[WHERE_BYTES];
    put_where(where, name, fault.line);
    return og_fail(err, OG_E_INVALID, "", "%s: %s", where, fault.text);
}

/* The default file may be missing; one that was asked for may not. */
static enum og_code
add_file(struct og_config *self, const char *path, bool is_asked, struct og_err *err)
{
    struct og_buf content;
    og_buf_init(&content, FILE_BYTES_MAX);
    enum og_code code = og_file_read(path, &content, err);
    if (code == OG_E_NOT_FOUND && !is_asked) {
        code = OG_OK;
    } else if (code == OG_OK) {
        self->file = og_str_cstr(&self->mem, og_str_from(path));
        code = og_config_add_text(self, path, og_buf_str(&content), err);
    }
    og_buf_finish(&content);
    return code;
}

/* The environment */

static const struct og_option *
find_by_variable(struct og_str name)
{
    for (int i = 0; i < og_option_count; i++) {
        char variable[OG_OPTION_VARIABLE_BYTES];
        og_option_variable(&og_options[i], variable);
        if (og_str_eq(name, og_str_from(variable))) {
            return &og_options[i];
        }
    }
    return NULL;
}

/* The variable that may have been meant, in static storage of the thread. */
static const char *
hint_variable(struct og_str name)
{
    static _Thread_local char hint[OG_OPTION_VARIABLE_BYTES];
    int nearest = 5;
    bool found = false;
    for (int i = 0; i < og_option_count; i++) {
        char variable[OG_OPTION_VARIABLE_BYTES];
        og_option_variable(&og_options[i], variable);
        int distance = og_option_distance(name, og_str_from(variable), nearest);
        if (distance < nearest) {
            nearest = distance;
            found = true;
            memcpy(hint, variable, sizeof(hint));
        }
    }
    return found ? hint : NULL;
}

static enum og_code
add_variable(struct og_config *self, struct og_str name, struct og_str value, struct og_err *err)
{
    const struct og_option *option = find_by_variable(name);
    char where[WHERE_BYTES];
    if (!option) {
        const char *shown = og_log_quote(og_str_slice(name, 0, SHOWN_BYTES));
        return fail_name(err, "environment", shown, hint_variable(name));
    }
    snprintf(where, sizeof(where), "%" OG_STR_FMT, OG_STR_ARG(name));
    struct og_config_origin origin = {OG_CONFIG_FROM_ENVIRONMENT, 0};
    return og_config_apply(self, option, value, origin, where, err);
}

static bool
is_other_variable(struct og_str name)
{
    for (size_t i = 0; i < sizeof(other_variables) / sizeof(other_variables[0]); i++) {
        if (og_str_eq(name, og_str_from(other_variables[i]))) {
            return true;
        }
    }
    return false;
}

enum og_code
og_config_add_environment(struct og_config *self, const char *const *env, struct og_err *err)
{
    for (; env && *env; env++) {
        struct og_str entry = og_str_from(*env);
        size_t equals = og_str_find(entry, '=');
        struct og_str name = og_str_slice(entry, 0, equals);
        if (!og_str_starts(name, OG_STR(VARIABLE_PREFIX)) || is_other_variable(name)) {
            continue;
        }
        struct og_str value = og_str_slice(entry, equals + 1, entry.len);
        enum og_code code = add_variable(self, name, value, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}

static const char *
file_in_environment(const char *const *env)
{
    for (; env && *env; env++) {
        if (strncmp(*env, FILE_VARIABLE "=", sizeof(FILE_VARIABLE)) == 0) {
            return *env + sizeof(FILE_VARIABLE);
        }
    }
    return NULL;
}

enum og_code
og_config_load(struct og_config *self, const char *path, const char *const *env,
               struct og_err *err)
{
    const char *asked = path ? path : file_in_environment(env);
    enum og_code code = add_file(self, asked ? asked : DEFAULT_FILE, asked != NULL, err);
    code = code == OG_OK ? og_config_add_environment(self, env, err) : code;
    return code == OG_OK ? og_config_check(self, err) : code;
}
