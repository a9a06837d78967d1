/*
 * The demo: every step goes over the wire, as an application and a phone would do it.
 */
#include "app/demo.h"

#include <errno.h>
#include <ftw.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "app/demo_client.h"
#include "app/options.h"
#include "base/crypto.h"
#include "base/files.h"
#include "base/id.h"
#include "phone/fleet.h"
#include "phone/handset.h"

#define RECIPIENT "+447700900123" /* from the range that is kept for films */
#define SMS_WAIT_S 15

struct demo {
    struct og_config config;
    struct og_app *app;
    struct og_loop *loop;
    struct og_fleet *fleet;
    struct og_demo_client *client;
    struct og_arena mem;
    char folder[64];
    bool is_own_folder;
    const char *code_file; /* the last code, for the commands that we print */
    const char *operator_token;
    const char *key;      /* of the account */
    const char *phone_url;
    const char *phone_token;
    sem_t sms_arrived;
    char code[16];        /* the first digits of the last SMS; read after sms_arrived */
    struct og_err err;
};

/* ---- words ---- */

static const char *
tint(const char *escape)
{
    return isatty(STDOUT_FILENO) ? escape : "";
}

static void
step(const char *text)
{
    printf("%s==>%s %s\n", tint("\033[1;32m"), tint("\033[0m"), text);
    fflush(stdout);
}

/* ---- the phone ---- */

static void
remember_code(struct demo *self, struct og_str text)
{
    size_t begin = 0, len = 0;
    while (begin < text.len && (text.ptr[begin] < '0' || text.ptr[begin] > '9')) {
        begin++;
    }
    while (begin + len < text.len && text.ptr[begin + len] >= '0' &&
           text.ptr[begin + len] <= '9' && len < sizeof self->code - 1) {
        len++;
    }
    memcpy(self->code, text.ptr + begin, len);
    self->code[len] = '\0';
    struct og_err err;
    if (og_file_write(self->code_file, og_str_from(self->code), 0600, &err) != OG_OK) {
        fprintf(stderr, "otpgate: %s\n", err.text);
    }
}

/* On the fleet's loop. */
static void
on_sms(void *ctx, const struct og_fleet_sms *sms)
{
    struct demo *self = ctx;
    char time_text[16];
    time_t now = time(NULL);
    struct tm local;
    strftime(time_text, sizeof time_text, "%H:%M:%S", localtime_r(&now, &local));
    struct og_handset_sms shown = {
        .phone = og_str_from(sms->phone_name),
        .sim = sms->sim,
        .time = og_str_from(time_text),
        .to = og_str_from(sms->to),
        .text = {sms->text, sms->text_len},
        .parts = sms->parts,
        .id = og_str_from(sms->id),
    };
    struct og_buf box;
    og_buf_init(&box, 64 * 1024);
    og_handset_draw(&box, &shown, og_handset_style_of_env());
    printf("\n%.*s\n", (int)box.len, box.ptr);
    fflush(stdout);
    og_buf_finish(&box);
    remember_code(self, shown.text);
    sem_post(&self->sms_arrived);
}

static enum og_code
start_phone(struct demo *self)
{
    self->code_file = og_str_printf(&self->mem, "%s/last-code", self->config.data.dir).ptr;
    struct og_fleet_config config;
    og_fleet_config_defaults(&config);
    og_profile_make_perfect(&config.profile);
    config.url = self->phone_url;
    config.ca_file = og_app_ca_file(self->app)[0] ? og_app_ca_file(self->app) : NULL;
    config.private_token = self->phone_token;
    config.name = "virtual/handset";
    config.count = 1;
    config.on_sms = on_sms;
    config.ctx = self;
    enum og_code code = og_fleet_create(self->loop, &config, &self->fleet, &self->err);
    if (code == OG_OK) {
        og_fleet_start(self->fleet);
    }
    return code;
}

/* ---- the application ---- */

static enum og_code
call(struct demo *self, const char *method, const char *path, const char *token, const char *body,
     struct og_json_doc *out)
{
    return og_demo_call(self->client, method, path, token, body, out, &self->err);
}

static enum og_code
make_account(struct demo *self)
{
    struct og_json_doc doc = {0};
    enum og_code code = call(self, "POST", "/admin/v1/accounts", self->operator_token,
                             "{\"name\":\"demo\",\"brand\":\"Demo\"}", &doc);
    if (code != OG_OK) {
        return code;
    }
    const char *id = og_demo_text(&doc, "id", &self->mem);
    og_json_doc_finish(&doc);
    const char *path = og_str_printf(&self->mem, "/admin/v1/accounts/%s/keys", id).ptr;
    code = call(self, "POST", path, self->operator_token,
                "{\"scopes\":[\"otp:start\",\"otp:check\",\"messages:send\",\"messages:read\"]}",
                &doc);
    if (code != OG_OK) {
        return code;
    }
    self->key = og_demo_text(&doc, "key", &self->mem);
    og_json_doc_finish(&doc);
    path = og_str_printf(&self->mem, "/admin/v1/accounts/%s/pairing", id).ptr;
    code = call(self, "POST", path, self->operator_token, "{}", &doc);
    if (code == OG_OK) {
        self->phone_token = og_demo_text(&doc, "token", &self->mem);
        self->phone_url = og_str_printf(&self->mem, "%s/api/mobile/v1", og_app_url(self->app)).ptr;
        og_json_doc_finish(&doc);
    }
    return code;
}

