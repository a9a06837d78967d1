/*
 * Copying settings, room by room.
 */
#include "app/app_settings.h"

#include <stdio.h>
#include <string.h>

void
og_app_message_policy(const struct og_config *config, struct og_message_policy *out)
{
    *out = (struct og_message_policy){
        .max_age_ms = config->message.max_age_ms,
        .recipients_max = config->message.recipients_max,
        .text_chars_max = config->message.text_max,
        .text_kept_ms = config->retention.text_ms,
        .queue_max_pending = config->message.queue_max_pending,
        .queue_max_pending_age_ms = config->message.queue_max_pending_age_ms,
        .queue_max_failed = config->message.queue_max_failed,
        .queue_max_failed_age_ms = config->message.queue_max_failed_age_ms,
    };
    snprintf(out->default_region, sizeof out->default_region, "%s",
             config->number.default_region);
}

static int64_t
minute_of_day(const char *text)
{
    return text[0] ? ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 +
                         text[4] - '0'
                   : 0;
}

static void
sim_limits(const struct og_config_sim *sim, struct og_pace_limits *out)
{
    *out = (struct og_pace_limits){
        .parts = {[OG_PACE_MINUTE] = sim->parts_per_minute,
                  [OG_PACE_HOUR] = sim->parts_per_hour,
                  [OG_PACE_DAY] = sim->parts_per_day,
                  [OG_PACE_MONTH] = sim->parts_per_month},
        .recipients_per_day = sim->recipients_per_day,
        .recipients_per_month = sim->recipients_per_month,
        .otp_reserve_percent = sim->otp_reserve,
        .gap_min_ms = sim->gap_min_ms,
        .gap_max_ms = sim->gap_max_ms > sim->gap_min_ms ? sim->gap_max_ms : sim->gap_min_ms,
        .quiet_from = minute_of_day(sim->quiet_from),
        .quiet_to = minute_of_day(sim->quiet_to),
        .utc_offset_minutes = sim->utc_offset_minutes,
        .warmup_ms = sim->warmup_ms,
        .errors_max = sim->errors_max,
        .cooldown_ms = sim->cooldown_ms,
    };
}

void
og_app_route_policy(const struct og_config *config, struct og_route_policy *out)
{
    const struct og_config_device *device = &config->device;
    const struct og_config_route *route = &config->route;
    *out = (struct og_route_policy){
        .is_smart = route->smart,
        .device = {.parts = {[OG_PACE_MINUTE] = device->parts_per_minute,
                             [OG_PACE_DAY] = device->parts_per_day},
                   .otp_reserve_percent = config->sim.otp_reserve},
        .health = {.offline_after_ms = device->offline_after_ms,
                   .silent_max = device->silent_max,
                   .failures_max = device->failures_max,
                   .quarantine_ms = device->quarantine_ms},
        .ahead_max = route->ahead_max,
        .fetch_ms = route->fetch_within_ms,
        .silence_ms = route->silent_after_ms,
        .routes_max = route->routes_max,
        .no_route_ms = route->no_route_after_ms,
        .transit_ms = route->transit_ms,
    };
    sim_limits(&config->sim, &out->sim);
}

void
og_app_otp_policy(const struct og_config *config, struct og_otp_policy *out)
{
    const struct og_config_otp *otp = &config->otp;
    *out = (struct og_otp_policy){
        .length = otp->length,
        .allow_weak = otp->allow_weak,
        .ttl_ms = otp->ttl_ms,
        .attempts = otp->attempts,
        .sends_max = otp->sends_max,
        .rotates = otp->resend == OG_CONFIG_RESEND_ROTATE,
        .lock_after = otp->lock_after,
        .lock_ms = config->login.lock_ms,
        .verbose_errors = otp->verbose_errors,
    };
    int most = (int)(sizeof out->resend_wait_ms / sizeof out->resend_wait_ms[0]);
    for (int i = 0; i < otp->resend_waits.count && i < most; i++) {
        out->resend_wait_ms[out->resend_wait_count++] = otp->resend_waits.items_ms[i];
    }
    for (int i = 0; i < otp->test_numbers.count; i++) {
        struct og_err unheard; /* what is wrong was refused with the options */
        out->test_number_count +=
            og_otp_test_number_read(og_str_from(otp->test_numbers.items[i]),
                                    &out->test_numbers[out->test_number_count],
                                    &unheard) == OG_OK;
    }
    snprintf(out->brand, sizeof out->brand, "%s", otp->brand);
    snprintf(out->text, sizeof out->text, "%s", otp->template);
    snprintf(out->locale, sizeof out->locale, "%s", otp->locale);
}

/* Home first, then the others; none when none is configured. */
static void
copy_regions(const struct og_config *config, struct og_shield_config *out)
{
    const char *home =
        config->abuse.home[0] ? config->abuse.home : config->number.default_region;
    const struct og_config_texts *others = &config->abuse.countries;
    const bool has_home = home[0] || others->count > 0;
    if (has_home) { /* without a home the first place stays empty: nothing is home */
        snprintf(out->regions[out->region_count++], sizeof out->regions[0], "%s", home);
    }
    for (int i = 0; i < others->count && out->region_count < OG_SHIELD_REGIONS_MAX; i++) {
        snprintf(out->regions[out->region_count++], sizeof out->regions[0], "%s",
                 others->items[i]);
    }
}

