/*
 * The fleet test: one day with the gateway's features on, the same day with them off, and the
 * difference. docs/fleet.md explains model and figures.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "tests/fleet/sim.h"
#include "tests/fleet/trouble.h"
#include "tests/support/temp_dir.h"

#define EXTRA_FLAGS_MAX 16

/* What is turned off for the second column: phones take turns, nobody looks after messages, and
 * nobody counts what a SIM sends. */
static const char *const off_flags[] = {"--route.smart=false", "--sim.parts_per_minute=0",
                                        "--device.parts_per_minute=0", "--sim.errors_max=0", NULL};

struct arguments {
    struct sim_options sim;
    const char *json;
    bool has_on, has_off;
    const char *extra[EXTRA_FLAGS_MAX + 1]; /* options of the gateway, for the first column */
    int extra_count;
};

static void
print_help(void)
{
    const struct trouble_profile *profile;
    printf("usage: fleet [flag]...\n"
           "  --seed N        of all chance (1)\n"
           "  --faults NAME   what goes wrong:\n");
    for (int i = 0; (profile = trouble_profile_at(i)); i++) {
        printf("    %-12s  %s\n", profile->name, profile->help);
    }
    printf("  --phones N      (50)\n"
           "  --codes N       one-time codes (20000)\n"
           "  --bulk N        bulk messages (50000)\n"
           "  --hours N       length of the day (24)\n"
           "  --only on|off   one column\n"
           "  --json FILE     write the figures there\n"
           "  --tell N        what became of the first N codes that were late\n"
           "  --gateway FLAG  an option of the gateway for the column `on`, as --otp.ttl=2m\n");
}

static void
refuse(const char *flag)
{
    fprintf(stderr, "fleet: %s is unknown or lacks a good value; see --help\n", flag);
    exit(2);
}

static int64_t
read_number(const char *flag, const char *value, int64_t min, int64_t max)
{
    int64_t number = 0;
    if (!value || !og_str_to_i64(og_str_from(value), &number) || number < min || number > max) {
        refuse(flag);
    }
    return number;
}

static void
take(struct arguments *self, const char *flag, const char *value)
{
    struct sim_options *sim = &self->sim;
    if (strcmp(flag, "--seed") == 0) {
        sim->seed = (uint64_t)read_number(flag, value, 0, INT64_MAX);
    } else if (strcmp(flag, "--faults") == 0) {
        sim->trouble = value ? trouble_profile(value) : NULL;
    } else if (strcmp(flag, "--phones") == 0) {
        sim->phones = (int)read_number(flag, value, 1, 1000);
    } else if (strcmp(flag, "--codes") == 0) {
        sim->codes = (int)read_number(flag, value, 0, 1000000);
    } else if (strcmp(flag, "--bulk") == 0) {
        sim->bulk = (int)read_number(flag, value, 0, 1000000);
    } else if (strcmp(flag, "--hours") == 0) {
        sim->day_ms = read_number(flag, value, 1, 24 * 7) * SIM_HOUR_MS;
    } else if (strcmp(flag, "--tell") == 0) {
        sim->tell = (int)read_number(flag, value, 0, 1000000);
    } else if (strcmp(flag, "--json") == 0) {
        self->json = value;
    } else if (strcmp(flag, "--only") == 0 && value) {
        self->has_on = strcmp(value, "on") == 0;
        self->has_off = strcmp(value, "off") == 0;
    } else if (strcmp(flag, "--gateway") == 0 && value && self->extra_count < EXTRA_FLAGS_MAX) {
        self->extra[self->extra_count++] = value;
    } else {
        refuse(flag);
    }
    if (!sim->trouble || !(self->has_on || self->has_off)) {
        refuse(flag);
    }
}

/* In memory where there is such a place: a disk's waits would be all that the run does. */
static void
make_dir(struct temp_dir *dir)
{
    snprintf(dir->path, sizeof dir->path, "/dev/shm/otpgate-fleet-XXXXXX");
    if (!mkdtemp(dir->path)) {
        temp_dir_make(dir);
    }
}

static void
run_column(struct sim_options *options, const char *const *flags, struct result *out)
{
    struct temp_dir dir;
    make_dir(&dir);
    options->dir = dir.path;
    options->flags = flags;
    sim_run(options, out);
    temp_dir_remove(&dir);
}

/* The other column in a process of its own: there is usually a second processor. */
struct other {
    pid_t pid;
    int fd; /* its result comes here */
};

static void
start_other(struct other *self, struct sim_options *options, const char *const *flags)
{
    int ends[2];
    if (pipe(ends) != 0 || (self->pid = fork()) < 0) {
        perror("fleet");
        exit(1);
    }
    self->fd = ends[self->pid == 0];
    close(ends[self->pid != 0]);
    if (self->pid == 0) {
        struct result result;
        run_column(options, flags, &result);
        bool is_told = write(self->fd, &result, sizeof result) == (ssize_t)sizeof result;
        exit(is_told ? 0 : 1);
    }
}

static void
wait_for_other(struct other *self, struct result *out)
{
    int status = 0;
    bool is_told = read(self->fd, out, sizeof *out) == (ssize_t)sizeof *out;
    close(self->fd);
    if (waitpid(self->pid, &status, 0) != self->pid || status != 0 || !is_told) {
        fprintf(stderr, "fleet: the column without the features failed\n");
        exit(1);
    }
}

static void
run_columns(struct arguments *self, struct result *on, struct result *off)
{
    struct other other = {0};
    if (self->has_off) {
        start_other(&other, &self->sim, off_flags);
    }
    if (self->has_on) {
        run_column(&self->sim, self->extra, on);
    }
    if (self->has_off) {
        wait_for_other(&other, off);
    }
}

static void
write_json(const char *path, const struct result_columns *columns)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(1);
    }
    result_write_json(file, columns);
    fclose(file);
}

int
main(int argc, char **argv)
{
    struct arguments self = {
        .sim = {.seed = 1, .phones = 50, .codes = 20000, .bulk = 50000,
                .day_ms = 24 * SIM_HOUR_MS, .trouble = trouble_profile_at(0)},
        .has_on = true,
        .has_off = true,
    };
    struct result on, off;
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return 0;
        }
        take(&self, argv[i], argv[i + 1]);
    }
    og_log_set_level(OG_LOG_ERROR);
    run_columns(&self, &on, &off);
    struct result_columns columns = {self.has_on ? &on : NULL, self.has_off ? &off : NULL};
    printf("seed %" PRIu64 ", faults %s, %d phones\n", self.sim.seed, self.sim.trouble->name,
           self.sim.phones);
    result_print(stdout, &columns);
    if (self.json) {
        write_json(self.json, &columns);
    }
    return 0;
}
