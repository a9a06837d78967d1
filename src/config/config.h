/*
 * The configuration: one small struct for each room, filled from one table of options (option.h).
 *
 * A value comes from a flag, else from the environment, else from the file, else it is the default,
 * in whatever order these are read. Names that no option has and values that do not fit are errors
 * that say where they stand. Rooms do not include this header: the program converts what a room
 * asks for into the struct of that room.
 */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/str.h"

#define OG_CONFIG_LISTEN_MAX 4
#define OG_CONFIG_ENTRIES_MAX 16
#define OG_CONFIG_TEXTS_MAX 64
#define OG_CONFIG_OPTIONS_MAX 192

struct og_config_listen {
    const char *address; /* IPv4 or IPv6 literal, or "localhost" */
    int port;            /* 0: any free one */
};

struct og_config_listens {
    struct og_config_listen items[OG_CONFIG_LISTEN_MAX];
    int count;
};

struct og_config_texts {
    const char *items[OG_CONFIG_TEXTS_MAX];
    int count;
};

struct og_config_durations {
    int64_t items_ms[OG_CONFIG_ENTRIES_MAX];
    int count;
};

/* Texts are "" where nothing was said, never NULL. */

struct og_config_data {
    const char *dir;
};

/* In the order of the words in the option table. */
enum og_config_log_format { OG_CONFIG_LOG_AUTO, OG_CONFIG_LOG_TEXT, OG_CONFIG_LOG_JSON };
enum og_config_colour { OG_CONFIG_COLOUR_AUTO, OG_CONFIG_COLOUR_ALWAYS, OG_CONFIG_COLOUR_NEVER };

struct og_config_log {
    int level;  /* enum og_log_level */
    int format; /* enum og_config_log_format; auto is text */
    int colour; /* enum og_config_colour; auto is on a terminal */
};

struct og_config_http {
    struct og_config_listens listen;
    bool tls;
    bool plain_anywhere; /* without TLS, also on addresses that are not loopback */
    const char *cert_file;
    const char *key_file;
    const char *client_ca_file;
    struct og_config_texts names; /* for the certificate that we make ourselves */
    int loops;                    /* 0: by the number of processors */
    int64_t header_bytes_max;
    int header_count_max;
    int64_t header_timeout_ms;
    int64_t body_timeout_ms;
    int64_t idle_timeout_ms;
    int connections_max;
    int connections_per_address_max; /* 0: no limit */
    int64_t stop_timeout_ms;
    const char *public_url;
    struct og_config_texts trusted_proxies; /* addresses or address/prefix */
};

struct og_config_lane {
    int queue_max;
    int batch_max;
    int readers;
    int slow_queue_max;
    int linger_us;
};

struct og_config_store {
    const char *url; /* "": the SQLite file in data.dir */
    int checkpoint_pages;
};

struct og_config_phone {
    int64_t keepalive_ms;
    int64_t ack_timeout_ms;
    int streams_per_device_max;
    int64_t gone_after_ms;
    int64_t wake_gap_ms;
    bool public_registration;
};

struct og_config_webhook {
    bool allow_private;
    const char *ca_file;
    int64_t first_retry_ms;
};

struct og_config_inbox {
    bool enabled;
    int64_t keep_ms;
};

/* 0: no limit */
struct og_config_sim {
    int parts_per_minute, parts_per_hour, parts_per_day, parts_per_month;
    int recipients_per_day, recipients_per_month;
    int otp_reserve; /* percent */
    int64_t gap_min_ms, gap_max_ms;
    const char *quiet_from; /* "22:00"; empty: no quiet hours */
    const char *quiet_to;
    int utc_offset_minutes;
    int64_t warmup_ms;
    int errors_max;
    int64_t cooldown_ms;
};

struct og_config_device {
    int parts_per_minute, parts_per_day; /* 0: no limit */
    int64_t offline_after_ms;
    int silent_max;
    int failures_max;
    int64_t quarantine_ms;
};

struct og_config_route {
    bool smart;
    int ahead_max; /* 0: no limit */
    int64_t fetch_within_ms;
    int64_t silent_after_ms;
    int routes_max;
    int64_t no_route_after_ms;
    int64_t transit_ms;
};