static void
copy_limits(const struct og_config_abuse *abuse, int64_t out[OG_RULE_LIMITS])
{
    const int64_t limits[OG_RULE_LIMITS] = {
        [OG_RULE_RECIPIENT_HOUR] = abuse->recipient_hour,
        [OG_RULE_RECIPIENT_DAY] = abuse->recipient_day,
        [OG_RULE_PREFIX_HOUR] = abuse->prefix_hour,
        [OG_RULE_IP_HOUR] = abuse->ip_hour,
        [OG_RULE_IP_DAY] = abuse->ip_day,
        [OG_RULE_COUNTRY_HOUR] = abuse->country_hour,
        [OG_RULE_APP_HOUR] = abuse->app_hour,
        [OG_RULE_ACCOUNT_MINUTE] = abuse->account_minute,
        [OG_RULE_ACCOUNT_DAY] = abuse->account_day,
        [OG_RULE_GLOBAL_MINUTE] = abuse->global_minute,
        [OG_RULE_GLOBAL_DAY] = abuse->global_day,
        [OG_RULE_SIM_DAY] = abuse->sim_day,
        [OG_RULE_ACCOUNT_COST_DAY] = abuse->account_cost_day,
    };
    memcpy(out, limits, sizeof limits);
}

void
og_app_shield_config(const struct og_config *config, struct og_shield_config *out)
{
    const struct og_config_abuse *abuse = &config->abuse;
    *out = (struct og_shield_config){
        .mode = (enum og_shield_mode)abuse->mode,
        .messages = (enum og_abuse_messages)abuse->messages,
        .price_home = abuse->price_home,
        .price_abroad = abuse->price_abroad,
        .reserve_percent = abuse->reserve_percent,
        .conversion = {abuse->conversion_alarm, abuse->conversion_alarm_min,
                       abuse->conversion_stop, abuse->conversion_stop_min},
        .stop_ms = abuse->stop_time_ms,
        .spray = {abuse->spray_checks_min, abuse->spray_percent, abuse->spray_recipients},
        .challenge = (enum og_challenge_when)abuse->challenge,
        .challenge_bits = abuse->challenge_bits,
        .keys_max = abuse->keys_max,
        .is_shared = abuse->shared,
    };
    copy_regions(config, out);
    copy_limits(abuse, out->limits);
    for (int i = 0; i < abuse->number_types_refused.count; i++) {
        enum og_phone_type type;
        if (og_phone_type_from_name(og_str_from(abuse->number_types_refused.items[i]), &type)) {
            out->types_refused |= 1U << type;
        }
    }
}

void
og_app_retention(const struct og_config *config, struct og_retention *out)
{
    const struct og_config_retention *kept = &config->retention;
    *out = (struct og_retention){
        .text_ms = kept->text_ms,
        .messages_ms = kept->messages_ms,
        .verifications_ms = kept->verifications_ms,
        .failures_ms = kept->failures_ms,
        .dead_webhooks_ms = kept->dead_webhooks_ms,
        .sandbox_ms = kept->sandbox_ms,
        .audit_ms = kept->audit_ms,
    };
}

const char *
og_app_text(const char *text)
{
    return text[0] ? text : NULL;
}

void
og_app_http_config(const struct og_config *config, struct og_http_config *out)
{
    const struct og_config_http *http = &config->http;
    og_http_config_defaults(out);
    for (int i = 0; i < http->listen.count; i++) {
        out->listen[i] = (struct og_http_listen){http->listen.items[i].address,
                                                 http->listen.items[i].port, http->tls};
    }
    out->listen_count = http->listen.count;
    out->loop_count = http->loops;
    out->cert_file = og_app_text(http->cert_file);
    out->key_file = og_app_text(http->key_file);
    out->client_ca_file = og_app_text(http->client_ca_file);
    out->header_bytes_max = http->header_bytes_max;
    out->header_count_max = http->header_count_max;
    out->header_timeout_ms = http->header_timeout_ms;
    out->body_timeout_ms = http->body_timeout_ms;
    out->idle_timeout_ms = http->idle_timeout_ms;
    out->connections_max = http->connections_max;
    out->connections_per_address_max = http->connections_per_address_max;
    out->stop_timeout_ms = http->stop_timeout_ms;
    out->stream_ack_timeout_ms = config->phone.ack_timeout_ms;
}

struct og_str_list
og_app_texts(const struct og_config_texts *texts, struct og_arena *mem)
{
    struct og_str *items = OG_ARENA_ARRAY(mem, struct og_str, (size_t)texts->count + 1);
    for (int i = 0; i < texts->count; i++) {
        items[i] = og_str_from(texts->items[i]);
    }
    return (struct og_str_list){items, (size_t)texts->count};
}
