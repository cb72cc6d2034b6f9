/* tallies.c - what became of messages, counted: what did not leave is given back to its caps, what
 * did is held against the rates that stop a wave; and whether a provider has fallen silent. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/run/run_private.h"

#define DAY_MS INT64_C(86400000)

enum { USUAL_DAYS = 14, SILENCE_SAMPLE = 20 };

/* ---- Outcomes. ---- */

/* Provably not with the provider. */
static bool was_not_taken(const struct batch_item *item)
{
    return item->sent_at == 0 || item->provider_fault || item->outcome.kind == OUTCOME_CANCELED ||
           item->outcome.kind == OUTCOME_DEFERRED;
}

/* Will the next attempt be a first one, which draws as such again? */
static bool starts_anew(const struct batch *batch, const struct batch_item *item)
{
    const struct retry *retry = retries_find(&batch->run->retries, item->position);
    uint8_t state = batch->run->progress[item->position] & MEMBER_STATE_MASK;
    return item->attempt == 1 && item->refused == NULL &&
           (state == MEMBER_CANCELED || (retry != NULL && retry->attempt == 0));
}

static void give_back_draws(struct batch *batch)
{
    struct brake_drawing *drawing = &batch->drawing;
    int64_t messages = 0, money = 0, people = 0;
    for (unsigned i = 0; i < batch->n; i++) {
        const struct batch_item *item = &batch->items[i];
        bool counted = item->refused == NULL || !drawing->stored;
        if (counted && was_not_taken(item)) {
            messages++;
            money += brake_units(item) * drawing->cost;
        }
        people += starts_anew(batch, item);
    }
    for (unsigned i = 0; i < drawing->caps.n; i++) {
        const struct brake_cap *cap = &drawing->caps.list[i];
        int64_t n = cap->people ? people : cap->costs ? money : messages;
        if (n > drawing->n[i])
            n = drawing->n[i];
        if (n == 0)
            continue;
        brake_redraw(batch, i, drawing->n[i] - n);
        if (drawing->stored)
            brake_add_draw(batch, cap->scope, -n)->bucket = cap->bucket;
    }
}

static bool is_policy(const char *status)
{
    return strlen(status) > 3 && status[1] == '.' && status[2] == '7' && status[3] == '.';
}

static void tally_scope(char to[BOOK_SCOPE_SIZE], const struct run *run, const char *domain,
                        const char *what)
{
    snprintf(to, BOOK_SCOPE_SIZE, "w%lld:t%u:%.40s:%s", (long long)run->chunk.wave,
             run->chunk.channel, domain, what);
}

static bool can_report(const struct channel_driver *driver)
{
    return driver->parse_report != NULL && driver->facts.best > EVIDENCE_ACCEPTED;
}

static void add_tally(struct batch *batch, const char *domain, const char *what, int64_t n)
{
    char scope[BOOK_SCOPE_SIZE];
    if (n == 0)
        return;
    tally_scope(scope, batch->run, domain, what);
    const char *kept = arena_strdup(batch->arena, scope);
    if (kept == NULL)
        return;
    book_add(batch->run->wave->delivery->book, scope, 0, n);
    brake_add_draw(batch, kept, n);
}

/* What this provider does usually, by days: is it silent today? */
static void add_usual(struct batch *batch, int64_t sent)
{
    const struct run *run = batch->run;
    const struct policy_channel *c = &run->wave->policy.channels[run->chunk.channel];
    char scope[BOOK_SCOPE_SIZE];
    if (sent == 0 || !can_report(run->driver))
        return;
    snprintf(scope, sizeof(scope), "p:%.24s/%.24s:sent", c->channel, c->provider);
    const char *kept = arena_strdup(batch->arena, scope);
    if (kept == NULL)
        return;
    struct brake_draw *draw = brake_add_draw(batch, kept, sent);
    draw->bucket = delivery_now(run->wave->delivery) / DAY_MS;
    draw->first = draw->bucket - USUAL_DAYS;
    book_add(run->wave->delivery->book, scope, draw->bucket, sent);
}

struct tally_sums {
    int64_t sent, bounced, blocked;
};

