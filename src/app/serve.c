/*
 * Running the gateway in the foreground: options, signals, service manager.
 */
#include "app/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "app/notify.h"
#include "app/options.h"
#include "base/log.h"
#include "config/option.h"

/* ---- the process ---- */

/* Nothing of this process's memory may reach a file; and as many connections as we are allowed. */
static void
harden(void)
{
    struct rlimit none = {0, 0}, files;
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk, not our end */
}

static void
block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL); /* threads inherit it */
}

struct serving {
    struct og_app *app;
    struct og_config *config; /* in effect */
    int argc;
    char **argv;
};

static void
note_change(void *ctx, const struct og_option *option)
{
    (void)ctx;
    if (!option->is_reloadable) {
        og_log_warn("app", "changed, but takes effect at the next start only", "option=%s",
                    option->name);
    }
}

/* Of the options only the log's level changes while we run. */
static enum og_code
reload_options(struct serving *self, struct og_err *err)
{
    struct og_config fresh;
    enum og_code code = og_app_read_options(self->argc, self->argv, &fresh, err);
    if (code == OG_OK) {
        og_config_each_change(self->config, &fresh, note_change, NULL);
        self->config->log.level = fresh.log.level;
        og_log_set_level((enum og_log_level)fresh.log.level);
    }
    og_config_finish(&fresh);
    return code;
}

static void
reload(struct serving *self)
{
    struct og_err err = {0};
    og_notify("RELOADING=1");
    if (reload_options(self, &err) != OG_OK) {
        og_log_error("app", "the configuration is wrong, the old one stays", "reason=%s",
                     og_log_quote(og_str_from(err.text)));
    }
    if (og_app_reload(self->app, &err) == OG_OK) {
        og_log_info("app", "certificates reloaded", "");
    } else {
        og_log_error("app", "reload failed, the old certificates stay", "reason=%s",
                     og_log_quote(og_str_from(err.text)));
    }
    og_notify("READY=1");
}

static void
wait_for_end(struct serving *self, const sigset_t *set)
{
    int64_t beat_ms = og_notify_watchdog_ms();
    struct timespec beat = {beat_ms / 1000, beat_ms % 1000 * 1000000};
    for (;;) {
        int signal_number =
            beat_ms ? sigtimedwait(set, NULL, &beat) : sigwaitinfo(set, NULL);
        if (signal_number == SIGHUP) {
            reload(self);
        } else if (signal_number > 0) {
            return;
        } else if (errno == EAGAIN) {
            og_notify("WATCHDOG=1");
        }
    }
}

/* ---- words for people ---- */

/* The credential is shown to a person only: a service manager would keep what we print. */
static void
greet(const struct og_app *app)
{
    const char *token = og_app_new_operator_token(app);
    bool is_person = isatty(STDERR_FILENO);
    if (!is_person && !token[0]) {
        return;
    }
    fprintf(stderr, "\notpgate %s serves %s\n", OG_VERSION, og_app_url(app));
    if (og_app_ca_file(app)[0]) {
        fprintf(stderr, "  trust anchor        %s\n", og_app_ca_file(app));
    }
    fprintf(stderr, "  operator credential %s\n", og_app_operator_file(app));
    if (token[0] && is_person) {
        fprintf(stderr, "  (made just now, shown once: %s)\n", token);
    }
    if (og_app_wants_country(app)) {
        fprintf(stderr, "\nNo country may get codes yet: end this and run, with yours for DE,\n"
                        "  otpgate serve --abuse.home DE\n");
    }
    if (token[0]) {
        fprintf(stderr, "\nNext: otpgate account create NAME, then otpgate device pair NAME\n");
    }
    fputc('\n', stderr);
}

static int
fail(const struct og_err *err)
{
    fprintf(stderr, "otpgate: %s\n", err->text[0] ? err->text : og_code_wire(err->code));
    return 1;
}

static const char serve_help[] =
    "Usage: otpgate serve [--config FILE] [--OPTION=VALUE ...]\n"
    "\n"
    "Runs the gateway in the foreground. In an empty folder it makes all that it needs in\n"
    "./data: master key, database, a private CA with a certificate, and an operator\n"
    "credential (in data/operator.token; on a terminal it is shown once).\n"
    "\n"
    "  --config FILE      configuration (default: otpgate.toml here, if there is one)\n"
    "  --data DIR         the data folder (default: data)\n"
    "  --listen ADDR:PORT where to listen (default: 0.0.0.0:8443)\n"
    "  --log-format json  for machines\n"
    "\n"
    "Every option can be a flag; `otpgate check-config --sample` lists them with their\n"
    "defaults. SIGHUP loads certificates and log.level anew, SIGINT and SIGTERM end it\n"
    "after what was accepted is done.\n"
    "\n"
    "  otpgate serve\n"
    "  otpgate serve --listen 127.0.0.1:9443 --data /var/lib/otpgate --otp.ttl 2m\n";

int
og_serve_main(int argc, char **argv)
{
    struct og_config config;
    struct og_err err = {0};
    int exit_code;
    if (!og_app_options(argc, argv, serve_help, &config, &exit_code)) {
        return exit_code;
    }
    harden();
    sigset_t set;
    block_signals(&set);
    struct og_app *app = NULL;
    enum og_code code = og_app_create(&config, &app, &err);
    if (code == OG_OK) {
        code = og_app_start(app, &err);
    }
    if (code == OG_OK) {
        greet(app);
        og_app_forget_operator_token(app);
        og_notify("READY=1");
        wait_for_end(&(struct serving){app, &config, argc, argv}, &set);
        og_notify("STOPPING=1");
    }
    exit_code = code == OG_OK ? 0 : fail(&err);
    if (app) {
        og_app_stop(app);
    }
    og_app_destroy(app);
    og_config_finish(&config);
    return exit_code;
}

static const char check_help[] =
    "Usage: otpgate check-config [--config FILE] [--OPTION=VALUE ...] [--show | --sample]\n"
    "\n"
    "Reads the configuration as `serve` would and says what is wrong with it, with the line.\n"
    "\n"
    "  --show    print what is in effect and where each value comes from\n"
    "  --sample  print every option with its meaning, range and default, commented out\n"
    "\n"
    "  otpgate check-config --sample > otpgate.toml\n";

/* Takes the word out of argv if it is there. */
static bool
take_word(int *argc, char **argv, const char *word)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], word) == 0) {
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
            (*argc)--;
            return true;
        }
    }
    return false;
}

int
og_check_config_main(int argc, char **argv)
{
    bool show = take_word(&argc, argv, "--show");
    if (take_word(&argc, argv, "--sample")) {
        og_config_write_sample(stdout);
        return 0;
    }
    struct og_config config;
    int exit_code;
    if (!og_app_options(argc, argv, check_help, &config, &exit_code)) {
        return exit_code;
    }
    if (show) {
        og_config_write(&config, stdout);
    } else {
        printf("The configuration is right (%s).\n", config.file[0] ? config.file : "no file");
    }
    og_config_finish(&config);
    return 0;
}
