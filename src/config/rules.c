/*
 * Rules that a range cannot express: the shape of single texts, and what options ask of each other.
 * The latter are told with the name of one option; several places may have set the values.
 */
#include "config/rules.h"

#include <sys/stat.h>

#include "base/host_port.h"
#include "config/option.h"

const char *
og_rule_not_empty(struct og_str value)
{
    return value.len > 0 ? NULL : "given";
}

const char *
og_rule_public_url(struct og_str value)
{
    static const char must[] = "like https://gateway.example:8443, without a slash at its end";
    if (value.len == 0) {
        return NULL;
    }
    bool is_https = og_str_starts(value, OG_STR("https://"));
    bool is_http = og_str_starts(value, OG_STR("http://"));
    size_t host_at = is_https ? strlen("https://") : strlen("http://");
    bool has_space = og_str_find(value, ' ') < value.len;
    bool has_extra = og_str_find(value, '?') < value.len || og_str_find(value, '#') < value.len;
    bool is_good = (is_https || is_http) && value.len > host_at && value.ptr[host_at] != '/' &&
                   !has_space && !has_extra && !og_str_ends(value, OG_STR("/"));
    return is_good ? NULL : must;
}

const char *
og_rule_origin(struct og_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~' || value.ptr[i] == '+') {
            return "like gateway.example/audit, without spaces and +";
        }
    }
    return NULL;
}

static bool
is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '*';
}

const char *
og_rule_host_name(struct og_str value)
{
    static const char must[] = "a host name or an address without a port";
    if (og_value_is_address(value)) {
        return NULL;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!is_host_char(value.ptr[i])) {
            return must;
        }
    }
    return value.len > 0 && value.len <= 253 ? NULL : must;
}

const char *
og_rule_network(struct og_str value)
{
    static const char must[] = "an address or a network such as 10.0.0.0/8";
    size_t slash = og_str_find(value, '/');
    struct og_str address = og_str_slice(value, 0, slash);
    if (!og_value_is_address(address)) {
        return must;
    }
    if (slash == value.len) {
        return NULL;
    }
    int64_t most = og_str_find(address, ':') < address.len ? 128 : 32;
    struct og_str text = og_str_slice(value, slash + 1, value.len);
    int64_t bits;
    bool is_good = og_str_to_i64(text, &bits) && text.ptr[0] != '-' && bits <= most;
    return is_good ? NULL : must;
}

const char *
og_rule_time_of_day(struct og_str value)
{
    static const char form[] = "29:59"; /* the most at each place */
    bool is_time = value.len == strlen(form) && value.ptr[2] == ':';
    for (size_t i = 0; is_time && i < value.len; i++) {
        is_time = i == 2 || (value.ptr[i] >= '0' && value.ptr[i] <= form[i]);
    }
    is_time = is_time && !(value.ptr[0] == '2' && value.ptr[1] > '3');
    return value.len == 0 || is_time ? NULL : "a time of day such as 22:00";
}

const char *
og_rule_region(struct og_str value)
{
    bool is_region = value.len == 2 && value.ptr[0] >= 'A' && value.ptr[0] <= 'Z' &&
                     value.ptr[1] >= 'A' && value.ptr[1] <= 'Z';
    return value.len == 0 || is_region ? NULL : "two capital letters such as DE";
}

const char *
og_rule_host_port(struct og_str value)
{
    struct og_host_port unused;
    return og_host_port_read(value, 1, &unused)
               ? NULL
               : "host:port such as cache.example:6379, 192.0.2.7:6379 or [2001:db8::7]:6379";
}

/* No spaces or control characters (memcached's keys), no braces (Redis's hash tags). */
const char *
og_rule_key_prefix(struct og_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.ptr[i];
        if (c <= ' ' || c > '~' || c == '{' || c == '}') {
            return "printable ASCII without spaces and braces";
        }
    }
    return NULL;
}

const char *
og_rule_country(struct og_str value)
{
    const bool is_good = og_str_eq(value, OG_STR("*")) ||
                         (value.len > 0 && og_rule_region(value) == NULL);
    return is_good ? NULL : "two capital letters such as DE, or *";
}

const char *
og_rule_number_type(struct og_str value)
{
    static const char *const words[] = {"unknown", "fixed",    "fixed_or_mobile", "toll_free",
                                        "premium", "shared_cost", "voip",         "personal",
                                        "pager",   "uan",      "voicemail"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (og_str_eq(value, og_str_from(words[i]))) {
            return NULL;
        }
    }
    return "a kind of number such as premium, voip or fixed";
}

