/*
 * The calls of the use cases: from an operation to a case of the shield, from its verdict to an
 * error, and the row that brings the count back after a restart.
 */
#include <stdio.h>

#include "base/log.h"
#include "cache/source.h"
#include "service/abuse/priv.h"
#include "service/audit/audit.h"

/* ---- reading ---- */

/* What numbering plans say of it; a number that they find impossible stays without a country. */
static enum og_code
look_up(const struct og_services *svc, struct og_str number, struct og_arena *mem,
        struct og_abuse_ask *ask, struct og_err *err)
{
    struct og_phone_facts facts = {0};
    if (!svc->plan) {
        return OG_OK;
    }
    const enum og_code code = svc->plan->parse(svc->plan->ctx, number, "ZZ", &facts, err);
    if (code == OG_OK) {
        ask->region = og_str_dup(mem, og_str_from(facts.region));
        ask->type = facts.type;
    }
    return code == OG_E_UNPROCESSABLE ? OG_OK : code;
}

static enum og_code
read_case(const struct og_services *svc, struct og_abuse_ask *ask, struct og_str source,
          struct og_arena *mem, struct og_abuse_case *out, struct og_err *err)
{
    char source_key[OG_SOURCE_KEY_BYTES] = "";
    if (source.len) {
        og_source_key(source, source_key);
    }
    ask->source = og_str_from(source_key);
    const enum og_code code =
        ask->number.len ? look_up(svc, ask->number, mem, ask, err) : OG_OK;
    if (code == OG_OK) {
        og_shield_case(svc->shield, ask, out);
    }
    return code;
}

static void
read_proof(const struct og_otp_start_op *op, struct og_abuse_case *out)
{
    const struct og_shield_config *config = og_shield_config(op->base.svc->shield);
    if (op->challenge.len || op->solution.len) {
        const bool is_solved = og_challenge_is_solved(
            &config->challenge_key, op->base.account_id, config->challenge_bits, op->asked_at,
            op->challenge, op->solution, &out->proof_id);
        out->proof = is_solved ? OG_PROOF_SOLVED : OG_PROOF_BAD;
    }
}

enum og_code
og_abuse_read_start(struct og_otp_start_op *op, struct og_err *err)
{
    struct og_abuse_ask ask = {
        .kind = OG_ABUSE_CODE,
        .account = op->base.account_id,
        .account_name = op->base.account_name,
        .app = op->client_app.len ? op->client_app : op->credential_id,
        .is_app_named = op->client_app.len > 0,
        .number = op->to,
    };
    if (!og_abuse_is_on(op->base.svc)) {
        return OG_OK;
    }
    const enum og_code code =
        read_case(op->base.svc, &ask, op->source, op->base.mem, &op->abuse, err);
    if (code == OG_OK) {
        read_proof(op, &op->abuse);
    }
    return code;
}

/* One case for each number where all rules hold, else one for the whole message. Encrypted numbers
 * are opaque: only what needs no number holds. */
enum og_code
og_abuse_read_message(struct og_send_op *op, struct og_err *err)
{
    if (!og_abuse_is_on(op->svc) || op->ask.is_sandbox) {
        return OG_OK;
    }
    const bool by_number = og_shield_config(op->svc->shield)->messages == OG_MESSAGES_ALL &&
                           !op->ask.is_encrypted;
    enum og_code code = OG_OK;
    op->case_count = by_number ? (int)op->ask.numbers.count : 1;
    op->cases = OG_ARENA_ARRAY(op->mem, struct og_abuse_case, (size_t)op->case_count);
    for (int i = 0; code == OG_OK && i < op->case_count; i++) {
        struct og_abuse_ask ask = {
            .kind = OG_ABUSE_MESSAGE,
            .account = op->ask.account_id,
            .account_name = op->account_name,
            .app = op->credential_id,
            .number = by_number ? op->ask.numbers.items[i] : OG_STR(""),
        };
        code = read_case(op->svc, &ask, op->source, op->mem, &op->cases[i], err);
        op->cases[i].amount = by_number ? 1 : (int)op->ask.numbers.count;
    }
    return code;
}

/* ---- admitting ---- */

