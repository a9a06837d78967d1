/* Flags from one table; the model's own come from the table in profile.c. */
#include "phone/phone_options.h"

#include <stdio.h>
#include <string.h>

#include "base/files.h"

enum kind { TEXT, NUMBER, SECONDS, SWITCH, ACTION };

struct flag {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct og_phone_options */
    int64_t min, max;
    const char *value; /* for the help */
    const char *help;
    enum og_code (*act)(struct og_phone_options *self, const char *value, struct og_err *err);
};

static enum og_code
load_profile(struct og_phone_options *self, const char *value, struct og_err *err)
{
    return og_profile_load(&self->fleet.profile, value, err);
}

/* What a file holds, without the line end. */
static enum og_code
read_secret(const char *path, struct og_secret *out, struct og_err *err)
{
    struct og_buf text;
    og_buf_init(&text, OG_SECRET_MAX_BYTES + 2);
    enum og_code code = og_file_read(path, &text, err);
    if (code == OG_OK) {
        struct og_str line = og_buf_str(&text);
        while (line.len > 0 && strchr("\r\n", line.ptr[line.len - 1])) {
            line.len--;
        }
        og_secret_set(out, line);
    }
    og_buf_finish(&text);
    return code;
}

static enum og_code
read_token(struct og_phone_options *self, const char *value, struct og_err *err)
{
    self->fleet.private_token = self->token.bytes;
    return read_secret(value, &self->token, err);
}

static enum og_code
read_passphrase(struct og_phone_options *self, const char *value, struct og_err *err)
{
    self->fleet.passphrase = self->passphrase.bytes;
    return read_secret(value, &self->passphrase, err);
}

/* FROM:TEXT */
static enum og_code
add_incoming(struct og_phone_options *self, const char *value, struct og_err *err)
{
    const char *colon = strchr(value, ':');
    const size_t from_len = colon ? (size_t)(colon - value) : 0;
    struct og_incoming_text *text = &self->incoming[self->fleet.incoming_count];
    if (from_len == 0 || from_len >= sizeof(self->senders[0]) || !colon[1]) {
        return og_fail(err, OG_E_INVALID, "receive", "--receive takes FROM:TEXT");
    }
    if (self->fleet.incoming_count == OG_PHONE_INCOMING_MAX) {
        return og_fail(err, OG_E_INVALID, "receive", "--receive at most %d times",
                       OG_PHONE_INCOMING_MAX);
    }
    char *from = self->senders[self->fleet.incoming_count++];
    memcpy(from, value, from_len);
    from[from_len] = '\0';
    *text = (struct og_incoming_text){from, colon + 1};
    self->fleet.incoming = self->incoming;
    return OG_OK;
}

static enum og_code
be_perfect(struct og_phone_options *self, const char *value, struct og_err *err)
{
    og_profile_make_perfect(&self->fleet.profile);
    return OG_OK;
}

static enum og_code
batch_reports(struct og_phone_options *self, const char *value, struct og_err *err)
{
    self->fleet.profile.report_mode = OG_REPORT_BATCH;
    return OG_OK;
}

#define AT(member) offsetof(struct og_phone_options, member)

