/*
 * The option table: what an operator can say, in the order in which the sample file shows it. The
 * loader, the flags, the sample and the checks all read it; nothing else knows an option's name.
 */
#include "config/option.h"

#include <ctype.h>

#include "config/rules.h"

#define AT(room, member) offsetof(struct og_config, room.member)
#define SECONDS(n) ((n) * INT64_C(1000))
#define MINUTES(n) SECONDS((n) * INT64_C(60))
#define HOURS(n) MINUTES((n) * INT64_C(60))
#define DAYS(n) HOURS((n) * INT64_C(24))
#define KIB(n) ((n) * INT64_C(1024))
#define PATH_BYTES 4000

static const char *const level_words[] = {"debug", "info", "warn", "error", NULL};
static const char *const format_words[] = {"auto", "text", "json", NULL};
static const char *const colour_words[] = {"auto", "always", "never", NULL};
static const char *const otp_store_words[] = {"memory", "redis", "memcached", NULL};
static const char *const redis_mode_words[] = {"direct", "sentinel", "cluster", NULL};
static const char *const resend_words[] = {"same", "rotate", NULL};
static const char *const abuse_mode_words[] = {"enforce", "record", "off", NULL};
static const char *const abuse_messages_words[] = {"rate", "budgets", "all", NULL};
static const char *const challenge_words[] = {"never", "suspicious", "always", NULL};
static const char *const full_words[] = {"refuse", "best_effort", NULL};
static const char *const environment_words[] = {"production", "test", NULL};