static void sum_items(const struct batch *batch, struct tally_sums *sums)
{
    for (unsigned i = 0; i < batch->n; i++) {
        const struct batch_item *item = &batch->items[i];
        if (item->sent_at == 0)
            continue;
        bool refused = item->outcome.kind == OUTCOME_REJECTED && !item->provider_fault;
        sums->sent += refused || !was_not_taken(item);
        sums->bounced += refused;
        sums->blocked += item->provider_fault && item->outcome.kind == OUTCOME_REJECTED &&
                         is_policy(item->outcome.status);
    }
}

static void check_scope(struct active_wave *wave, unsigned channel, const char *domain)
{
    struct book *book = wave->delivery->book;
    struct brake_tally tally;
    char prefix[BOOK_SCOPE_SIZE], scope[96];
    const char *name = wave->policy.channels[channel].channel;
    bool all = domain[0] == 0;
    snprintf(prefix, sizeof(prefix), all ? "w%lld:t%u:" : "w%lld:t%u:%.40s:", (long long)wave->id,
             channel, domain);
    tally = (struct brake_tally){.sent = book_total(book, prefix, ":sent"),
                                 .bounced = book_total(book, prefix, ":bounced"),
                                 .complained = book_total(book, prefix, ":complained"),
                                 .blocked = book_total(book, prefix, ":blocked")};
    const char *reason = brake_stop_reason(&wave->policy.brakes, &tally);
    if (reason == NULL)
        return;
    struct json_object *figures = json_object_new_object();
    json_object_object_add(figures, "blocked", json_object_new_int64(tally.blocked));
    json_object_object_add(figures, "bounced", json_object_new_int64(tally.bounced));
    json_object_object_add(figures, "complained", json_object_new_int64(tally.complained));
    json_object_object_add(figures, "sent", json_object_new_int64(tally.sent));
    snprintf(scope, sizeof(scope), all ? "%.24s" : "%.24s|%.40s", name, domain);
    braking_stop(wave, scope, reason, figures);
    json_object_put(figures);
}

static void check_stops(struct active_wave *wave, unsigned channel, const char *domain)
{
    if (!wave->policy.brakes.on)
        return;
    check_scope(wave, channel, "");
    if (!str_equal(domain, "-") && !str_equal(domain, "other") && domain[0] != 0)
        check_scope(wave, channel, domain);
}

static void look_at_refusals(struct batch *batch)
{
    for (unsigned i = 0; i < batch->n; i++) {
        const struct batch_item *item = &batch->items[i];
        if (item->sent_at > 0 && item->provider_fault && is_policy(item->outcome.status)) {
            braking_refusal(batch->run->wave, batch->run->chunk.channel, &item->outcome);
            return;
        }
    }
}

void braking_record(struct batch *batch)
{
    struct run *run = batch->run;
    struct tally_sums sums = {0};
    char domain[64];
    run->wave->braking.batches--;
    batch->n_draws = 0;
    if (batch->query)
        return;
    give_back_draws(batch);
    sum_items(batch, &sums);
    look_at_refusals(batch);
    if (run->wave->policy.brakes.on) {
        cohort_part(run->cohort, 2, domain, sizeof(domain));
        add_tally(batch, domain, "sent", sums.sent);
        add_tally(batch, domain, "bounced", sums.bounced);
        add_tally(batch, domain, "blocked", sums.blocked);
        add_usual(batch, sums.sent);
        if (sums.bounced > 0 || sums.blocked > 0)
            check_stops(run->wave, run->chunk.channel, domain);
    }
    batch->record.draws = batch->draws;
    batch->record.n_draws = batch->n_draws;
}

/* ---- Late facts. ---- */

static size_t fact_draw(struct brake_draw *draw, const char *scope, int64_t bucket)
{
    *draw = (struct brake_draw){.scope = scope, .bucket = bucket, .n = 1, .limit = -1};
    draw->first = bucket > 0 ? bucket - USUAL_DAYS : 0;
    return 1;
}

