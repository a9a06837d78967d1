/*
 * Options as command-line flags: every option under its name, and a few under shorter ones. Flags
 * that are not options are left for the subcommand.
 */
#include "config/load.h"

struct alias {
    const char *flag;
    const char *option;
    const char *value; /* for flags that stand alone */
};

static const struct alias aliases[] = {
    {"listen", "http.listen", NULL},
    {"plain", "http.tls", "false"},
    {"cert", "http.cert_file", NULL},
    {"key", "http.key_file", NULL},
    {"public-url", "http.public_url", NULL},
    {"data", "data.dir", NULL},
    {"store", "store.url", NULL},
    {"log-level", "log.level", NULL},
    {"log-format", "log.format", NULL},
    {"log-colour", "log.colour", NULL},
};

#define ALIAS_COUNT (sizeof(aliases) / sizeof(aliases[0]))

static const struct alias *
find_alias(struct og_str name)
{
    for (size_t i = 0; i < ALIAS_COUNT; i++) {
        if (og_str_eq(name, og_str_from(aliases[i].flag))) {
            return &aliases[i];
        }
    }
    return NULL;
}

/* A flag taken apart. */
struct flag {
    struct og_str name; /* without dashes */
    struct og_str value;
    bool has_value;
};

static bool
split_flag(const char *arg, struct flag *out)
{
    struct og_str text = og_str_from(arg);
    if (!og_str_starts(text, OG_STR("--")) || text.len == 2) {
        return false;
    }
    size_t equals = og_str_find(text, '=');
    *out = (struct flag){og_str_slice(text, 2, equals), og_str_slice(text, equals + 1, text.len),
                         equals < text.len};
    return true;
}

/* The value stands in the flag, in its alias, in the next argument, or is "true" for a yes/no. */
static enum og_code
find_value(struct flag *flag, const struct alias *alias, const struct og_option *option, int argc,
           const char *const *argv, int *index, struct og_err *err)
{
    if (alias && alias->value) {
        if (flag->has_value) {
            return og_fail(err, OG_E_INVALID, option->name, "--%s takes no value", alias->flag);
        }
        flag->value = og_str_from(alias->value);
    } else if (!flag->has_value && option->type == OG_OPTION_BOOL) {
        flag->value = OG_STR("true");
    } else if (!flag->has_value) {
        if (*index + 1 >= argc) {
            return og_fail(err, OG_E_INVALID, option->name, "--%" OG_STR_FMT " needs a value",
                           OG_STR_ARG(flag->name));
        }
        ++*index;
        flag->value = og_str_from(argv[*index]);
    }
    ++*index;
    return OG_OK;
}

enum og_code
og_config_take_flag(struct og_config *self, int argc, const char *const *argv, int *index,
                    bool *taken, struct og_err *err)
{
    struct flag flag;
    *taken = false;
    if (*index >= argc || !split_flag(argv[*index], &flag)) {
        return OG_OK;
    }
    const struct alias *alias = find_alias(flag.name);
    const struct og_option *option =
        og_option_find(alias ? og_str_from(alias->option) : flag.name);
    if (!option) {
        return OG_OK;
    }
    *taken = true;
    if (option->is_unflagged) {
        char variable[OG_OPTION_VARIABLE_BYTES];
        og_option_variable(option, variable);
        return og_fail(err, OG_E_INVALID, option->name,
                       "--%s would show it to every user of this machine: use %s_file, or the "
                       "variable %s",
                       option->name, option->name, variable);
    }
    enum og_code code = find_value(&flag, alias, option, argc, argv, index, err);
    if (code != OG_OK) {
        return code;
    }
    char where[64];
    snprintf(where, sizeof(where), "--%" OG_STR_FMT, OG_STR_ARG(flag.name));
    struct og_config_origin origin = {OG_CONFIG_FROM_FLAG, 0};
    return og_config_apply(self, option, flag.value, origin, where, err);
}

const char *
og_config_flag_hint(const char *arg)
{
    static _Thread_local char hint[64];
    struct flag flag;
    if (!split_flag(arg, &flag)) {
        return NULL;
    }
    const char *name = NULL;
    int nearest = 3;
    for (size_t i = 0; i < ALIAS_COUNT; i++) {
        int distance = og_option_distance(flag.name, og_str_from(aliases[i].flag), nearest);
        if (distance < nearest) {
            nearest = distance;
            name = aliases[i].flag;
        }
    }
    name = name ? name : og_option_hint(flag.name);
    if (!name) {
        return NULL;
    }
    snprintf(hint, sizeof(hint), "--%s", name);
    return hint;
}
