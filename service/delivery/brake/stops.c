/* stops.c - what stops by itself: in memory at once, on disk with its receipt a moment later. A
 * provider's refusal is lifted by the first message it takes; everything else by a person. Failure
 * modes: a stop that cannot be written holds in this process, is logged, and is found again by the
 * same figures after a restart. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"

enum { REFUSALS = 3 }; /* in a row: one may be about a message */

struct stopping {
    struct store_brake_stop put;
    struct receipt_batch receipts;
};

static void on_stopped(struct store_request *request)
{
    struct store_brake_stop *put = container_of(request, struct store_brake_stop, request);
    struct stopping *stopping = container_of(put, struct stopping, put);
    if (request->result != RESULT_OK && request->result != RESULT_EXISTS)
        log_error("brake_stop_not_stored", LOG_INT("wave", put->wave),
                  LOG_TEXT("result", result_name(request->result)));
    receipt_batch_free(&stopping->receipts);
    mem_free(stopping);
}

static bool covers(const struct brake_stop *stop, const char *channel, const char *domain)
{
    size_t n = strlen(channel);
    if (stop->scope[0] == 0 || str_equal(stop->scope, channel))
        return true;
    return n > 0 && domain[0] != 0 && strncmp(stop->scope, channel, n) == 0 &&
           stop->scope[n] == '|' && str_equal(stop->scope + n + 1, domain);
}

/* The hardest of those that cover it: a refused provider is asked by single messages, silence only
 * keeps people from the next rung. */
static int hardness(const struct brake_stop *stop)
{
    if (str_equal(stop->reason, "provider_refused"))
        return 1;
    return str_equal(stop->reason, "silence") ? 2 : 3;
}

const struct brake_stop *braking_stopped(const struct braking *braking, const char *channel,
                                         const char *domain)
{
    const struct brake_stop *hardest = NULL;
    for (unsigned i = 0; i < braking->n_stops; i++) {
        const struct brake_stop *stop = &braking->stops[i];
        if (covers(stop, channel, domain) &&
            (hardest == NULL || hardness(stop) > hardness(hardest)))
            hardest = stop;
    }
    return hardest;
}

static const struct brake_stop *stop_of(const struct braking *braking, const char *scope)
{
    for (unsigned i = 0; i < braking->n_stops; i++)
        if (str_equal(braking->stops[i].scope, scope))
            return &braking->stops[i];
    return NULL;
}

static void say(const struct active_wave *wave, const struct brake_stop *stop)
{
    wave->delivery->stats.brakes_stopped++;
    log_warn("brake_stopped", LOG_INT("wave", wave->id), LOG_TEXT("scope", stop->scope),
             LOG_TEXT("reason", stop->reason), LOG_TEXT("figures", stop->figures));
}

static void receipt_of(struct active_wave *wave, const struct brake_stop *stop,
                       struct receipt_batch *batch)
{
    struct json_object *facts = NULL;
    if (json_read(stop->figures, strlen(stop->figures), &facts, NULL) != RESULT_OK)
        facts = json_object_new_object();
    json_object_object_add(facts, "scope", json_object_new_string(stop->scope));
    const struct receipt receipt = {.kind = RECEIPT_BRAKE_STOPPED,
                                    .at = stop->at,
                                    .incident = wave->incident,
                                    .wave = wave->id,
                                    .outcome = -1,
                                    .reason = stop->reason,
                                    .facts = facts};
    receipt_batch_init(batch, wave->incident, wave->id, 0);
    receipt_batch_add(batch, &wave->dossier->key, &receipt);
    receipt_batch_finish(batch);
    wave->delivery->stats.receipts++;
    json_object_put(facts);
}

