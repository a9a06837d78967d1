/*
 * The room wants one script call per verb: what it needs travels as arguments, what it decides
 * comes back as a short list.
 */
#include "codes/redis_call.h"

#include <stdio.h>

static void
add(struct og_redis_call *call, struct og_str word)
{
    call->words[call->count++] = word;
}

static void
add_number(struct og_redis_call *call, int64_t number)
{
    char *text = call->numbers[call->number_count++];
    snprintf(text, OG_REDIS_NUMBER_BYTES, "%lld", (long long)number);
    add(call, og_str_from(text));
}

static void
add_mac(struct og_redis_call *call, const struct og_code_mac *mac)
{
    add_number(call, mac->key_id);
    add(call, (struct og_str){(const char *)mac->bytes, sizeof(mac->bytes)});
}

static void
add_record(struct og_redis_call *call, const struct og_code_ticket *ticket)
{
    const struct og_code_body *body = &ticket->body;
    add_mac(call, &body->mac);
    add_number(call, body->shape.length);
    add_number(call, body->shape.has_letters);
    add_number(call, body->attempts_left);
    add_number(call, ticket->ttl_ms);
    add(call, (struct og_str){body->sealed, body->sealed_len});
}

static void
add_guess(struct og_redis_call *call, const struct og_code_guess *guess)
{
    add_number(call, guess->shape.length);
    add_number(call, guess->shape.has_letters);
    for (int i = 0; i < guess->mac_count && i < OG_CODE_KEYS_MAX; i++) {
        add_mac(call, &guess->macs[i]);
    }
}

/* The mark and each count are keys; times and amounts follow as arguments. */
static void
add_counts(struct og_redis_call *call, const struct og_code_ticket *ticket)
{
    const struct og_count_ask *ask = ticket->counts;
    add_number(call, 1 + ask->count);
    og_count_mark_key(ticket, call->keys[ask->count]);
    add(call, og_str_from(call->keys[ask->count]));
    for (int i = 0; i < ask->count; i++) {
        og_count_key(ticket, i, call->keys[i]);
        add(call, og_str_from(call->keys[i]));
    }
    add(call, og_str_from(ticket->mark));
    add_number(call, ticket->verb == OG_COUNT_TAKE ? ask->is_forced : ask->at_ms);
    for (int i = 0; i < ask->count; i++) {
        add_number(call, og_count_step_ms(&ask->items[i]));
        add_number(call, ask->items[i].amount);
        add_number(call, ask->items[i].limit);
    }
}

void
og_redis_call_make(const struct og_code_ticket *ticket, bool with_text, struct og_redis_call *out)
{
    const struct og_redis_script *script = &og_redis_scripts[ticket->verb];
    out->count = 0;
    out->number_count = 0;
    add(out, with_text ? OG_STR("EVAL") : OG_STR("EVALSHA"));
    add(out, og_str_from(with_text ? script->text : script->sha1));
    if (ticket->counts) {
        add_counts(out, ticket);
        return;
    }
    add(out, OG_STR("1"));
    add(out, og_str_from(ticket->key));
    if (ticket->verb == OG_CODE_PUT) {
        add_record(out, ticket);
    } else if (ticket->verb == OG_CODE_CHECK) {
        add_guess(out, &ticket->guess);
    }
}

static bool
read_check(const struct og_redis_reply *reply, struct og_code_ticket *ticket)
{
    for (int i = 0; i < 3; i++) {
        if (reply->count != 3 || reply->items[i].type != OG_REDIS_NUMBER) {
            return false;
        }
    }
    const int64_t verdict = reply->items[0].number;
    ticket->verdict = (enum og_code_verdict)verdict;
    ticket->attempts_left = (int)reply->items[1].number;
    ticket->left_ms = reply->items[2].number;
    return verdict >= OG_VERDICT_NONE && verdict <= OG_VERDICT_MATCH;
}

static bool
read_peek(const struct og_redis_reply *reply, struct og_code_ticket *ticket)
{
    ticket->found = reply->count > 0;
    if (!ticket->found) {
        return true;
    }
    if (reply->count != 2 || reply->items[0].type != OG_REDIS_TEXT ||
        reply->items[1].type != OG_REDIS_NUMBER ||
        reply->items[0].text.len > OG_CODE_SEALED_MAX_BYTES) {
        return false;
    }
    ticket->body.sealed_len = (uint16_t)reply->items[0].text.len;
    memcpy(ticket->body.sealed, reply->items[0].text.ptr, reply->items[0].text.len);
    ticket->left_ms = reply->items[1].number;
    return true;
}

/* {-1}: another gateway's mark. Else: taken, time, then sum and wait of each. */
static bool
read_take(const struct og_redis_reply *reply, struct og_code_ticket *ticket)
{
    struct og_count_ask *ask = ticket->counts;
    const bool is_foreign = reply->count == 1 && reply->items[0].number == -1;
    for (int i = 0; i < reply->count; i++) {
        const struct og_redis_reply *item = &reply->items[i];
        if (item->type != OG_REDIS_NUMBER || (item->number < 0 && !is_foreign)) {
            return false;
        }
    }
    if (is_foreign) {
        ticket->is_foreign = true;
        return true;
    }
    if (reply->count != 2 + 2 * ask->count) {
        return false;
    }
    ask->is_taken = reply->items[0].number == 1;
    ask->at_ms = reply->items[1].number;
    for (int i = 0; i < ask->count; i++) {
        ask->items[i].sum = reply->items[2 + 2 * i].number;
        ask->items[i].wait_ms = reply->items[3 + 2 * i].number;
    }
    return true;
}

bool
og_redis_call_read(const struct og_redis_reply *reply, struct og_code_ticket *ticket)
{
    if (reply->type != OG_REDIS_LIST) {
        return false;
    }
    switch (ticket->verb) {
    case OG_CODE_CHECK:
        return read_check(reply, ticket);
    case OG_CODE_PEEK:
        return read_peek(reply, ticket);
    case OG_COUNT_TAKE:
        return read_take(reply, ticket);
    default:
        return true;
    }
}