/* The phone registers and opens its stream by itself; the account's first phone is what we wait
 * for. */
static enum og_code
wait_for_phone(struct demo *self)
{
    for (int tries = 0; tries < SMS_WAIT_S * 10; tries++) {
        struct og_json_doc doc = {0};
        enum og_code code =
            call(self, "GET", "/admin/v1/devices", self->operator_token, "", &doc);
        if (code != OG_OK) {
            return code;
        }
        bool is_connected = false;
        const struct og_json *device = og_json_at(og_json_get(doc.root, "devices"), 0);
        if (device) {
            og_json_to_bool(og_json_get(device, "connected"), &is_connected);
        }
        og_json_doc_finish(&doc);
        if (is_connected) {
            return OG_OK;
        }
        nanosleep(&(struct timespec){0, 100 * 1000 * 1000}, NULL);
    }
    return og_fail(&self->err, OG_E_UNAVAILABLE, "", "the virtual phone did not connect");
}

static enum og_code
start_verification(struct demo *self, const char **id_out)
{
    struct og_json_doc doc = {0};
    enum og_code code = call(self, "POST", "/otp/v1/verifications", self->key,
                             "{\"to\":\"" RECIPIENT "\",\"purpose\":\"login\"}", &doc);
    if (code == OG_OK) {
        *id_out = og_demo_text(&doc, "id", &self->mem);
        og_json_doc_finish(&doc);
    }
    return code;
}

static enum og_code
wait_for_sms(struct demo *self)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SMS_WAIT_S;
    int result;
    while ((result = sem_timedwait(&self->sms_arrived, &until)) != 0 && errno == EINTR) {
    }
    return result == 0 ? OG_OK
                       : og_fail(&self->err, OG_E_UNAVAILABLE, "", "no SMS within %d s",
                                 SMS_WAIT_S);
}

static enum og_code
check_code(struct demo *self, const char *id)
{
    struct og_json_doc doc = {0};
    const char *path = og_str_printf(&self->mem, "/otp/v1/verifications/%s/check", id).ptr;
    const char *body = og_str_printf(&self->mem, "{\"code\":\"%s\",\"purpose\":\"login\"}",
                                     self->code).ptr;
    enum og_code code = call(self, "POST", path, self->key, body, &doc);
    if (code != OG_OK) {
        return code;
    }
    const char *status = og_demo_text(&doc, "status", &self->mem);
    og_json_doc_finish(&doc);
    if (strcmp(status, "approved") != 0) {
        return og_fail(&self->err, OG_E_INTERNAL, "", "the check answered %s", status);
    }
    printf("    %s%s%s\n", tint("\033[1m"), status, tint("\033[0m"));
    return OG_OK;
}

static void
print_commands(const struct demo *self)
{
    const char *ca = og_app_ca_file(self->app);
    char curl[1200];
    snprintf(curl, sizeof curl, "curl -sS %s%s -H 'Authorization: Bearer %s'",
             ca[0] ? "--cacert " : "", ca, self->key);
    const char *url = og_app_url(self->app);
    printf("\nNow you. Paste these into another terminal:\n\n"
           "# start a verification: the phone above shows the SMS\n"
           "ID=$(%s -H 'Content-Type: application/json' "
           "-d '{\"to\":\"" RECIPIENT "\",\"purpose\":\"login\"}' "
           "%s/otp/v1/verifications | tee /dev/stderr | sed 's/.*\"id\":\"\\([^\"]*\\).*/\\1/')\n\n"
           "# look at it: what happened when, without the code\n"
           "%s %s/otp/v1/verifications/$ID\n\n"
           "# check the code (taken from the phone's screen here; your user would type it)\n"
           "%s -H 'Content-Type: application/json' "
           "-d '{\"code\":\"'$(cat %s)'\",\"purpose\":\"login\"}' "
           "%s/otp/v1/verifications/$ID/check\n\nCtrl-C ends the demo%s.\n",
           curl, url, curl, url, curl, self->code_file, url,
           self->is_own_folder ? " and removes its folder" : "");
    fflush(stdout);
}

/* ---- life ---- */

static enum og_code
prepare_folder(struct demo *self)
{
    if (strcmp(self->config.data.dir, "data") != 0) {
        return OG_OK; /* named by --data: it stays */
    }
    const char *parent = getenv("TMPDIR");
    snprintf(self->folder, sizeof self->folder, "%.40s/otpgate-demo-XXXXXX",
             parent && strlen(parent) < 40 ? parent : "/tmp");
    if (!mkdtemp(self->folder)) {
        return og_fail(&self->err, OG_E_UNAVAILABLE, "", "cannot make %s: %s", self->folder,
                       strerror(errno));
    }
    self->is_own_folder = true;
    self->config.data.dir = self->folder;
    return OG_OK;
}

