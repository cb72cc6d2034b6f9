/* report.c - a provider's callback: driver.parse_report verifies the signature and says the facts;
 * each is merged by facts.c in turn; the provider gets its answer when all are on disk, or a 503 so
 * that it says them again. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/facts.h"
#include "service/delivery/people/preference.h"
#include "service/delivery/probe/probe.h"

struct reporting {
    struct delivery *delivery;
    struct delivery_report *req;
    struct gate *gate;
    struct loop_hop hop;
    enum result result; /* of parsing */
    struct report_result parsed;
    size_t at; /* fact being worked on */
    struct fact_merge fact;
    struct delivery_preference stop; /* of a number that no token names */
    struct store_chunk_get wish;     /* whose wish for paper a fact is */
    struct arena *arena;             /* of the wish */
    char event[224];
};

static void reporting_finish(struct reporting *reporting, int status)
{
    struct delivery_report *req = reporting->req;
    if (reporting->gate != NULL && status < 300)
        reporting->gate->stats.reports++;
    else if (reporting->gate != NULL)
        reporting->gate->stats.reports_refused++;
    req->reply_status = status;
    req->request.result = reporting->result;
    arena_destroy(&reporting->arena);
    mem_free(reporting);
    req->request.cb(&req->request);
}

static void fact_next(struct reporting *reporting);

static void on_fact(struct delivery_request *request)
{
    struct fact_merge *fact = container_of(request, struct fact_merge, request);
    struct reporting *reporting = container_of(fact, struct reporting, fact);
    if (request->result == RESULT_NOT_FOUND) {
        log_warn("report_without_attempt", LOG_TEXT("channel", reporting->req->channel),
                 LOG_TEXT("provider", reporting->req->provider));
    } else if (request->result != RESULT_OK) {
        log_warn("report_not_stored", LOG_TEXT("channel", reporting->req->channel),
                 LOG_TEXT("result", result_name(request->result)));
        reporting->result = request->result;
        reporting_finish(reporting, 503);
        return;
    }
    reporting->at++;
    fact_next(reporting);
}

static bool counts(const struct report_fact *fact)
{
    return fact->kind != REPORT_PROGRESS && fact->evidence != EVIDENCE_NONE;
}

/* ---- A wish for paper: whose? The attempt's token names chunk and member. ---- */

static void wish_keep(struct reporting *reporting, const struct token *token)
{
    struct delivery_report *req = reporting->req;
    const struct chunk_row *chunk = reporting->wish.n > 0 ? &reporting->wish.rows[0] : NULL;
    if (chunk == NULL || token->position >= chunk->n || req->n_wishes == DELIVERY_WISHES_MAX) {
        log_warn("written_notice_wish_unknown", LOG_TEXT("channel", req->channel),
                 LOG_TEXT("provider", req->provider));
        return;
    }
    req->wishes[req->n_wishes++] =
        (struct delivery_wish){chunk->incident, chunk->members[token->position]};
}

static void on_wish(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct reporting *reporting = container_of(get, struct reporting, wish);
    struct token token;
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        reporting->result = request->result;
        reporting_finish(reporting, 503);
        return;
    }
    require(token_parse(&token, &reporting->delivery->token_key,
                        reporting->parsed.facts[reporting->at].token));
    wish_keep(reporting, &token);
    reporting->at++;
    fact_next(reporting);
}

/* False: the token is not ours, there is nothing to look up. */
static bool wish_start(struct reporting *reporting, const struct report_fact *from)
{
    struct token token;
    if (!token_parse(&token, &reporting->delivery->token_key, from->token))
        return false;
    if (reporting->arena == NULL)
        reporting->arena = arena_create(1 << 20);
    arena_reset(reporting->arena);
    reporting->wish = (struct store_chunk_get){
        .request = {.cb = on_wish, .arena = reporting->arena}, .chunk = token.chunk};
    store_chunk_get(reporting->delivery->config.store, &reporting->wish);
    return true;
}

/* ---- STOP without a token: the number says whose it is, in all incidents. ---- */

static void on_stopped(struct delivery_request *request)
{
    struct delivery_preference *stop = container_of(request, struct delivery_preference, request);
    struct reporting *reporting = container_of(stop, struct reporting, stop);
    if (request->result != RESULT_OK) {
        reporting->result = request->result;
        reporting_finish(reporting, 503);
        return;
    }
    reporting->at++;
    fact_next(reporting);
}