const char *
og_rule_http_url(struct og_str value)
{
    const size_t scheme = og_str_starts(value, OG_STR("https://"))  ? 8
                          : og_str_starts(value, OG_STR("http://")) ? 7
                                                                    : 0;
    bool is_good = scheme && value.len > scheme;
    for (size_t i = 0; i < value.len; i++) {
        is_good = is_good && value.ptr[i] > ' ' && value.ptr[i] <= '~';
    }
    return value.len == 0 || is_good ? NULL : "a URL that begins with http:// or https://";
}

const char *
og_rule_mail_url(struct og_str value)
{
    const size_t scheme = og_str_starts(value, OG_STR("smtps://"))  ? 8
                          : og_str_starts(value, OG_STR("smtp://")) ? 7
                                                                    : 0;
    struct og_host_port unused;
    const bool is_good =
        value.len == 0 ||
        (scheme && og_host_port_read(og_str_slice(value, scheme, value.len), 25, &unused));
    return is_good ? NULL : "smtp://host:587 or smtps://host:465";
}

/* What SMTP takes between < and >, without the forms that need quotes. */
const char *
og_rule_mail_address(struct og_str value)
{
    const size_t at = og_str_find(value, '@');
    bool is_good = value.len == 0 || (at > 0 && at + 1 < value.len && value.len < 255);
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.ptr[i];
        is_good = is_good && c > ' ' && c <= '~' && !strchr("<>()[]\\,;:\"", c) &&
                  (c != '@' || i == at);
    }
    return is_good ? NULL : "an address such as ops@example.org";
}

static bool
is_loopback(const char *address)
{
    struct og_str text = og_str_from(address);
    return og_str_eq(text, OG_STR("localhost")) || og_str_eq(text, OG_STR("::1")) ||
           og_str_starts(text, OG_STR("127."));
}

static enum og_code
check_plain(const struct og_config_http *http, struct og_err *err)
{
    for (int i = 0; !http->tls && !http->plain_anywhere && i < http->listen.count; i++) {
        const char *address = http->listen.items[i].address;
        if (!is_loopback(address)) {
            return og_fail(err, OG_E_INVALID, "http.tls",
                           "http.tls is false, so http.listen may only name loopback addresses, "
                           "not %s, unless http.plain_anywhere is true",
                           address);
        }
    }
    return OG_OK;
}

static enum og_code
check_files(const struct og_config_http *http, struct og_err *err)
{
    if ((http->cert_file[0] != '\0') != (http->key_file[0] != '\0')) {
        const char *missing = http->cert_file[0] ? "http.key_file" : "http.cert_file";
        return og_fail(err, OG_E_INVALID, missing,
                       "http.cert_file and http.key_file belong together, but %s is missing",
                       missing);
    }
    struct stat about;
    if (http->key_file[0] && stat(http->key_file, &about) == 0 && (about.st_mode & S_IROTH)) {
        return og_fail(err, OG_E_INVALID, "http.key_file",
                       "http.key_file: everybody on this machine can read %.80s; run chmod o-r on "
                       "it and think of a new key",
                       http->key_file);
    }
    return OG_OK;
}

static enum og_code
check_otp(const struct og_config_otp *otp, struct og_err *err)
{
    if (otp->length < 6 && !otp->allow_weak) {
        return og_fail(err, OG_E_INVALID, "otp.length",
                       "otp.length is %d, but must be between 6 and 10 unless otp.allow_weak is "
                       "true",
                       otp->length);
    }
    return OG_OK;
}

/* What the login to another program asks for. */
struct login {
    const char *section, *user, *password, *password_file;
    bool user_can_be_missing;
};

static enum og_code
check_login(const struct login *login, struct og_err *err)
{
    const bool has_password = login->password[0] || login->password_file[0];
    char field[32];
    snprintf(field, sizeof(field), "%s.password_file", login->section);
    if (login->password[0] && login->password_file[0]) {
        return og_fail(err, OG_E_INVALID, field,
                       "%s.password and %s are both set: say it in one place", login->section,
                       field);
    }
    if (login->user[0] && !has_password) {
        return og_fail(err, OG_E_INVALID, field, "%s.user is set, but %s is missing",
                       login->section, field);
    }
    if (has_password && !login->user[0] && !login->user_can_be_missing) {
        return og_fail(err, OG_E_INVALID, field, "%s is set, but %s.user is missing", field,
                       login->section);
    }
    return OG_OK;
}