static int
remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about;
    (void)type;
    (void)where;
    return remove(path);
}

static enum og_code
read_operator_token(struct demo *self)
{
    struct og_buf content;
    og_buf_init(&content, 1024);
    enum og_code code = og_file_read(og_app_operator_file(self->app), &content, &self->err);
    self->operator_token = og_str_cstr(&self->mem, og_str_trim(og_buf_str(&content)));
    char *end = strchr(self->operator_token, '\n');
    if (end) {
        *end = '\0';
    }
    og_buf_finish(&content);
    return code;
}

/* Nothing of a demo goes out by radio, so any country will do. */
static void
allow_all_countries(struct og_config_abuse *abuse)
{
    if (!abuse->home[0] && abuse->countries.count == 0) {
        abuse->countries.items[abuse->countries.count++] = "*";
    }
}

static enum og_code
start_gateway(struct demo *self)
{
    enum og_code code = prepare_folder(self);
    allow_all_countries(&self->config.abuse);
    if (code == OG_OK) {
        code = og_app_create(&self->config, &self->app, &self->err);
    }
    if (code == OG_OK) {
        code = og_app_start(self->app, &self->err);
    }
    if (code == OG_OK) {
        code = read_operator_token(self);
    }
    if (code == OG_OK) {
        code = og_loop_create("og-demo", &self->loop, &self->err);
    }
    if (code == OG_OK) {
        code = og_loop_start(self->loop, &self->err);
    }
    if (code == OG_OK) {
        code = og_demo_client_create(self->loop, og_app_url(self->app),
                                     og_app_ca_file(self->app), &self->client, &self->err);
    }
    return code;
}

static enum og_code
show(struct demo *self)
{
    step("A gateway starts in an empty folder: keys, database, certificate authority");
    enum og_code code = start_gateway(self);
    if (code == OG_OK) {
        printf("    %s, data in %s\n", og_app_url(self->app), self->config.data.dir);
        step("An account is made, and a virtual phone registers with its token");
        code = make_account(self);
    }
    if (code == OG_OK) {
        code = start_phone(self);
    }
    if (code == OG_OK) {
        code = wait_for_phone(self);
    }
    const char *id = "";
    if (code == OG_OK) {
        step("An application starts a verification: POST /otp/v1/verifications");
        code = start_verification(self, &id);
    }
    if (code == OG_OK) {
        code = wait_for_sms(self);
    }
    if (code == OG_OK) {
        step("The code from the screen is checked: POST /otp/v1/verifications/{id}/check");
        code = check_code(self, id);
    }
    return code;
}

static void
end(struct demo *self)
{
    if (self->fleet) {
        og_fleet_stop(self->fleet);
        og_fleet_destroy(self->fleet);
    }
    og_demo_client_destroy(self->client);
    if (self->loop) {
        og_loop_stop(self->loop);
        og_loop_join(self->loop);
        og_loop_destroy(self->loop);
    }
    if (self->app) {
        og_app_stop(self->app);
        og_app_destroy(self->app);
    }
    if (self->is_own_folder) {
        nftw(self->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    sem_destroy(&self->sms_arrived);
    og_arena_finish(&self->mem);
    og_config_finish(&self->config);
}

static const char demo_help[] =
    "Usage: otpgate demo [--oneshot] [--listen ADDR:PORT] [--data DIR]\n"
    "\n"
    "Starts a gateway on https://localhost:8443 in a fresh folder, with one virtual phone,\n"
    "sends a code through it and checks it. Then it stays, for you to try.\n"
    "\n"
    "  --oneshot           end after that: exit code 0, or 1 with the reason\n"
    "  --listen ADDR:PORT  where to listen (default: 127.0.0.1:8443)\n"
    "  --data DIR          use this folder and keep it (default: a fresh one, removed at the end)\n";

static bool
take_oneshot(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--oneshot") == 0) {
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
            (*argc)--;
            return true;
        }
    }
    return false;
}

/* Flags of the command line come after ours, so they win. */
static bool
read_options(int argc, char **argv, struct demo *self, int *exit_code)
{
    static char quiet[] = "--log.level=warn", listen[] = "--listen=127.0.0.1:8443";
    char *words[64] = {argv[0], quiet, listen};
    int count = 3;
    for (int i = 1; i < argc && count < 63; i++) {
        words[count++] = argv[i];
    }
    return og_app_options(count, words, demo_help, &self->config, exit_code);
}

int
og_demo_main(int argc, char **argv)
{
    struct demo self = {0};
    int exit_code = 1;
    bool oneshot = take_oneshot(&argc, argv);
    if (!read_options(argc, argv, &self, &exit_code)) {
        return exit_code;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    og_arena_init(&self.mem, 0);
    sem_init(&self.sms_arrived, 0, 0);
    enum og_code code = show(&self);
    if (code == OG_OK && !oneshot) {
        print_commands(&self);
        (void)sigwaitinfo(&set, NULL);
    }
    end(&self);
    if (code != OG_OK) {
        fprintf(stderr, "otpgate: %s\n", self.err.text);
    }
    return code == OG_OK ? 0 : 1;
}
