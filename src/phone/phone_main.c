/* `otpgate phone`: reads the flags, runs a fleet on a loop of its own, shows what comes out, and
 * ends by signal, time or count. The main thread only waits. */
#include "phone/phone_main.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "phone/handset.h"
#include "phone/phone_options.h"
#include "phone/ticker.h"

#define LOOK_MS 20
#define NEWS_MS 5000
#define SINGLE_PHONES 10 /* up to so many, each registration is told */

/* The loop's, once it runs. */
struct show {
    struct og_phone_options options;
    struct og_loop *loop;
    struct og_fleet *fleet;
    struct og_ticker *ticker;
    struct og_signals *signals;
    struct og_buf screen;
    enum og_handset_style style;
    int64_t ends_at_ms;
    int64_t news_at_ms;
    bool has_started;
    bool is_incomplete; /* the time ended before the count was reached */
};

static void
put_screen(struct show *self)
{
    fwrite(self->screen.ptr, 1, self->screen.len, stdout);
    fflush(stdout);
    og_buf_clear(&self->screen);
}

static void
on_sms(void *ctx, const struct og_fleet_sms *sms)
{
    struct show *self = ctx;
    char clock[16];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    og_handset_draw(&self->screen, &(struct og_handset_sms){
        .phone = og_str_from(sms->phone_name), .sim = sms->sim, .time = og_str_from(clock),
        .to = og_str_from(sms->to), .text = {sms->text, sms->text_len}, .parts = sms->parts,
        .id = og_str_from(sms->id), .is_data = sms->is_data, .is_encrypted = sms->is_encrypted},
        self->style);
    put_screen(self);
}

static void
on_registered(void *ctx, int phone, const char *device_id)
{
    fprintf(stderr, "phone %d is registered as device %s\n", phone, device_id);
}

static void
on_violation(void *ctx, int phone, enum og_violation violation, struct og_str about)
{
    static struct og_log_limit limit;
    int64_t held;
    if (og_log_limit_pass(&limit, 200, &held)) {
        og_log_warn("phone", "the server violated the protocol",
                    "phone=%d kind=%s about=%s meaning=%s held=%lld", phone,
                    og_violation_name(violation), og_log_quote(og_str_slice(about, 0, 60)),
                    og_log_quote(og_str_from(og_violation_what(violation))), (long long)held);
    }
}

static void
end(struct show *self)
{
    og_fleet_stop_here(self->fleet);
}

static void
on_signal(void *ctx, int number)
{
    end(ctx);
}

static void
tell_news(struct show *self, int64_t now_ms)
{
    const struct og_phone_counts *counts = og_fleet_counts(self->fleet);
    if (now_ms < self->news_at_ms || self->options.fleet.count <= SINGLE_PHONES) {
        return;
    }
    self->news_at_ms = now_ms + NEWS_MS;
    fprintf(stderr, "%lld phones registered, %lld streams open, %lld SMS, %lld reports\n",
            (long long)counts->phones_registered, (long long)counts->streams_open,
            (long long)counts->sms, (long long)counts->reports);
}

static bool
is_count_reached(const struct show *self)
{
    const struct og_phone_counts *counts = og_fleet_counts(self->fleet);
    return self->options.stop_after > 0 && counts->sms >= self->options.stop_after &&
           counts->reports_open == 0;
}

static void
on_look(void *ctx)
{
    struct show *self = ctx;
    int64_t now_ms = og_mono_ms(self->options.fleet.clock);
    bool is_late = self->ends_at_ms > 0 && now_ms >= self->ends_at_ms;
    bool is_reached = is_count_reached(self);
    tell_news(self, now_ms);
    if (is_reached || is_late) {
        self->is_incomplete = self->options.stop_after > 0 && !is_reached;
        end(self);
        return;
    }
    og_ticker_after(self->ticker, LOOK_MS);
}