/* With room for fewer, the first of a day's numbers would be forgotten before the day is over. */
static enum og_code
check_abuse(const struct og_config_abuse *abuse, struct og_err *err)
{
    if (abuse->keys_max < abuse->global_day) {
        return og_fail(err, OG_E_INVALID, "abuse.keys_max",
                       "abuse.keys_max is %d, but must be at least abuse.global_day, which is %d",
                       abuse->keys_max, abuse->global_day);
    }
    return OG_OK;
}

static enum og_code
check_shared(const struct og_config *self, struct og_err *err)
{
    const struct og_config_abuse *abuse = &self->abuse;
    const bool has_secret = abuse->shared_secret[0] || abuse->shared_secret_file[0];
    if (abuse->shared && self->otp.store == OG_CONFIG_OTP_MEMORY) {
        return og_fail(err, OG_E_INVALID, "abuse.shared",
                       "abuse.shared is true, but otp.store is memory: gateways can count together "
                       "in redis or memcached only");
    }
    if (abuse->shared && !has_secret) {
        return og_fail(err, OG_E_INVALID, "abuse.shared_secret_file",
                       "abuse.shared is true, but abuse.shared_secret_file is missing");
    }
    if (abuse->shared_secret[0] && abuse->shared_secret_file[0]) {
        return og_fail(err, OG_E_INVALID, "abuse.shared_secret_file",
                       "abuse.shared_secret and abuse.shared_secret_file are both set: say it in "
                       "one place");
    }
    if (abuse->strict_limits && !(abuse->shared && self->otp.store == OG_CONFIG_OTP_MEMCACHED)) {
        return og_fail(err, OG_E_INVALID, "abuse.strict_limits",
                       "abuse.strict_limits is for abuse.shared with otp.store memcached");
    }
    return OG_OK;
}

static enum og_code
check_stores(const struct og_config *self, struct og_err *err)
{
    const struct og_config_redis *redis = &self->redis;
    const struct og_config_memcached *memcached = &self->memcached;
    const struct login logins[] = {
        {"redis", redis->user, redis->password, redis->password_file, true},
        {"memcached", memcached->user, memcached->password, memcached->password_file, false},
    };
    enum og_code code = check_login(&logins[0], err);
    code = code == OG_OK ? check_login(&logins[1], err) : code;
    if (code == OG_OK && redis->db != 0 && redis->mode == OG_CONFIG_REDIS_CLUSTER) {
        code = og_fail(err, OG_E_INVALID, "redis.db",
                       "redis.db is %d, but must be 0 when redis.mode is cluster", redis->db);
    }
    return code;
}

static enum og_code
check_alert(const struct og_config_alert *alert, struct og_err *err)
{
    const bool has_mail = alert->mail_url[0] != '\0';
    if (has_mail && !alert->mail_from[0]) {
        return og_fail(err, OG_E_INVALID, "alert.mail_from",
                       "alert.mail_url is set, but alert.mail_from is missing");
    }
    if (has_mail && alert->mail_to.count == 0) {
        return og_fail(err, OG_E_INVALID, "alert.mail_to",
                       "alert.mail_url is set, but alert.mail_to is missing");
    }
    if (alert->mail_user[0] && !alert->mail_starttls &&
        og_str_starts(og_str_from(alert->mail_url), OG_STR("smtp://"))) {
        return og_fail(err, OG_E_INVALID, "alert.mail_starttls",
                       "alert.mail_starttls is false, so there may be no alert.mail_user: its "
                       "password would go in the clear");
    }
    if ((alert->mail_user[0] != '\0') != (alert->mail_password_file[0] != '\0')) {
        return og_fail(err, OG_E_INVALID, "alert.mail_password_file",
                       "alert.mail_user and alert.mail_password_file belong together");
    }
    return OG_OK;
}

enum og_code
og_config_check(const struct og_config *self, struct og_err *err)
{
    enum og_code code = check_plain(&self->http, err);
    code = code == OG_OK ? check_files(&self->http, err) : code;
    code = code == OG_OK ? check_otp(&self->otp, err) : code;
    code = code == OG_OK ? check_stores(self, err) : code;
    code = code == OG_OK ? check_alert(&self->alert, err) : code;
    code = code == OG_OK ? check_shared(self, err) : code;
    return code == OG_OK ? check_abuse(&self->abuse, err) : code;
}