static const struct flag flags[] = {
    {"url", TEXT, AT(fleet.url), 0, 0, "URL",
     "the API URL as typed into the phone app (https://localhost:8443/api/mobile/v1)", NULL},
    {"ca", TEXT, AT(fleet.ca_file), 0, 0, "FILE", "certificate of the CA to trust, PEM", NULL},
    {"token", TEXT, AT(fleet.private_token), 0, 0, "TOKEN", "register with the private token",
     NULL},
    {"token-file", ACTION, 0, 0, 0, "FILE", "the same, from a file", read_token},
    {"login", TEXT, AT(fleet.login), 0, 0, "USER:PASSWORD", "register with a login", NULL},
    {"code", TEXT, AT(fleet.code), 0, 0, "CODE", "register with a one-time code", NULL},
    {"passphrase-file", ACTION, 0, 0, 0, "FILE",
     "opens encrypted messages, as the passphrase in the app's settings", read_passphrase},
    {"receive", ACTION, 0, 0, 0, "FROM:TEXT",
     "an SMS that comes in at each phone once it is up, and is told on; up to 16 times",
     add_incoming},
    {"state", TEXT, AT(fleet.state_file), 0, 0, "FILE",
     "keep device ids and tokens there between runs", NULL},
    {"name", TEXT, AT(fleet.name), 0, 0, "NAME", "name of the phone (otpgate/virtual)", NULL},
    {"count", NUMBER, AT(fleet.count), 1, OG_FLEET_PHONES_MAX, "N", "phones (1)", NULL},
    {"seed", NUMBER, AT(fleet.seed), 0, INT64_MAX, "N", "of all chance (1)", NULL},
    {"starts-per-second", NUMBER, AT(fleet.starts_per_s), 1, 100000, "N",
     "how fast the phones come up (200)", NULL},
    {"connections", NUMBER, AT(fleet.connections), 1, 1000, "N",
     "connections shared by the calls of all phones (32)", NULL},
    {"profile", ACTION, 0, 0, 0, "FILE", "read name=value lines, for the names below",
     load_profile},
    {"perfect", SWITCH, 0, 0, 0, NULL, "no waiting, no loss: for tests", be_perfect},
    {"batch-reports", SWITCH, 0, 0, 0, NULL, "the same as --report-mode batch", batch_reports},
    {"jsonl", TEXT, AT(fleet.jsonl_file), 0, 0, "FILE", "write what happens as JSON lines", NULL},
    {"summary", TEXT, AT(summary_file), 0, 0, "FILE", "write the figures as JSON at the end", NULL},
    {"stop-after", NUMBER, AT(stop_after), 1, INT64_MAX, "N",
     "end when N SMS have gone out and all is reported", NULL},
    {"for", SECONDS, AT(for_ms), 1, 365 * 86400, "SECONDS", "end after this time", NULL},
    {"quiet", SWITCH, AT(quiet), 0, 0, NULL, "do not show the SMS", NULL},
    {"strict", SWITCH, AT(strict), 0, 0, NULL, "exit with 3 if the server violated the protocol",
     NULL},
    {"verbose", SWITCH, AT(verbose), 0, 0, NULL, "log what happens", NULL},
    {"help", SWITCH, AT(help), 0, 0, NULL, "this page", NULL},
};

#define FLAG_COUNT (sizeof(flags) / sizeof(flags[0]))

static const struct flag *
find_flag(struct og_str name)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (og_str_eq(name, og_str_from(flags[i].name))) {
            return &flags[i];
        }
    }
    return NULL;
}

static enum og_code
set_number(struct og_phone_options *self, const struct flag *flag, const char *value,
           struct og_err *err)
{
    void *at = (char *)self + flag->offset;
    int64_t number;
    if (!og_str_to_i64(og_str_from(value), &number) || number < flag->min || number > flag->max) {
        return og_fail(err, OG_E_INVALID, flag->name, "--%s takes a number from %lld to %lld",
                       flag->name, (long long)flag->min, (long long)flag->max);
    }
    if (at == &self->fleet.count || at == &self->fleet.connections) {
        *(int *)at = (int)number;
    } else {
        *(int64_t *)at = flag->kind == SECONDS ? number * 1000 : number;
    }
    return OG_OK;
}

static enum og_code
set_flag(struct og_phone_options *self, const struct flag *flag, const char *value,
         struct og_err *err)
{
    void *at = (char *)self + flag->offset;
    if (flag->act) {
        return flag->act(self, value, err);
    }
    switch (flag->kind) {
    case TEXT:
        *(const char **)at = value;
        return OG_OK;
    case SWITCH:
        *(bool *)at = true;
        return OG_OK;
    default:
        return set_number(self, flag, value, err);
    }
}