const struct og_option og_options[] = {
    {"data.dir", OG_OPTION_TEXT, AT(data, dir), "data", 0, PATH_BYTES, .check = og_rule_not_empty,
     .help = "Folder for the database, keys and certificates; made with mode 0700."},

    {"log.level", OG_OPTION_WORD, AT(log, level), "info", .words = level_words,
     .is_reloadable = true, .help = "Lines below this level are not written."},
    {"log.format", OG_OPTION_WORD, AT(log, format), "auto", .words = format_words,
     .help = "key=value for people or JSON for machines; auto is text."},
    {"log.colour", OG_OPTION_WORD, AT(log, colour), "auto", .words = colour_words,
     .help = "Colour the level of text lines; auto colours on a terminal."},

    {"http.listen", OG_OPTION_LISTENS, AT(http, listen), "0.0.0.0:8443", 1, OG_CONFIG_LISTEN_MAX,
     .help = "Addresses and ports; IPv6 in brackets, as [::]:8443; port 0 takes a free one."},
    {"http.tls", OG_OPTION_BOOL, AT(http, tls), "true",
     .help = "Serve HTTPS. Without it only loopback addresses are served."},
    {"http.plain_anywhere", OG_OPTION_BOOL, AT(http, plain_anywhere), "false",
     .help = "Serve plain HTTP on every address, for a proxy in front that does TLS."},
    {"http.cert_file", OG_OPTION_TEXT, AT(http, cert_file), "", 0, PATH_BYTES,
     .help = "Certificate chain (PEM); empty: the built-in authority makes one."},
    {"http.key_file", OG_OPTION_TEXT, AT(http, key_file), "", 0, PATH_BYTES,
     .help = "Private key (PEM) of the certificate; must not be readable by all."},
    {"http.client_ca_file", OG_OPTION_TEXT, AT(http, client_ca_file), "", 0, PATH_BYTES,
     .help = "Authorities (PEM) of client certificates; when set, every client needs one."},
    {"http.names", OG_OPTION_TEXTS, AT(http, names), "", 0, OG_CONFIG_ENTRIES_MAX,
     .check = og_rule_host_name,
     .help = "Further host names and addresses for the built-in certificate."},
    {"http.loops", OG_OPTION_INT, AT(http, loops), "0", 0, 64,
     .help = "Threads that serve connections; 0 chooses by the number of processors."},
    {"http.header_bytes_max", OG_OPTION_SIZE, AT(http, header_bytes_max), "16KiB", KIB(1),
     KIB(1024), .help = "Longest request head; a longer one is answered 431."},
    {"http.header_count_max", OG_OPTION_INT, AT(http, header_count_max), "64", 8, 1000,
     .help = "Most header lines of a request; more are answered 431."},
    {"http.header_timeout", OG_OPTION_DURATION, AT(http, header_timeout_ms), "10s", SECONDS(1),
     MINUTES(5), .help = "Time for a whole request head."},
    {"http.body_timeout", OG_OPTION_DURATION, AT(http, body_timeout_ms), "30s", SECONDS(1),
     MINUTES(10), .help = "Time for a whole request body."},
    {"http.idle_timeout", OG_OPTION_DURATION, AT(http, idle_timeout_ms), "75s", SECONDS(1),
     HOURS(1), .help = "How long a connection may wait between requests."},
    {"http.connections_max", OG_OPTION_INT, AT(http, connections_max), "10000", 1, 1000000,
     .help = "Open connections in all."},
    {"http.connections_per_address_max", OG_OPTION_INT, AT(http, connections_per_address_max), "0",
     0, 1000000, .help = "Open connections of one address; 0 means no limit."},
    {"http.stop_timeout", OG_OPTION_DURATION, AT(http, stop_timeout_ms), "10s", 0, MINUTES(10),
     .help = "How long a stop waits for requests that were accepted."},
    {"http.public_url", OG_OPTION_TEXT, AT(http, public_url), "", 0, 500,
     .check = og_rule_public_url,
     .help = "How phones reach this server; shown when a phone is paired."},
    {"http.trusted_proxies", OG_OPTION_TEXTS, AT(http, trusted_proxies), "", 0,
     OG_CONFIG_ENTRIES_MAX, .check = og_rule_network,
     .help = "Addresses or networks (10.0.0.0/8) whose X-Forwarded-For is believed."},

    {"lane.queue_max", OG_OPTION_INT, AT(lane, queue_max), "10000", 1, 1000000,
     .help = "Requests that may wait for a lane; more are answered 503."},
    {"lane.batch_max", OG_OPTION_INT, AT(lane, batch_max), "512", 1, 10000,
     .help = "Requests that share one transaction."},
    {"lane.readers", OG_OPTION_INT, AT(lane, readers), "2", 1, 64,
     .help = "Threads that read the database."},
    {"lane.slow_queue_max", OG_OPTION_INT, AT(lane, slow_queue_max), "64", 1, 10000,
     .help = "Requests that may wait for password hashing and the like."},
    {"lane.linger_us", OG_OPTION_INT, AT(lane, linger_us), "1000", 0, 10000,
     .help = "Microseconds to wait for a fuller batch under load."},

    {"store.url", OG_OPTION_TEXT, AT(store, url), "", 0, 1000, .is_secret = true,
     .help = "Path of the SQLite file; empty: otpgate.db in data.dir."},
    {"store.checkpoint_pages", OG_OPTION_INT, AT(store, checkpoint_pages), "2000", 100, 100000,
     .help = "Length of SQLite's write-ahead log, in pages, at which it is written back."},

    {"phone.keepalive", OG_OPTION_DURATION, AT(phone, keepalive_ms), "10s", SECONDS(1), MINUTES(5),
     .help = "A silent event stream gets a comment line this often."},
    {"phone.ack_timeout", OG_OPTION_DURATION, AT(phone, ack_timeout_ms), "10s", SECONDS(1),
     HOURS(1), .help = "A stream whose bytes nobody has acknowledged for so long is over."},
    {"phone.streams_per_device_max", OG_OPTION_INT, AT(phone, streams_per_device_max), "4", 1, 64,
     .help = "Event streams of one phone; the oldest is closed beyond this."},
    {"phone.gone_after", OG_OPTION_DURATION, AT(phone, gone_after_ms), "20s", SECONDS(1), DAYS(1),
     .help = "What waits for a phone that had no stream for so long moves to another."},
    {"phone.wake_gap", OG_OPTION_DURATION, AT(phone, wake_gap_ms), "1s", 0, MINUTES(1),
     .help = "Shortest time between two wake-ups of one phone."},
    {"phone.public_registration", OG_OPTION_BOOL, AT(phone, public_registration), "false",
     .help = "A phone that joins without a credential gets an account of its own."},

    {"webhook.allow_private", OG_OPTION_BOOL, AT(webhook, allow_private), "false",
     .help = "Deliver webhooks also to this machine and to private networks."},
    {"webhook.ca_file", OG_OPTION_TEXT, AT(webhook, ca_file), "", 0, PATH_BYTES,
     .help = "PEM with the authorities of webhook receivers; empty: the system's."},
    {"webhook.first_retry", OG_OPTION_DURATION, AT(webhook, first_retry_ms), "10s", 100, HOURS(2),
     .help = "How long to wait after a webhook's first failure; the wait doubles up to 2 h."},

    {"inbox.enabled", OG_OPTION_BOOL, AT(inbox, enabled), "true",
     .help = "Phones tell what they receive to this server, which keeps it and tells webhooks."},
    {"inbox.keep", OG_OPTION_DURATION, AT(inbox, keep_ms), "30d", HOURS(1), DAYS(3650),
     .help = "How long that is kept."},

    {"sim.parts_per_minute", OG_OPTION_INT, AT(sim, parts_per_minute), "20", 0, 1000,
     .help = "SMS parts that one SIM is given in any 60 seconds; 0 means no limit."},
    {"sim.parts_per_hour", OG_OPTION_INT, AT(sim, parts_per_hour), "0", 0, 100000,
     .help = "The same in any 60 minutes."},
    {"sim.parts_per_day", OG_OPTION_INT, AT(sim, parts_per_day), "0", 0, 1000000,
     .help = "The same in any 24 hours."},
    {"sim.parts_per_month", OG_OPTION_INT, AT(sim, parts_per_month), "0", 0, 10000000,
     .help = "The same in any 31 days."},
    {"sim.recipients_per_day", OG_OPTION_INT, AT(sim, recipients_per_day), "0", 0, 100000,
     .help = "Distinct recipients of one SIM in any 24 hours; 0 means no limit."},
    {"sim.recipients_per_month", OG_OPTION_INT, AT(sim, recipients_per_month), "0", 0, 100000,
     .help = "The same in any 31 days."},
    {"sim.otp_reserve", OG_OPTION_INT, AT(sim, otp_reserve), "25", 0, 90,
     .help = "Percent of each limit of parts that only one-time codes may use."},
    {"sim.gap_min", OG_OPTION_DURATION, AT(sim, gap_min_ms), "0s", 0, HOURS(1),
     .help = "Shortest time between two messages of one SIM."},
    {"sim.gap_max", OG_OPTION_DURATION, AT(sim, gap_max_ms), "0s", 0, HOURS(1),
     .help = "Each such time is drawn between sim.gap_min and this."},
    {"sim.quiet_from", OG_OPTION_TEXT, AT(sim, quiet_from), "", 0, 5,
     .check = og_rule_time_of_day,
     .help = "Time of day, as 22:00, from which only one-time codes go; empty: none."},
    {"sim.quiet_to", OG_OPTION_TEXT, AT(sim, quiet_to), "", 0, 5, .check = og_rule_time_of_day,
     .help = "Time of day at which the quiet hours end."},
    {"sim.utc_offset", OG_OPTION_INT, AT(sim, utc_offset_minutes), "0", -840, 840,
     .help = "Minutes by which that day is ahead of UTC, as 60 in Berlin's winter."},
    {"sim.warmup", OG_OPTION_DURATION, AT(sim, warmup_ms), "0s", 0, DAYS(90),
     .help = "A new SIM's limits of parts grow to their full size over so long."},
    {"sim.errors_max", OG_OPTION_INT, AT(sim, errors_max), "5", 0, 1000,
     .help = "So many failed sends in a row and a SIM rests; 0: never."},
    {"sim.cooldown", OG_OPTION_DURATION, AT(sim, cooldown_ms), "1m", SECONDS(1), DAYS(1),
     .help = "How long it rests; twice as long each time, up to 16 times."},

    {"device.parts_per_minute", OG_OPTION_INT, AT(device, parts_per_minute), "25", 0, 1000,
     .help = "SMS parts that one phone is given in any 60 seconds (Android stops at 30)."},
    {"device.parts_per_day", OG_OPTION_INT, AT(device, parts_per_day), "0", 0, 1000000,
     .help = "The same in any 24 hours; 0 means no limit."},
    {"device.offline_after", OG_OPTION_DURATION, AT(device, offline_after_ms), "20s", SECONDS(1),
     DAYS(1), .help = "A phone without event stream and word for so long is offline."},
    {"device.silent_max", OG_OPTION_INT, AT(device, silent_max), "3", 1, 100,
     .help = "Messages in a row without any result that put a phone into quarantine."},
    {"device.failures_max", OG_OPTION_INT, AT(device, failures_max), "5", 1, 100,
     .help = "Failed messages in a row that put a phone into quarantine."},
    {"device.quarantine", OG_OPTION_DURATION, AT(device, quarantine_ms), "1m", SECONDS(1), DAYS(1),
     .help = "How long, the first time, until one message tries it again."},

    {"route.smart", OG_OPTION_BOOL, AT(route, smart), "true",
     .help = "Choose phones by health, pace and delay, and send a stuck code another way."},
    {"route.ahead_max", OG_OPTION_INT, AT(route, ahead_max), "2", 0, 1000,
     .help = "Messages that a phone may have without a word on any; 0 means no limit."},
    {"route.fetch_within", OG_OPTION_DURATION, AT(route, fetch_within_ms), "2s", 500, MINUTES(10),
     .help = "A code that its phone has not fetched by then goes to another."},
    {"route.silent_after", OG_OPTION_DURATION, AT(route, silent_after_ms), "30s", SECONDS(1),
     MINUTES(10), .help = "A code that was not sent by then goes out another way, too."},
    {"route.routes_max", OG_OPTION_INT, AT(route, routes_max), "3", 1, 10,
     .help = "Phones that one message is given to, one after the other."},
    {"route.no_route_after", OG_OPTION_DURATION, AT(route, no_route_after_ms), "20s", 0,
     MINUTES(10), .help = "A code that no phone can take by then is undeliverable."},
    {"route.transit", OG_OPTION_DURATION, AT(route, transit_ms), "5s", 0, MINUTES(1),
     .help = "A code with less time left than this is not sent any more."},

    {"message.max_age", OG_OPTION_DURATION, AT(message, max_age_ms), "24h", MINUTES(1), DAYS(30),
     .help = "A message that says no time to live fails after this."},
    {"message.recipients_max", OG_OPTION_INT, AT(message, recipients_max), "100", 1, 1000,
     .help = "Recipients of one message."},
    {"message.text_max", OG_OPTION_INT, AT(message, text_max), "65535", 160, 65535,
     .help = "Characters of one message."},
    {"message.queue_max_pending", OG_OPTION_INT, AT(message, queue_max_pending), "0", 0, 1000000,
     .help = "No new messages for a phone with so many pending; 0 means no limit."},
    {"message.queue_max_pending_age", OG_OPTION_DURATION, AT(message, queue_max_pending_age_ms),
     "0s", 0, DAYS(30),
     .help = "No new messages for a phone with one pending for so long; 0s means no limit."},
    {"message.queue_max_failed", OG_OPTION_INT, AT(message, queue_max_failed), "0", 0, 10000,
     .help = "No new messages for a phone whose last so many failed; 0 means no limit."},
    {"message.queue_max_failed_age", OG_OPTION_DURATION, AT(message, queue_max_failed_age_ms),
     "1h", MINUTES(1), DAYS(30),
     .help = "How far back message.queue_max_failed looks."},

    {"number.default_region", OG_OPTION_TEXT, AT(number, default_region), "", 0, 2,
     .check = og_rule_region,
     .help = "Country of numbers written without one, as DE; empty: such numbers are refused."},
    {"number.plan_age_max", OG_OPTION_DURATION, AT(number, plan_age_max_ms), "1825d", 0, DAYS(3650),
     .help = "Health warns when the data of libphonenumber are older; 0s: never."},

    {"otp.length", OG_OPTION_INT, AT(otp, length), "6", 4, 10,
     .help = "Digits of a code; 4 and 5 only with otp.allow_weak."},
    {"otp.allow_weak", OG_OPTION_BOOL, AT(otp, allow_weak), "false",
     .help = "Allow codes of 4 and 5 digits."},
    {"otp.ttl", OG_OPTION_DURATION, AT(otp, ttl_ms), "300s", SECONDS(60), SECONDS(600),
     .help = "How long a code is good."},
    {"otp.attempts", OG_OPTION_INT, AT(otp, attempts), "5", 1, 10,
     .help = "Wrong codes after which a verification has failed."},
    {"otp.sends_max", OG_OPTION_INT, AT(otp, sends_max), "3", 1, 10,
     .help = "How often one code may be sent, the first time included."},
    {"otp.resend_waits", OG_OPTION_DURATIONS, AT(otp, resend_waits), "30s,60s,120s", SECONDS(1),
     HOURS(1), .help = "Time before each further sending; the last one repeats."},
    {"otp.resend", OG_OPTION_WORD, AT(otp, resend), "same", .words = resend_words,
     .help = "What a resend carries: the same code, or a new one, which ends the one before."},
    {"otp.lock_after", OG_OPTION_INT, AT(otp, lock_after), "50", 1, 100,
     .help = "Wrong codes in a row for one number and purpose that lock them for login.lock."},
    {"otp.brand", OG_OPTION_TEXT, AT(otp, brand), "", 0, 63,
     .help = "Name shown in the message; an account's own name wins."},
    {"otp.template", OG_OPTION_LINES, AT(otp, template), "", 0, 160,
     .help = "Text with {code}, {brand} and {minutes}; empty: our own sentences."},
    {"otp.locale", OG_OPTION_TEXT, AT(otp, locale), "en", 2, 35,
     .help = "Language of our sentences when the application says none; auto: by the number."},
    {"otp.verbose_errors", OG_OPTION_BOOL, AT(otp, verbose_errors), "false",
     .help = "Tell applications that a code has expired; else it is answered as a wrong one."},
    {"otp.store", OG_OPTION_WORD, AT(otp, store), "memory", .words = otp_store_words,
     .help = "Where codes live until they expire; see redis.* and memcached.* for the others."},
    {"otp.store_entries_max", OG_OPTION_INT, AT(otp, store_entries_max), "1000000", 100, 100000000,
     .help = "Codes that may live at once in memory; more verifications are answered 503."},
    {"otp.store_prefix", OG_OPTION_TEXT, AT(otp, store_prefix), "otpgate:", 0, 64,
     .check = og_rule_key_prefix,
     .help = "Begins every key in Redis or memcached; gateways that share codes share it."},
    {"otp.environment", OG_OPTION_WORD, AT(otp, environment), "production",
     .words = environment_words, .help = "Fixed codes for test numbers work only in test."},
    {"otp.test_numbers", OG_OPTION_TEXTS, AT(otp, test_numbers), "", 0, OG_CONFIG_ENTRIES_MAX,
     .help = "Numbers with a fixed code until a time: +447700900123=123456@2027-01-31T00:00:00Z."},

    {"redis.mode", OG_OPTION_WORD, AT(redis, mode), "direct", .words = redis_mode_words,
     .help = "What redis.addresses are: servers, Sentinels, or some nodes of a cluster."},
    {"redis.addresses", OG_OPTION_TEXTS, AT(redis, addresses), "127.0.0.1:6379", 1,
     OG_CONFIG_ENTRIES_MAX, .check = og_rule_host_port,
     .help = "host:port, tried in this order."},
    {"redis.master", OG_OPTION_TEXT, AT(redis, master), "mymaster", 0, 100,
     .check = og_rule_not_empty, .help = "What the Sentinels call the servers."},
    {"redis.user", OG_OPTION_TEXT, AT(redis, user), "", 0, 100,
     .help = "User of Redis's access control list; empty: the default user."},
    {"redis.password", OG_OPTION_TEXT, AT(redis, password), "", 0, 200, .is_secret = true,
     .is_unflagged = true, .help = "Password; better in redis.password_file."},
    {"redis.password_file", OG_OPTION_TEXT, AT(redis, password_file), "", 0, PATH_BYTES,
     .help = "File with the password; must not be readable by others."},
    {"redis.db", OG_OPTION_INT, AT(redis, db), "0", 0, 15,
     .help = "Number of the database; a cluster has only 0."},

    {"memcached.servers", OG_OPTION_TEXTS, AT(memcached, servers), "127.0.0.1:11211", 1,
     OG_CONFIG_ENTRIES_MAX, .check = og_rule_host_port,
     .help = "host:port of each; every gateway must have the same list."},
    {"memcached.user", OG_OPTION_TEXT, AT(memcached, user), "", 0, 100,
     .help = "User for SASL; empty: no authentication."},
    {"memcached.password", OG_OPTION_TEXT, AT(memcached, password), "", 0, 200,
     .is_secret = true, .is_unflagged = true,
     .help = "Password; better in memcached.password_file."},
    {"memcached.password_file", OG_OPTION_TEXT, AT(memcached, password_file), "", 0, PATH_BYTES,
     .help = "File with the password; must not be readable by others."},
    {"memcached.threads", OG_OPTION_INT, AT(memcached, threads), "4", 1, 64,
     .help = "Threads that wait for memcached."},

    {"abuse.mode", OG_OPTION_WORD, AT(abuse, mode), "enforce", .words = abuse_mode_words,
     .help = "What rules against abuse do; record counts and logs, but refuses nothing."},
    {"abuse.messages", OG_OPTION_WORD, AT(abuse, messages), "rate", .words = abuse_messages_words,
     .help = "Rules for messages that are no codes: their rate, also budgets, or all."},
    {"abuse.home", OG_OPTION_TEXT, AT(abuse, home), "", 0, 2, .check = og_rule_region,
     .help = "Country of your SIM cards, as DE; empty: number.default_region."},
    {"abuse.countries", OG_OPTION_TEXTS, AT(abuse, countries), "", 0, OG_CONFIG_TEXTS_MAX,
     .check = og_rule_country, .help = "Further countries that may get codes; * for all."},
    {"abuse.number_types_refused", OG_OPTION_TEXTS, AT(abuse, number_types_refused),
     "fixed,toll_free,premium,shared_cost,voip,personal,pager,uan,voicemail", 0,
     OG_CONFIG_ENTRIES_MAX, .check = og_rule_number_type,
     .help = "Kinds of numbers that get no codes; also fixed_or_mobile, unknown."},
    {"abuse.servers", OG_OPTION_TEXTS, AT(abuse, servers), "", 0, OG_CONFIG_ENTRIES_MAX,
     .check = og_rule_network,
     .help = "Addresses or networks of applications' servers: not counted as users' addresses."},
    {"abuse.shared", OG_OPTION_BOOL, AT(abuse, shared), "false",
     .help = "Limits hold over all gateways that share otp.store; needs redis or memcached."},
    {"abuse.shared_secret", OG_OPTION_TEXT, AT(abuse, shared_secret), "", 0, 200,
     .is_secret = true, .is_unflagged = true,
     .help = "The same on all of them, 16 characters or more; better in abuse.shared_secret_file."},
    {"abuse.shared_secret_file", OG_OPTION_TEXT, AT(abuse, shared_secret_file), "", 0, PATH_BYTES,
     .help = "File with that secret; must not be readable by others."},
    {"abuse.strict_limits", OG_OPTION_BOOL, AT(abuse, strict_limits), "false",
     .help = "A shared count that memcached may have lost is full until its window is over."},
    {"abuse.recipient_hour", OG_OPTION_INT, AT(abuse, recipient_hour), "5", 0, 1000000,
     .help = "Codes to one number within an hour; 0 means no limit."},
    {"abuse.recipient_day", OG_OPTION_INT, AT(abuse, recipient_day), "10", 0, 1000000,
     .help = "Codes to one number within a day; 0 means no limit."},
    {"abuse.prefix_hour", OG_OPTION_INT, AT(abuse, prefix_hour), "10", 0, 1000000,
     .help = "Codes to numbers alike but for their last four digits, within an hour; 0: no limit."},
    {"abuse.ip_hour", OG_OPTION_INT, AT(abuse, ip_hour), "10", 0, 1000000,
     .help = "Codes for one address (IPv6: /64) within an hour; 0 means no limit."},
    {"abuse.ip_day", OG_OPTION_INT, AT(abuse, ip_day), "30", 0, 1000000,
     .help = "Codes for one address (IPv6: /64) within a day; 0 means no limit."},
    {"abuse.country_hour", OG_OPTION_INT, AT(abuse, country_hour), "20", 0, 10000000,
     .help = "Codes to one country that is not home, within an hour; 0 means no limit."},
    {"abuse.app_hour", OG_OPTION_INT, AT(abuse, app_hour), "0", 0, 100000000,
     .help = "Codes for one client app, or API key, within an hour; 0 means no limit."},
    {"abuse.account_minute", OG_OPTION_INT, AT(abuse, account_minute), "6000", 0, 100000000,
     .help = "Codes and messages of one account within a minute; 0 means no limit."},
    {"abuse.account_day", OG_OPTION_INT, AT(abuse, account_day), "2000", 1, 1000000000,
     .help = "Budget of one account: codes (and messages, see abuse.messages) within a day."},
    {"abuse.global_minute", OG_OPTION_INT, AT(abuse, global_minute), "300", 1, 100000000,
     .help = "Codes (and messages, see abuse.messages) of all accounts within a minute."},
    {"abuse.global_day", OG_OPTION_INT, AT(abuse, global_day), "10000", 1, 1000000000,
     .help = "Budget of the gateway: codes (and messages, see abuse.messages) within a day."},
    {"abuse.sim_day", OG_OPTION_INT, AT(abuse, sim_day), "0", 0, 1000000,
     .help = "Budget of one SIM: codes (and messages, see abuse.messages) a day; 0: no limit."},
    {"abuse.account_cost_day", OG_OPTION_INT, AT(abuse, account_cost_day), "0", 0, 1000000000,
     .help = "Money that one account may spend within a day, in cents; 0 means no limit."},
    {"abuse.price_home", OG_OPTION_INT, AT(abuse, price_home), "1", 0, 100000,
     .help = "Cents that a message to the home country costs."},
    {"abuse.price_abroad", OG_OPTION_INT, AT(abuse, price_abroad), "30", 0, 100000,
     .help = "Cents that a message to another country costs."},
    {"abuse.reserve", OG_OPTION_INT, AT(abuse, reserve_percent), "20", 0, 100,
     .help = "Percent of each budget that is kept for codes when messages count, too."},
    {"abuse.conversion_alarm", OG_OPTION_INT, AT(abuse, conversion_alarm), "40", 0, 100,
     .help = "Alert when fewer percent of a country's or prefix's codes are typed in."},
    {"abuse.conversion_alarm_min", OG_OPTION_INT, AT(abuse, conversion_alarm_min), "20", 1, 1000000,
     .help = "So many codes are needed for that alert."},
    {"abuse.conversion_stop", OG_OPTION_INT, AT(abuse, conversion_stop), "15", 0, 100,
     .help = "Stop a country or prefix when fewer percent of its codes are typed in; 0: never."},
    {"abuse.conversion_stop_min", OG_OPTION_INT, AT(abuse, conversion_stop_min), "30", 1, 1000000,
     .help = "So many codes are needed for that stop."},
    {"abuse.stop_time", OG_OPTION_DURATION, AT(abuse, stop_time_ms), "24h", 0, DAYS(365),
     .help = "How long such a stop holds; 0s: until it is released by hand."},
    {"abuse.spray_checks_min", OG_OPTION_INT, AT(abuse, spray_checks_min), "200", 0, 100000000,
     .help = "Checks within ten minutes that abuse.spray_percent needs; 0: no such alert."},
    {"abuse.spray_percent", OG_OPTION_INT, AT(abuse, spray_percent), "5", 1, 100,
     .help = "Alert when more percent of all checks within ten minutes fail."},
    {"abuse.spray_recipients", OG_OPTION_INT, AT(abuse, spray_recipients), "50", 0, 64,
     .help = "Alert when so many recipients fail from one network; 0: no such alert."},
    {"abuse.challenge", OG_OPTION_WORD, AT(abuse, challenge), "never", .words = challenge_words,
     .help = "When a start needs proof of work; see docs/abuse.md."},
    {"abuse.challenge_bits", OG_OPTION_INT, AT(abuse, challenge_bits), "20", 8, 30,
     .help = "How hard that is; each bit doubles it, 20 take about a second on a phone."},
    {"abuse.keys_max", OG_OPTION_INT, AT(abuse, keys_max), "100000", 100, 100000000,
     .help = "Numbers, addresses and so on that each limit remembers; at least abuse.global_day."},

    {"login.failures_max", OG_OPTION_INT, AT(login, failures_max), "10", 1, 1000,
     .help = "Failed logins of one source or account that lock it."},
    {"login.lock", OG_OPTION_DURATION, AT(login, lock_ms), "30m", SECONDS(1), DAYS(1),
     .help = "How long that lock lasts, and that of otp.lock_after."},
    {"login.registrations_max", OG_OPTION_INT, AT(login, registrations_max), "100", 1, 1000000,
     .help = "Phones that may try to join from one address within an hour."},

    {"audit.enabled", OG_OPTION_BOOL, AT(audit, enabled), "true",
     .help = "Keep the audit log: what happened, chained so that a change shows."},
    {"audit.origin", OG_OPTION_TEXT, AT(audit, origin), "otpgate/audit", 1, 127,
     .check = og_rule_origin,
     .help = "Whose log it is: the first line of each checkpoint, as gateway.example/audit."},
    {"audit.entries_max", OG_OPTION_INT, AT(audit, entries_max), "0", 0, 2000000000,
     .help = "Entries that the audit log may hold, some 600 bytes each; 0: what the disk takes."},
    {"audit.when_full", OG_OPTION_WORD, AT(audit, when_full), "refuse", .words = full_words,
     .help = "When it holds so many: refuse requests, or go on and count what is not written."},
    {"audit.checkpoint_file", OG_OPTION_TEXT, AT(audit, checkpoint_file), "", 0, 1000,
     .help = "Where signed checkpoints are appended; empty: audit-checkpoints in data.dir."},
    {"audit.checkpoint_syslog", OG_OPTION_BOOL, AT(audit, checkpoint_syslog), "false",
     .help = "Tell each checkpoint to this machine's syslog, facility authpriv."},
    {"audit.checkpoint_url", OG_OPTION_TEXT, AT(audit, checkpoint_url), "", 0, 1000,
     .check = og_rule_public_url,
     .help = "POST each checkpoint there, as text/plain, until it is taken."},
    {"audit.checkpoint_ca_file", OG_OPTION_TEXT, AT(audit, checkpoint_ca_file), "", 0, 1000,
     .help = "PEM authorities for that URL; empty: the system's."},

    {"retention.text", OG_OPTION_DURATION, AT(retention, text_ms), "7d", HOURS(1), DAYS(3650),
     .help = "How long texts of messages stay; a keyed digest of each stays behind."},
    {"retention.messages", OG_OPTION_DURATION, AT(retention, messages_ms), "30d", HOURS(1),
     DAYS(3650), .help = "How long final messages stay, with their recipients."},
    {"retention.verifications", OG_OPTION_DURATION, AT(retention, verifications_ms), "30d",
     HOURS(1), DAYS(3650),
     .help = "How long verifications stay, with their sends and checks."},
    {"retention.failures", OG_OPTION_DURATION, AT(retention, failures_ms), "30d", DAYS(1),
     DAYS(3650),
     .help = "How long a number's wrong codes count after the last one; not while it is locked."},
    {"retention.dead_webhooks", OG_OPTION_DURATION, AT(retention, dead_webhooks_ms), "30d",
     HOURS(1), DAYS(3650), .help = "How long webhook events that were given up stay."},
    {"retention.sandbox", OG_OPTION_DURATION, AT(retention, sandbox_ms), "7d", HOURS(1),
     DAYS(3650), .help = "How long messages of accounts in sandbox mode stay."},
    {"retention.audit", OG_OPTION_DURATION, AT(retention, audit_ms), "400d", DAYS(30), DAYS(3650),
     .help = "How long entries of the audit log stay; they go by whole days (UTC)."},

    {"alert.alertmanager_url", OG_OPTION_TEXT, AT(alert, alertmanager_url), "", 0, 1000,
     .check = og_rule_http_url,
     .help = "Alertmanager's alerts: http://host:9093/api/v2/alerts."},
    {"alert.webhook_url", OG_OPTION_TEXT, AT(alert, webhook_url), "", 0, 1000,
     .check = og_rule_http_url, .help = "POST alerts there as plain JSON."},
    {"alert.ca_file", OG_OPTION_TEXT, AT(alert, ca_file), "", 0, PATH_BYTES,
     .help = "PEM authorities for the receivers of alerts; empty: the system's."},
    {"alert.mail_url", OG_OPTION_TEXT, AT(alert, mail_url), "", 0, 300,
     .check = og_rule_mail_url,
     .help = "Mail server for alerts: smtp://host:587, or smtps://host:465 for TLS at once."},
    {"alert.mail_starttls", OG_OPTION_BOOL, AT(alert, mail_starttls), "true",
     .help = "Speak to an smtp:// server in TLS or not at all."},
    {"alert.mail_user", OG_OPTION_TEXT, AT(alert, mail_user), "", 0, 200,
     .help = "Login at the mail server; empty: none."},
    {"alert.mail_password_file", OG_OPTION_TEXT, AT(alert, mail_password_file), "", 0, PATH_BYTES,
     .help = "File with its password; must not be readable by others."},
    {"alert.mail_from", OG_OPTION_TEXT, AT(alert, mail_from), "", 0, 250,
     .check = og_rule_mail_address, .help = "Sender of mails with alerts."},
    {"alert.mail_to", OG_OPTION_TEXTS, AT(alert, mail_to), "", 0, OG_CONFIG_ENTRIES_MAX,
     .check = og_rule_mail_address, .help = "Who gets them."},
    {"alert.offline_after", OG_OPTION_DURATION, AT(alert, offline_after_ms), "5m", SECONDS(1),
     DAYS(30), .help = "A phone without a stream and unseen for so long is an alert."},
    {"alert.code_wait", OG_OPTION_DURATION, AT(alert, code_wait_ms), "30s", SECONDS(1), HOURS(1),
     .help = "A code that waits for its phone, or for its answer, for so long is an alert."},
    {"alert.failure_percent", OG_OPTION_INT, AT(alert, failure_percent), "20", 1, 100,
     .help = "Alert when so many percent of a phone's or an account's messages fail."},
    {"alert.failure_least", OG_OPTION_INT, AT(alert, failure_least), "20", 1, 100000,
     .help = "Of at least so many that were sent or failed within 10 to 15 minutes."},
    {"alert.commit_slow", OG_OPTION_DURATION, AT(alert, commit_slow_ms), "1s", 10, MINUTES(1),
     .help = "A commit of the database that takes so long is an alert."},
    {"alert.remind_every", OG_OPTION_DURATION, AT(alert, remind_every_ms), "4h", MINUTES(1),
     DAYS(30), .help = "An alert that lasts is told again this often (Alertmanager: each minute)."},
    {"alert.probe_every", OG_OPTION_DURATION, AT(alert, probe_every_ms), "5m", SECONDS(1), DAYS(1),
     .help = "How often a channel without alerts is asked whether it lives."},
    {"alert.keep", OG_OPTION_DURATION, AT(alert, keep_ms), "60s", 0, HOURS(1),
     .help = "All must be well for so long before an alert ends: what flaps is one alert."},
};

