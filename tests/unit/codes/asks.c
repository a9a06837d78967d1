/*
 * One question at a time, or many at once, through a loop.
 */
#include "tests/unit/codes/asks.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum verb { PUT, CHECK, PEEK, DROP };

struct question {
    struct og_code_ask ask; /* first */
    struct og_loop_task task;
    struct asker *asker;
    enum verb verb;
    const struct og_code_record *record;
    const struct og_code_guess *guess;
    struct og_code_name name;
    struct answer *answer;
    sem_t *done;
};

bool
asker_start(struct asker *self, struct og_code_store *store)
{
    struct og_err err;
    self->store = store;
    return og_loop_create("asker", &self->loop, &err) == OG_OK &&
           og_loop_start(self->loop, &err) == OG_OK;
}

void
asker_stop(struct asker *self)
{
    og_loop_stop(self->loop);
    og_loop_join(self->loop);
    og_loop_destroy(self->loop);
}

struct og_code_mac
mac_of(uint32_t key_id, const char *code)
{
    struct og_code_mac mac = {.key_id = key_id};
    snprintf((char *)mac.bytes, sizeof(mac.bytes), "%u/%s", (unsigned)key_id, code);
    return mac;
}

struct og_code_name
name_of(const char *account, const char *id)
{
    return (struct og_code_name){og_str_from(account), og_str_from(id)};
}

struct og_code_record
record_of(const char *id, const char *code)
{
    return (struct og_code_record){
        .name = name_of("acc", id),
        .mac = mac_of(7, code),
        .shape = {.length = 6},
        .attempts = 5,
        .ttl_ms = 300000,
        .sealed = OG_STR("box"),
    };
}

struct og_code_guess
guess_of(const char *id, const char *code)
{
    return (struct og_code_guess){
        .name = name_of("acc", id),
        .macs = {mac_of(7, code)},
        .mac_count = 1,
        .shape = {.length = (uint8_t)strlen(code)},
    };
}

static void
heard(struct og_code_ask *ask)
{
    struct question *self = (struct question *)ask;
    *self->answer = (struct answer){
        .code = ask->code,
        .verdict = ask->verdict,
        .attempts_left = ask->attempts_left,
        .left_ms = ask->left_ms,
        .found = ask->found,
        .err = ask->err,
    };
    if (ask->found) {
        memcpy(self->answer->sealed, ask->sealed.ptr, ask->sealed.len);
    }
    sem_post(self->done);
}

static void
run(struct og_loop_task *task)
{
    struct question *self = OG_CONTAINER_OF(task, struct question, task);
    struct og_code_store *store = self->asker->store;
    struct og_loop *loop = self->asker->loop;
    switch (self->verb) {
    case PUT:
        store->put(store, loop, self->record, &self->ask);
        break;
    case CHECK:
        store->check(store, loop, self->guess, &self->ask);
        break;
    case PEEK:
        store->peek(store, loop, self->name, &self->ask);
        break;
    default:
        store->drop(store, loop, self->name, &self->ask);
        break;
    }
}

static void
post(struct asker *self, struct question *question, sem_t *done)
{
    question->ask.done = heard;
    question->task.run = run;
    question->asker = self;
    question->done = done;
    og_loop_post(self->loop, &question->task);
}

static struct answer
ask(struct asker *self, struct question question)
{
    struct answer answer;
    sem_t done;
    sem_init(&done, 0, 0);
    question.answer = &answer;
    post(self, &question, &done);
    sem_wait(&done);
    sem_destroy(&done);
    return answer;
}

struct answer
ask_put(struct asker *self, const struct og_code_record *record)
{
    return ask(self, (struct question){.verb = PUT, .record = record});
}

struct answer
ask_check(struct asker *self, const struct og_code_guess *guess)
{
    return ask(self, (struct question){.verb = CHECK, .guess = guess});
}

struct answer
ask_peek(struct asker *self, struct og_code_name name)
{
    return ask(self, (struct question){.verb = PEEK, .name = name});
}

struct answer
ask_drop(struct asker *self, struct og_code_name name)
{
    return ask(self, (struct question){.verb = DROP, .name = name});
}

void
ask_many(struct asker *self, const struct og_code_guess *guess, int count, struct answer *answers)
{
    struct question *questions = calloc((size_t)count, sizeof(*questions));
    sem_t done;
    sem_init(&done, 0, 0);
    for (int i = 0; i < count; i++) {
        questions[i] = (struct question){.verb = CHECK, .guess = guess, .answer = &answers[i]};
        post(self, &questions[i], &done);
    }
    for (int i = 0; i < count; i++) {
        sem_wait(&done);
    }
    sem_destroy(&done);
    free(questions);
}