/* One flag with its value, if it takes one; *used_out is the number of arguments. */
static enum og_code
read_flag(struct og_phone_options *self, char **argv, int left, int *used_out, struct og_err *err)
{
    struct og_str word = og_str_from(argv[0]);
    if (!og_str_starts(word, OG_STR("--"))) {
        return og_fail(err, OG_E_INVALID, "", "unexpected argument: %s", argv[0]);
    }
    size_t equals = og_str_find(word, '=');
    struct og_str name = og_str_slice(word, 2, equals);
    const struct flag *flag = find_flag(name);
    bool is_switch = flag && flag->kind == SWITCH;
    if (!flag && !og_profile_has(name, &is_switch)) {
        return og_fail(err, OG_E_INVALID, "", "there is no option --%" OG_STR_FMT ", see --help",
                       OG_STR_ARG(name));
    }
    const char *value = equals < word.len ? argv[0] + equals + 1 : NULL;
    *used_out = value || is_switch ? 1 : 2;
    if (!value) {
        value = is_switch ? "true" : left > 1 ? argv[1] : NULL;
    }
    if (!value) {
        return og_fail(err, OG_E_INVALID, "", "--%" OG_STR_FMT " needs a value", OG_STR_ARG(name));
    }
    return flag ? set_flag(self, flag, value, err)
                : og_profile_set(&self->fleet.profile, name, og_str_from(value), err);
}

enum og_code
og_phone_options_read(struct og_phone_options *self, int argc, char **argv, struct og_err *err)
{
    *self = (struct og_phone_options){0};
    og_fleet_config_defaults(&self->fleet);
    int used = 1;
    for (int i = 1; i < argc; i += used) {
        enum og_code code = read_flag(self, argv + i, argc - i, &used, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}

void
og_phone_options_finish(struct og_phone_options *self)
{
    og_secret_finish(&self->token);
    og_secret_finish(&self->passphrase);
}

static const char intro[] =
    "otpgate phone: virtual phones that speak the protocol of the sms-gate.app phone app\n"
    "\n"
    "Each phone registers, keeps an event stream open, fetches its messages, \"sends\" them\n"
    "through a model of Android, SIM and network, shows them as the recipient's handset would,\n"
    "and reports.\n"
    "\n"
    "  otpgate phone --ca data/ca/ca.pem --token TOKEN\n"
    "      one phone in ordinary weather: a second or two per SMS, now and then one that fails\n"
    "  otpgate phone --ca data/ca/ca.pem --token TOKEN --perfect --stop-after 1 --for 30\n"
    "      for a test: wait for one SMS, deliver it at once, exit 0; exit 1 if none comes in 30 s\n"
    "  otpgate phone --ca data/ca/ca.pem --token-file token --count 1000 --quiet --summary -\n"
    "      a load test; ends with Ctrl-C and prints its figures\n"
    "\n"
    "`otpgate device pair ACCOUNT` prints the TOKEN, and the URL if it is another than below.\n"
    "Times are seconds, or carry a unit: 250ms, 2s, 3m, 6h.\n"
    "\n"
    "What runs\n";

void
og_phone_options_help(struct og_buf *out)
{
    og_buf_add_cstr(out, intro);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        char name[48];
        snprintf(name, sizeof(name), "--%s%s%s", flags[i].name, flags[i].value ? " " : "",
                 flags[i].value ? flags[i].value : "");
        og_buf_printf(out, "  %-23s %s\n", name, flags[i].help);
    }
    og_buf_add_cstr(out, "\nThe model (also in a profile file as name=value), with its defaults\n");
    og_profile_help(out);
    og_buf_add_cstr(out, "\nExit codes: 0 fine, 1 not started or not done in time, 2 wrong usage, "
                         "3 protocol violations (--strict)\n");
}