struct og_config_message {
    int64_t max_age_ms;
    int recipients_max;
    int text_max; /* characters */
    int queue_max_pending; /* 0: no limit; likewise the next two */
    int64_t queue_max_pending_age_ms;
    int queue_max_failed;
    int64_t queue_max_failed_age_ms;
};

struct og_config_number {
    const char *default_region; /* two capital letters or "" */
    int64_t plan_age_max_ms;    /* 0: any age is right */
};

enum og_config_otp_store { OG_CONFIG_OTP_MEMORY, OG_CONFIG_OTP_REDIS, OG_CONFIG_OTP_MEMCACHED };
enum og_config_resend { OG_CONFIG_RESEND_SAME, OG_CONFIG_RESEND_ROTATE };
enum og_config_environment { OG_CONFIG_PRODUCTION, OG_CONFIG_TEST };

struct og_config_otp {
    int length;
    bool allow_weak;
    int64_t ttl_ms;
    int attempts;
    int sends_max;
    struct og_config_durations resend_waits;
    int resend; /* enum og_config_resend */
    int lock_after;
    const char *brand;
    const char *template;
    const char *locale;
    bool verbose_errors;
    int store; /* enum og_config_otp_store */
    int store_entries_max;
    const char *store_prefix;
    int environment; /* enum og_config_environment */
    struct og_config_texts test_numbers; /* +447700900123=123456@2027-01-31T00:00:00Z */
};

/* In the order of the words in the option table. */
enum og_config_redis_mode {
    OG_CONFIG_REDIS_DIRECT,
    OG_CONFIG_REDIS_SENTINEL,
    OG_CONFIG_REDIS_CLUSTER,
};

struct og_config_redis {
    int mode; /* enum og_config_redis_mode */
    struct og_config_texts addresses;
    const char *master;
    const char *user;
    const char *password;
    const char *password_file;
    int db;
};

struct og_config_memcached {
    struct og_config_texts servers;
    const char *user;
    const char *password;
    const char *password_file;
    int threads;
};

/* In the order of the words in the option table. */
enum og_config_abuse_mode { OG_CONFIG_ABUSE_ENFORCE, OG_CONFIG_ABUSE_RECORD, OG_CONFIG_ABUSE_OFF };

struct og_config_abuse {
    int mode;     /* enum og_config_abuse_mode */
    int messages; /* rate, budgets, all */
    const char *home;                 /* two capital letters or "" */
    struct og_config_texts countries; /* the same, or "*" */
    struct og_config_texts number_types_refused;
    struct og_config_texts servers; /* addresses or address/prefix */
    bool shared; /* gateways count together */
    const char *shared_secret;
    const char *shared_secret_file;
    bool strict_limits;
    int recipient_hour, recipient_day; /* 0: no limit, likewise all that follow */
    int prefix_hour;
    int ip_hour, ip_day;
    int country_hour;
    int app_hour;
    int account_minute, account_day;
    int global_minute, global_day;
    int sim_day;
    int account_cost_day;
    int price_home, price_abroad;
    int reserve_percent;
    int conversion_alarm, conversion_alarm_min; /* percent, codes */
    int conversion_stop, conversion_stop_min;
    int64_t stop_time_ms; /* 0: until it is released */
    int spray_checks_min, spray_percent, spray_recipients;
    int challenge; /* never, suspicious, always */
    int challenge_bits;
    int keys_max;
};

struct og_config_login {
    int failures_max;
    int64_t lock_ms;
    int registrations_max;
};

struct og_config_audit {
    bool enabled;
    const char *origin;
    int entries_max;
    int when_full; /* refuse, best_effort */
    const char *checkpoint_file;
    bool checkpoint_syslog;
    const char *checkpoint_url;
    const char *checkpoint_ca_file;
};

/* How long what is kept. */
struct og_config_retention {
    int64_t text_ms;
    int64_t messages_ms;
    int64_t verifications_ms;
    int64_t failures_ms;
    int64_t dead_webhooks_ms;
    int64_t sandbox_ms;
    int64_t audit_ms;
};