static enum og_code
code_of(enum og_abuse_rule rule)
{
    return rule < OG_RULE_LIMITS         ? OG_E_LIMITED
           : rule == OG_RULE_NUMBER_TYPE ? OG_E_UNPROCESSABLE
                                         : OG_E_FORBIDDEN;
}

static bool
is_about_number(enum og_abuse_rule rule)
{
    const enum og_abuse_subject subject = og_abuse_rules[rule].subject;
    return rule >= OG_RULE_LIMITS ? rule < OG_RULE_CHALLENGE
                                  : subject == OG_SUBJECT_RECIPIENT ||
                                        subject == OG_SUBJECT_PREFIX ||
                                        subject == OG_SUBJECT_COUNTRY;
}

static enum og_code
tell(const struct og_abuse_case *c, const struct og_abuse_verdict *verdict, struct og_err *err)
{
    const struct og_abuse_rule_row *row = &og_abuse_rules[verdict->rule];
    const char *field = c->kind == OG_ABUSE_MESSAGE ? "phoneNumbers" : "to";
    const enum og_code code =
        og_fail(err, code_of(verdict->rule), is_about_number(verdict->rule) ? field : "", "%s",
                row->text);
    err->reason = row->word;
    if (verdict->wait_ms > 0) {
        err->retry_after_s = (int)((verdict->wait_ms + 999) / 1000);
    }
    return code;
}

static enum og_audit_kind
audit_kind_of(enum og_abuse_rule rule)
{
    return rule < OG_RULE_LIMITS                   ? OG_AUDIT_LIMIT_HIT
           : rule == OG_RULE_COUNTRY_NOT_ALLOWED ||
                     rule == OG_RULE_COUNTRY_STOPPED ? OG_AUDIT_COUNTRY_BLOCKED
                                                     : OG_AUDIT_FRAUD_RULE;
}

static void
audit(const struct og_services *svc, const struct og_abuse_case *c,
      const struct og_abuse_verdict *verdict)
{
    char detail[96];
    snprintf(detail, sizeof detail, "rule=%s limit=%lld value=%lld action=%s",
             og_abuse_rules[verdict->rule].word, (long long)verdict->limit,
             (long long)verdict->figure, verdict->is_recorded ? "recorded" : "refused");
    og_audit_add_refusal(svc, &(struct og_audit_event){
                                  .kind = audit_kind_of(verdict->rule),
                                  .account = og_str_from(c->account),
                                  .masked = og_str_from(c->number),
                                  .country = og_str_from(c->region),
                                  .reason = og_str_from(og_abuse_rules[verdict->rule].word),
                                  .detail = og_str_from(detail),
                                  .ip = og_str_from(c->source)});
}

static enum og_code
admit(struct og_services *svc, struct og_tx *tx, const struct og_abuse_case *c,
      struct og_abuse_ticket *ticket, struct og_err *err)
{
    struct og_abuse_verdict verdict;
    og_shield_judge(svc->shield, c, og_abuse_time(svc, tx), tx->now_ms, ticket, &verdict);
    if (verdict.is_recorded || verdict.action != OG_ABUSE_ALLOW) {
        audit(svc, c, &verdict);
    }
    return verdict.action == OG_ABUSE_ALLOW ? OG_OK : tell(c, &verdict, err);
}

bool
og_abuse_judges_sims(const struct og_services *svc)
{
    return og_abuse_is_on(svc) && og_shield_config(svc->shield)->limits[OG_RULE_SIM_DAY] > 0;
}

/* The SIM's own budget: its case knows nothing else, so nothing is counted twice. */
static enum og_code
admit_sim(struct og_services *svc, struct og_tx *tx, struct og_abuse_case *c,
          const struct og_message *m, struct og_abuse_ticket *ticket, struct og_err *err)
{
    char name[64];
    if (!og_abuse_judges_sims(svc)) {
        return OG_OK;
    }
    snprintf(name, sizeof name, "%" OG_STR_FMT "/%lld", OG_STR_ARG(m->device_id),
             (long long)m->sim_number);
    c->keys[OG_SUBJECT_SIM] =
        og_shield_key(svc->shield, OG_SUBJECT_SIM, OG_STR(""), og_str_from(name));
    struct og_abuse_case sim = *c;
    memset(sim.keys, 0, sizeof sim.keys);
    sim.shared = (struct og_abuse_shared){0}; /* a phone belongs to one gateway */
    sim.keys[OG_SUBJECT_SIM] = c->keys[OG_SUBJECT_SIM];
    sim.kind = c->kind == OG_ABUSE_CODE ? OG_ABUSE_CODE_AGAIN : c->kind;
    sim.proof = OG_PROOF_NONE;
    sim.is_admitted = true;
    return admit(svc, tx, &sim, ticket, err);
}