size_t braking_fact(const struct policy *policy, const struct wave_row *wave,
                    const struct brake_fact *fact, struct brake_draw draws[4], char scopes[4][80])
{
    size_t n = 0;
    char domain[64];
    const struct policy_channel *c = &policy->channels[fact->channel];
    if (!policy->brakes.on)
        return 0;
    cohort_part(fact->cohort, 2, domain, sizeof(domain));
    const char *what[] = {fact->first ? "reported" : NULL,
                          fact->negative && !fact->blocked ? "bounced" : NULL,
                          fact->blocked     ? "blocked"
                          : fact->complaint ? "complained"
                                            : NULL};
    for (size_t i = 0; i < 3; i++) {
        if (what[i] == NULL)
            continue;
        snprintf(scopes[n], 80, "w%lld:t%u:%.40s:%s", (long long)wave->id, fact->channel, domain,
                 what[i]);
        n += fact_draw(&draws[n], scopes[n], 0);
    }
    if (fact->first) {
        snprintf(scopes[n], 80, "p:%.24s/%.24s:reported", c->channel, c->provider);
        n += fact_draw(&draws[n], scopes[n], fact->day);
    }
    return n;
}

void braking_fact_done(struct delivery *delivery, int64_t wave_id, const struct brake_fact *fact,
                       const struct brake_draw *draws, size_t n)
{
    struct active_wave *wave = schedule_find(delivery, wave_id);
    char domain[64];
    for (size_t i = 0; i < n; i++)
        if (draws[i].scope[0] == 'p' || (wave != NULL && wave->braking.loaded))
            book_add(delivery->book, draws[i].scope, draws[i].bucket, draws[i].n);
    cohort_part(fact->cohort, 2, domain, sizeof(domain));
    if (wave != NULL && wave->dossier != NULL && wave->braking.loaded &&
        (fact->negative || fact->blocked || fact->complaint))
        check_stops(wave, fact->channel, domain);
}

/* ---- Escalation. ---- */

/* Nobody is passed on from a channel that stopped by itself: what looks like many people's failure
 * may be one of ours. A budget and a refused provider say nothing about those who were sent to. */
bool braking_holds(struct run *run)
{
    char domain[64];
    const struct brake_stop *stop =
        braking_stopped(&run->wave->braking, run->driver->facts.channel,
                        cohort_part(run->cohort, 2, domain, sizeof(domain)));
    return stop != NULL && !str_equal(stop->reason, "budget") &&
           !str_equal(stop->reason, "provider_refused");
}

bool braking_silence(struct run *run)
{
    struct active_wave *wave = run->wave;
    struct book *book = wave->delivery->book;
    const struct policy_channel *c = &wave->policy.channels[run->chunk.channel];
    char tally[BOOK_SCOPE_SIZE], sent[BOOK_SCOPE_SIZE], reported[BOOK_SCOPE_SIZE];
    if (!wave->policy.brakes.on || !wave->policy.brakes.silence || !can_report(run->driver))
        return false;
    snprintf(tally, sizeof(tally), "w%lld:t%u:", (long long)wave->id, run->chunk.channel);
    snprintf(sent, sizeof(sent), "p:%.24s/%.24s:sent", c->channel, c->provider);
    snprintf(reported, sizeof(reported), "p:%.24s/%.24s:reported", c->channel, c->provider);
    struct brake_reports reports = {.sent = book_total(book, tally, ":sent"),
                                    .reported = book_total(book, tally, ":reported"),
                                    .usual_sent = book_sum(book, sent, 0, INT64_MAX),
                                    .usual_reported = book_sum(book, reported, 0, INT64_MAX),
                                    .sample = SILENCE_SAMPLE};
    reports.usual_sent -= reports.sent; /* what was usual before this wave */
    reports.usual_reported -= reports.reported;
    if (!brake_silent(&reports))
        return false;
    struct json_object *figures = json_object_new_object();
    json_object_object_add(figures, "reported", json_object_new_int64(reports.reported));
    json_object_object_add(figures, "sent", json_object_new_int64(reports.sent));
    json_object_object_add(figures, "usual_reported",
                           json_object_new_int64(reports.usual_reported));
    json_object_object_add(figures, "usual_sent", json_object_new_int64(reports.usual_sent));
    braking_stop(wave, c->channel, "silence", figures);
    json_object_put(figures);
    return true;
}