struct og_config_alert {
    const char *alertmanager_url;
    const char *webhook_url;
    const char *ca_file;
    const char *mail_url;
    bool mail_starttls;
    const char *mail_user;
    const char *mail_password_file;
    const char *mail_from;
    struct og_config_texts mail_to;
    int64_t offline_after_ms;
    int64_t code_wait_ms;
    int failure_percent;
    int failure_least;
    int64_t commit_slow_ms;
    int64_t remind_every_ms;
    int64_t probe_every_ms;
    int64_t keep_ms;
};

enum og_config_source {
    OG_CONFIG_FROM_DEFAULT,
    OG_CONFIG_FROM_FILE,
    OG_CONFIG_FROM_ENVIRONMENT,
    OG_CONFIG_FROM_FLAG,
};

struct og_config_origin {
    enum og_config_source source; /* a later one in the enum wins over an earlier one */
    int line;                     /* in the file, else 0 */
};

struct og_config {
    struct og_config_data data;
    struct og_config_log log;
    struct og_config_http http;
    struct og_config_lane lane;
    struct og_config_store store;
    struct og_config_phone phone;
    struct og_config_sim sim;
    struct og_config_device device;
    struct og_config_route route;
    struct og_config_webhook webhook;
    struct og_config_inbox inbox;
    struct og_config_message message;
    struct og_config_number number;
    struct og_config_otp otp;
    struct og_config_redis redis;
    struct og_config_memcached memcached;
    struct og_config_abuse abuse;
    struct og_config_login login;
    struct og_config_audit audit;
    struct og_config_retention retention;
    struct og_config_alert alert;

    struct og_config_origin origins[OG_CONFIG_OPTIONS_MAX]; /* by place in the option table */
    const char *file; /* the file that was read, "" when none was */
    struct og_arena mem; /* all texts above */
};

/* The defaults. */
void og_config_init(struct og_config *self);
void og_config_finish(struct og_config *self);

/*
 * If argv[*index] is a flag of an option (--otp.ttl=5m, --otp.ttl 5m, --listen :8443, --http.tls),
 * use it, move *index behind it and set *taken. Otherwise *taken is false: the flag may belong to a
 * subcommand; og_config_flag_hint helps to refuse it.
 * Errors  OG_E_INVALID (no value, or one that does not fit); field is the option's name
 */
OG_MUST_CHECK enum og_code og_config_take_flag(struct og_config *self, int argc,
                                               const char *const *argv, int *index, bool *taken,
                                               struct og_err *err);
/* The flag that may have been meant, with its dashes, or NULL. Static storage. */
const char *og_config_flag_hint(const char *arg);

/*
 * Read the file and the environment, then check what options ask of each other.
 * path     NULL: the variable OTPGATE_CONFIG, else otpgate.toml here if it exists, else no file
 * env      "NAME=value" entries ended by NULL; those that begin with OTPGATE_ must be known
 * Errors   OG_E_INVALID: `otpgate.toml:12: otp.ttl is 601s, but must be between 60s and 600s`;
 *          OG_E_NOT_FOUND, OG_E_UNAVAILABLE (the file)
 */
OG_MUST_CHECK enum og_code og_config_load(struct og_config *self, const char *path,
                                          const char *const *env, struct og_err *err);

/* The parts of og_config_load. name stands for the file in messages. */
OG_MUST_CHECK enum og_code og_config_add_text(struct og_config *self, const char *name,
                                              struct og_str text, struct og_err *err);
OG_MUST_CHECK enum og_code og_config_add_environment(struct og_config *self,
                                                     const char *const *env, struct og_err *err);
OG_MUST_CHECK enum og_code og_config_check(const struct og_config *self, struct og_err *err);

/* Every option with its help, range and default, commented out: a file that changes nothing. */
void og_config_write_sample(FILE *out);
/* What is in effect and where it comes from, as a file that says the same; secrets are hidden. */
void og_config_write(const struct og_config *self, FILE *out);
/* SHA-256 of what is in effect, but for secrets: another one is another configuration. */
void og_config_digest(const struct og_config *self, uint8_t out[OG_DIGEST_BYTES]);

struct og_option;

/* Calls fn for each option whose value differs; those with is_reloadable can be taken over. */
void og_config_each_change(const struct og_config *before, const struct og_config *after,
                           void (*fn)(void *ctx, const struct og_option *option), void *ctx);