static void stop_number(struct reporting *reporting, const char *phone)
{
    reporting->stop = (struct delivery_preference){
        .request.cb = on_stopped, .change = true, .want = {-1, -1, 1}, .source = "stop_reply"};
    delivery_preference_key(reporting->delivery, CONTACT_PHONE, phone, &reporting->stop.key);
    delivery_preference(reporting->delivery, &reporting->stop);
}

/* ---- A fact about an attempt. ---- */

static const char *event_key(struct reporting *reporting)
{
    if (reporting->parsed.event_id == NULL)
        return NULL;
    snprintf(reporting->event, sizeof(reporting->event), "%s:%zu:%s", reporting->req->provider,
             reporting->at, reporting->parsed.event_id);
    return reporting->event;
}

static void merge(struct reporting *reporting, const struct report_fact *from)
{
    reporting->fact = (struct fact_merge){.request.cb = on_fact,
                                          .token = from->token,
                                          .evidence = from->evidence,
                                          .blame = from->blame,
                                          .status = from->status,
                                          .code = from->code,
                                          .provider_ref = from->provider_ref,
                                          .diagnostic = from->diagnostic,
                                          .at = from->at,
                                          .event = event_key(reporting)};
    fact_merge(reporting->delivery, &reporting->fact);
}

/* One of our own (probe/): it says that the way is open, and nothing of anybody. */
static bool is_sample(struct reporting *reporting, const struct report_fact *from)
{
    struct token token;
    if (!token_parse(&token, &reporting->delivery->token_key, from->token) ||
        token.chunk != PROBE_CHUNK)
        return false;
    if (token.attempt != 0)
        reporting->gate->sample_seen = token.attempt;
    return true;
}

static void fact_next(struct reporting *reporting)
{
    const struct report_result *parsed = &reporting->parsed;
    for (; reporting->at < parsed->n; reporting->at++) {
        const struct report_fact *from = &parsed->facts[reporting->at];
        if (is_sample(reporting, from))
            continue;
        if (from->kind == REPORT_REQUEST && wish_start(reporting, from))
            return;
        if (from->kind == REPORT_STOP && from->phone[0] != 0) {
            stop_number(reporting, from->phone);
            return;
        }
        if (from->kind == REPORT_STOP || (from->kind != REPORT_REQUEST && counts(from))) {
            merge(reporting, from);
            return;
        }
    }
    reporting_finish(reporting, parsed->reply_status == 0 ? 204 : parsed->reply_status);
}

/* The callback never comes from inside delivery_report(). */
static void on_parsed(struct loop_hop *hop)
{
    struct reporting *reporting = container_of(hop, struct reporting, hop);
    enum result result = reporting->result;
    if (result == RESULT_OK) {
        fact_next(reporting);
        return;
    }
    log_warn("report_refused", LOG_TEXT("channel", reporting->req->channel),
             LOG_TEXT("provider", reporting->req->provider), LOG_TEXT("why", result_name(result)));
    reporting_finish(reporting, result == RESULT_DENIED      ? 401
                                : result == RESULT_NOT_FOUND ? 404
                                                             : 400);
}

static struct gate *gate_find(struct delivery *delivery, const char *channel, const char *provider)
{
    for (size_t i = 0; i < delivery->config.n_channels; i++) {
        const struct channel_facts *facts = &delivery->gates[i].driver->facts;
        if (str_equal(facts->channel, channel) && str_equal(facts->provider, provider))
            return &delivery->gates[i];
    }
    return NULL;
}

static enum result parse(struct reporting *reporting)
{
    struct delivery_report *req = reporting->req;
    struct gate *gate = gate_find(reporting->delivery, req->channel, req->provider);
    reporting->gate = gate;
    if (gate == NULL || gate->driver->parse_report == NULL || gate->channel == NULL)
        return error_set(&req->request.error, RESULT_NOT_FOUND, NULL,
                         "No such provider reports here; check the callback URL.");
    req->report.now = delivery_now(reporting->delivery);
    return gate->driver->parse_report(gate->channel, &req->report, req->request.arena,
                                      &reporting->parsed, &req->request.error);
}

void delivery_report(struct delivery *delivery, struct delivery_report *req)
{
    struct reporting *reporting = mem_new(struct reporting);
    reporting->delivery = delivery;
    reporting->req = req;
    reporting->result = parse(reporting);
    req->reply_type = reporting->parsed.reply_type;
    req->reply_body = reporting->parsed.reply_body;
    reporting->hop.cb = on_parsed;
    loop_post(delivery->config.loop, &reporting->hop);
}