void braking_stop(struct active_wave *wave, const char *scope, const char *reason,
                  struct json_object *figures)
{
    struct braking *braking = &wave->braking;
    struct brake_stop stop = {.at = delivery_now(wave->delivery)};
    struct buf text;
    if (stop_of(braking, scope) != NULL || braking->n_stops == BRAKE_STOPS_MAX)
        return;
    buf_init(&text, sizeof(stop.figures) - 1);
    if (figures == NULL || !json_write(&text, figures)) {
        buf_clear(&text);
        buf_puts(&text, "{}");
    }
    str_copy(stop.scope, sizeof(stop.scope), scope);
    str_copy(stop.reason, sizeof(stop.reason), reason);
    str_copy(stop.figures, sizeof(stop.figures), text.data);
    buf_free(&text);
    braking->stops[braking->n_stops++] = stop;
    say(wave, &stop);
    struct stopping *stopping = mem_new(struct stopping);
    receipt_of(wave, &stop, &stopping->receipts);
    stopping->put.request.cb = on_stopped;
    stopping->put.wave = wave->id;
    stopping->put.stop = stop;
    stopping->put.receipts = &stopping->receipts;
    store_brake_stop(wave->delivery->config.store, &stopping->put);
}

void braking_lift(struct braking *braking, const char *scope)
{
    unsigned n = 0;
    for (unsigned i = 0; i < braking->n_stops; i++)
        if (scope != NULL && !str_equal(braking->stops[i].scope, scope))
            braking->stops[n++] = braking->stops[i];
    braking->n_stops = n;
}

/* ---- Refusals. ---- */

void braking_refusal(struct active_wave *wave, unsigned channel, const struct outcome *outcome)
{
    const struct gate *gate = wave->gates[channel];
    if (!wave->policy.brakes.on || gate == NULL || gate->failures < REFUSALS ||
        outcome->kind != OUTCOME_DEFERRED)
        return;
    struct json_object *figures = json_object_new_object();
    json_object_object_add(figures, "code", json_object_new_int(outcome->code));
    json_object_object_add(figures, "provider",
                           json_object_new_string(wave->policy.channels[channel].provider));
    json_object_object_add(figures, "refusals", json_object_new_int((int)gate->failures));
    json_object_object_add(figures, "status", json_object_new_string(outcome->status));
    braking_stop(wave, wave->policy.channels[channel].channel, "provider_refused", figures);
    json_object_put(figures);
}

struct lifting {
    struct store_brake_resume resume;
    struct receipt_batch receipts;
    struct brake_stop stop; /* its scope outlives the wave's copy */
};

static void on_lifted(struct store_request *request)
{
    struct store_brake_resume *resume = container_of(request, struct store_brake_resume, request);
    struct lifting *lifting = container_of(resume, struct lifting, resume);
    receipt_batch_free(&lifting->receipts);
    mem_free(lifting);
}

static void lift_refusal(struct active_wave *wave, const struct brake_stop *stop)
{
    struct lifting *lifting = mem_new(struct lifting);
    lifting->stop = *stop;
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "scope", json_object_new_string(stop->scope));
    const struct receipt receipt = {.kind = RECEIPT_BRAKE_RESUMED,
                                    .at = delivery_now(wave->delivery),
                                    .incident = wave->incident,
                                    .wave = wave->id,
                                    .outcome = -1,
                                    .reason = "probe",
                                    .facts = facts};
    receipt_batch_init(&lifting->receipts, wave->incident, wave->id, 0);
    receipt_batch_add(&lifting->receipts, &wave->dossier->key, &receipt);
    receipt_batch_finish(&lifting->receipts);
    json_object_put(facts);
    wave->delivery->stats.receipts++;
    lifting->resume.request.cb = on_lifted;
    lifting->resume.wave = wave->id;
    lifting->resume.scope = lifting->stop.scope;
    lifting->resume.at = receipt.at;
    lifting->resume.receipts = &lifting->receipts;
    log_info("brake_resumed", LOG_INT("wave", wave->id), LOG_TEXT("scope", stop->scope),
             LOG_TEXT("by", "probe"));
    store_brake_resume(wave->delivery->config.store, &lifting->resume);
    braking_lift(&wave->braking, lifting->stop.scope);
}

void braking_well(struct delivery *delivery, const struct gate *gate)
{
    list_each(node, &delivery->waves)
    {
        struct active_wave *wave = container_of(node, struct active_wave, node);
        for (unsigned i = 0; wave->dossier != NULL && i < wave->policy.n_channels; i++) {
            const struct brake_stop *stop =
                wave->gates[i] == gate ? stop_of(&wave->braking, wave->policy.channels[i].channel)
                                       : NULL;
            if (stop != NULL && str_equal(stop->reason, "provider_refused"))
                lift_refusal(wave, stop);
        }
    }
}