static enum og_code
sent(struct og_services *svc, struct og_tx *tx, struct og_abuse_case *c, struct og_str send_id,
     int n, const struct og_message *m, struct og_abuse_ticket *ticket, struct og_err *err)
{
    struct og_abuse_send row;
    struct og_buf bytes;
    enum og_code code = admit_sim(svc, tx, c, m, ticket, err);
    if (code == OG_OK) {
        og_abuse_to_row(c, send_id, n, og_abuse_time(svc, tx), &bytes, &row);
        code = og_abuse_send_insert(tx->db, &row, err);
        og_buf_finish(&bytes);
    }
    return code;
}

/* ---- starts ---- */

bool
og_abuse_is_about_recipient(const struct og_err *err)
{
    return err->reason && err->reason != og_abuse_rules[OG_RULE_CHALLENGE].word &&
           err->reason != og_abuse_rules[OG_RULE_CHALLENGE_FAILED].word;
}

/* What goes out by no phone costs nothing and wakes nobody. */
static bool
is_judged(const struct og_services *svc, enum og_verification_mode mode)
{
    return og_abuse_is_on(svc) && mode == OG_MODE_LIVE;
}

enum og_code
og_abuse_admit_start(struct og_otp_start_op *op, struct og_tx *tx)
{
    if (!is_judged(op->base.svc, op->mode)) {
        return OG_OK;
    }
    og_abuse_share_show(&op->share, &op->abuse);
    return admit(op->base.svc, tx, &op->abuse, &op->ticket, &op->base.op.err);
}

enum og_code
og_abuse_sent_start(struct og_otp_start_op *op, struct og_tx *tx)
{
    return is_judged(op->base.svc, op->mode)
               ? sent(op->base.svc, tx, &op->abuse, op->out.id, 1, &op->message, &op->ticket,
                      &op->base.op.err)
               : OG_OK;
}

/* ---- resends ---- */

/* The subjects of the start; without its row, what the number alone tells. */
static enum og_code
find_start(struct og_otp_resend_op *op, struct og_tx *tx)
{
    const struct og_services *svc = op->base.svc;
    const struct og_abuse_ask ask = {
        .account = op->base.account_id, .app = op->out.credential_id, .number = op->out.recipient};
    struct og_abuse_send row;
    const enum og_code code =
        og_abuse_send_find(tx->db, op->out.id, op->base.mem, &row, &op->base.op.err);
    if (code == OG_OK) {
        og_abuse_from_row(svc->shield, &row, &op->abuse);
        og_phone_mask(op->out.recipient, op->abuse.number);
    } else if (code == OG_E_NOT_FOUND) {
        og_shield_case(svc->shield, &ask, &op->abuse);
    }
    op->abuse.kind = OG_ABUSE_CODE_AGAIN;
    memcpy(op->abuse.shared_keys, op->started.shared_keys, sizeof op->abuse.shared_keys);
    og_abuse_share_show(&op->share, &op->abuse);
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_abuse_admit_resend(struct og_otp_resend_op *op, struct og_tx *tx)
{
    if (!is_judged(op->base.svc, op->out.mode)) {
        return OG_OK;
    }
    const enum og_code code = find_start(op, tx);
    return code == OG_OK ? admit(op->base.svc, tx, &op->abuse, &op->ticket, &op->base.op.err)
                         : code;
}

enum og_code
og_abuse_sent_resend(struct og_otp_resend_op *op, struct og_tx *tx)
{
    return is_judged(op->base.svc, op->out.mode)
               ? sent(op->base.svc, tx, &op->abuse, op->out.id, op->out.send_count, &op->message,
                      &op->ticket, &op->base.op.err)
               : OG_OK;
}

/* ---- messages ---- */

static bool
writes_messages(const struct og_services *svc)
{
    return og_abuse_is_on(svc) && og_shield_config(svc->shield)->messages != OG_MESSAGES_RATE;
}

enum og_code
og_abuse_admit_message(struct og_send_op *op, struct og_tx *tx)
{
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && i < op->case_count; i++) {
        og_abuse_share_show(&op->share, &op->cases[i]);
        code = admit(op->svc, tx, &op->cases[i], &op->ticket, &op->op.err);
    }
    return code;
}