static void
on_started(void *ctx)
{
    struct show *self = ctx;
    int64_t now_ms = og_mono_ms(self->options.fleet.clock);
    self->has_started = true;
    self->ends_at_ms = self->options.for_ms > 0 ? now_ms + self->options.for_ms : 0;
    self->news_at_ms = now_ms + NEWS_MS;
    self->signals = og_signals_watch(self->loop, on_signal, self);
    self->ticker = og_ticker_create(self->loop, on_look, self);
    og_ticker_after(self->ticker, LOOK_MS);
}

static void
on_stopped(void *ctx)
{
    struct show *self = ctx;
    og_signals_destroy(self->signals);
    og_ticker_destroy(self->ticker);
    og_loop_stop(self->loop);
}

/* ---- the end ---- */

static void
write_summary(const struct show *self, struct og_err *err)
{
    const char *path = self->options.summary_file;
    struct og_buf text;
    og_buf_init(&text, 16384);
    og_phone_counts_write(og_fleet_counts(self->fleet), &text);
    if (strcmp(path, "-") == 0) {
        fwrite(text.ptr, 1, text.len, stdout);
        fflush(stdout);
    } else if (og_file_write(path, og_buf_str(&text), 0644, err) != OG_OK) {
        fprintf(stderr, "otpgate phone: %s\n", err->text);
    }
    og_buf_finish(&text);
}

static int
judge(const struct show *self)
{
    const struct og_phone_counts *counts = og_fleet_counts(self->fleet);
    if (self->is_incomplete) {
        fprintf(stderr, "otpgate phone: the time is up: %lld of %lld SMS, %lld not yet reported\n",
                (long long)counts->sms, (long long)self->options.stop_after,
                (long long)counts->reports_open);
        return 1;
    }
    if (self->options.strict && counts->violations > 0) {
        fprintf(stderr, "otpgate phone: %lld violations of the protocol\n",
                (long long)counts->violations);
        return 3;
    }
    return 0;
}

static int
run(struct show *self)
{
    struct og_err err = {0};
    struct og_fleet_config *config = &self->options.fleet;
    config->on_started = on_started;
    config->on_stopped = on_stopped;
    config->on_violation = on_violation;
    config->on_sms = self->options.quiet ? NULL : on_sms;
    config->on_registered =
        self->options.quiet || config->count > SINGLE_PHONES ? NULL : on_registered;
    config->ctx = self;
    if (og_loop_create("phones", &self->loop, &err) != OG_OK ||
        og_fleet_create(self->loop, config, &self->fleet, &err) != OG_OK ||
        og_loop_start(self->loop, &err) != OG_OK) {
        fprintf(stderr, "otpgate phone: %s\n", err.text);
        og_fleet_destroy(self->fleet);
        og_loop_destroy(self->loop);
        return err.code == OG_E_INVALID ? 2 : 1;
    }
    og_fleet_start(self->fleet);
    og_loop_join(self->loop);
    int status = self->has_started ? judge(self) : 1;
    if (self->options.summary_file) {
        write_summary(self, &err);
    }
    og_fleet_destroy(self->fleet);
    og_loop_destroy(self->loop);
    return status;
}

static int
print_help(void)
{
    struct og_buf help;
    og_buf_init(&help, 65536);
    og_phone_options_help(&help);
    fwrite(help.ptr, 1, help.len, stdout);
    og_buf_finish(&help);
    return 0;
}

int
og_phone_main(int argc, char **argv)
{
    struct show self = {.style = og_handset_style_of_env()};
    struct og_err err = {0};
    if (og_phone_options_read(&self.options, argc, argv, &err) != OG_OK) {
        fprintf(stderr, "otpgate phone: %s\n", err.text);
        og_phone_options_finish(&self.options);
        return 2;
    }
    if (self.options.help) {
        og_phone_options_finish(&self.options);
        return print_help();
    }
    og_log_setup(&(struct og_log_config){
        .level = self.options.verbose ? OG_LOG_DEBUG : OG_LOG_INFO, .format = OG_LOG_TEXT,
        .colour = isatty(2), .fd = 2});
    signal(SIGPIPE, SIG_IGN); /* peers close connections; writes then fail with an error */
    og_buf_init(&self.screen, 1 << 20);
    int status = run(&self);
    og_buf_finish(&self.screen);
    og_phone_options_finish(&self.options);
    return status;
}