const int og_option_count = sizeof(og_options) / sizeof(og_options[0]);

_Static_assert(sizeof(og_options) / sizeof(og_options[0]) <= OG_CONFIG_OPTIONS_MAX,
               "room for the origin of each option");

const struct og_option *
og_option_find(struct og_str name)
{
    for (int i = 0; i < og_option_count; i++) {
        if (og_str_eq(name, og_str_from(og_options[i].name))) {
            return &og_options[i];
        }
    }
    return NULL;
}

bool
og_option_is_list(const struct og_option *option)
{
    return option->type == OG_OPTION_LISTENS || option->type == OG_OPTION_TEXTS ||
           option->type == OG_OPTION_DURATIONS;
}

void
og_option_variable(const struct og_option *option, char out[OG_OPTION_VARIABLE_BYTES])
{
    snprintf(out, OG_OPTION_VARIABLE_BYTES, "OTPGATE_%s", option->name);
    for (char *c = out; *c; c++) {
        *c = (char)(*c == '.' ? '_' : toupper((unsigned char)*c));
    }
}

#define NAME_CHARS_MAX 48

static int
least(int a, int b, int c)
{
    int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance, one row of the matrix at a time. */
int
og_option_distance(struct og_str a, struct og_str b, int limit)
{
    if (a.len > NAME_CHARS_MAX || b.len > NAME_CHARS_MAX) {
        return limit;
    }
    int row[NAME_CHARS_MAX + 1];
    for (size_t k = 0; k <= b.len; k++) {
        row[k] = (int)k;
    }
    for (size_t i = 0; i < a.len; i++) {
        int diagonal = row[0];
        row[0] = (int)i + 1;
        for (size_t k = 0; k < b.len; k++) {
            int changed = diagonal + (a.ptr[i] != b.ptr[k]);
            diagonal = row[k + 1];
            row[k + 1] = least(changed, row[k] + 1, row[k + 1] + 1);
        }
    }
    return row[b.len] < limit ? row[b.len] : limit;
}

/* The part behind the first dot, so that a right word in a wrong section is found as well. */
static struct og_str
last_word(struct og_str name)
{
    size_t dot = og_str_find(name, '.');
    return dot < name.len ? og_str_slice(name, dot + 1, name.len) : name;
}

const char *
og_option_hint(struct og_str name)
{
    int nearest = (int)(name.len / 3 < 4 ? name.len / 3 : 4) + 1;
    const char *hint = NULL;
    for (int i = 0; i < og_option_count; i++) {
        struct og_str known = og_str_from(og_options[i].name);
        int distance = og_option_distance(name, known, nearest);
        if (distance < nearest) {
            nearest = distance;
            hint = og_options[i].name;
        }
    }
    for (int i = 0; i < og_option_count && !hint; i++) {
        if (og_str_eq(last_word(name), last_word(og_str_from(og_options[i].name)))) {
            hint = og_options[i].name;
        }
    }
    return hint;
}