enum og_code
og_abuse_sent_message(struct og_send_op *op, struct og_tx *tx)
{
    enum og_code code = OG_OK;
    if (!writes_messages(op->svc)) {
        return code;
    }
    for (int i = 0; code == OG_OK && i < op->case_count; i++) {
        code = sent(op->svc, tx, &op->cases[i], op->out.id, i + 1, &op->out, &op->ticket,
                    &op->op.err);
    }
    return code;
}

/* ---- checks ---- */

static bool
has_failed(enum og_check_verdict verdict)
{
    return verdict == OG_CHECK_WRONG || verdict == OG_CHECK_UNKNOWN || verdict == OG_CHECK_LATE;
}

static enum og_code
note_verified(struct og_otp_check_op *op, struct og_tx *tx)
{
    struct og_abuse_send row;
    struct og_abuse_case c;
    struct og_shield *shield = op->base.svc->shield;
    const enum og_code code =
        og_abuse_send_verify(tx->db, op->id, op->base.mem, &row, &op->base.op.err);
    if (code == OG_OK) {
        og_abuse_from_row(shield, &row, &c);
        og_shield_verified(shield, &c, row.at, &op->ticket);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_abuse_checked(struct og_otp_check_op *op, struct og_tx *tx)
{
    struct og_services *svc = op->base.svc;
    char network[OG_SOURCE_KEY_BYTES] = "";
    if (!og_abuse_is_on(svc)) {
        return OG_OK;
    }
    if (op->source.len) {
        og_source_network(op->source, network);
    }
    const struct og_str recipient = op->recipient_digest.len ? op->recipient_digest : op->id;
    og_shield_checked(svc->shield, og_str_from(network), recipient, has_failed(op->logged),
                      og_abuse_time(svc, tx), tx->now_ms);
    return op->logged == OG_CHECK_APPROVED ? note_verified(op, tx) : OG_OK;
}

static void
share_malformed(const struct og_otp_check_op *op, struct og_str source)
{
    const struct og_services *svc = op->base.svc;
    struct og_abuse_case c = {.amount = 1};
    if (og_abuse_is_shared(svc)) {
        c.shared_keys[OG_SUBJECT_IP] =
            og_shield_shared_key(svc->shield, OG_SUBJECT_IP, op->base.account_name, source);
        og_abuse_share_tell(svc, &c, 1);
    }
}

void
og_abuse_malformed(const struct og_otp_check_op *op, const struct og_tx *tx)
{
    const struct og_services *svc = op->base.svc;
    char source[OG_SOURCE_KEY_BYTES];
    if (og_abuse_is_on(svc) && op->source.len) {
        og_source_key(op->source, source);
        og_shield_malformed(svc->shield, op->base.account_id, og_str_from(source),
                            og_abuse_time(svc, tx));
        share_malformed(op, og_str_from(source));
    }
}

/* ---- batches ---- */

void
og_abuse_keep(struct og_services *svc, const struct og_abuse_ticket *ticket)
{
    if (svc->shield) {
        og_shield_keep(svc->shield, ticket);
    }
}

void
og_abuse_batch_end(struct og_services *svc)
{
    if (svc->shield) {
        og_shield_settle(svc->shield);
    }
}

/* ---- challenges ---- */

enum og_code
og_abuse_challenge_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_abuse_challenge_op *self = (struct og_abuse_challenge_op *)op;
    const struct og_shield_config *config = og_shield_config(self->svc->shield);
    self->bits = config->challenge_bits;
    self->expires_at = tx->now_ms + OG_CHALLENGE_TTL_MS;
    og_challenge_make(&config->challenge_key, self->account_id, self->bits, tx->now_ms,
                      self->challenge);
    return OG_OK;
}
