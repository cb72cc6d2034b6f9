/* seeds.c - addresses of our own get every wave's notice first: through the real channels,
 * receipted as seeds, in no roster and in no count of people. Happy path: the notice is rendered
 * for each seed and each of its channels -> sent as the gates allow -> all have an answer -> one
 * transaction keeps the receipts and moves the wave on to its canary.
 *
 * Failure modes: what can be tried again is, up to TRIES times; a seed that is refused stops the
 * wave for a person, as that is what seeds are for. A crash sends to all seeds again: they are our
 * own. A notice with a hole that only a person's own fields fill cannot be shown to a seed: it is
 * left out, with its reason. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/plan/notice_values.h"
#include "service/delivery/run/message_key.h"

enum { SEED_SENDS_MAX = 64, TRIES = 5, AGAIN_MS = 15000, ARENA_MAX = 64 << 20 };
#define SEED_CHUNK ((INT64_C(1) << 40) - 1) /* of their tokens: no chunk has this number */

struct seed_send {
    struct channel_send send;
    struct seeding *seeding;
    const struct delivery_seed *seed;
    unsigned channel;
    struct postal_address postal;
    char token[TOKEN_TEXT_SIZE], key[TOKEN_TEXT_SIZE];
    uint8_t digest[DIGEST_SIZE];
    const char *left_out; /* why it cannot be rendered */
    unsigned tries;
    bool under_way, done;
    int64_t sent_at, again_at; /* monotonic */
    struct outcome outcome;
};

struct seeding {
    struct active_wave *wave;
    struct arena *arena;
    struct seed_send sends[SEED_SENDS_MAX];
    unsigned n, under_way;
    struct notice_rendering rendering;
    struct receipt_batch receipts;
};

static bool has_address(const struct delivery_seed *seed, enum channel_address kind)
{
    switch (kind) {
    case ADDRESS_EMAIL:
        return seed->email != NULL;
    case ADDRESS_PHONE:
        return seed->phone != NULL;
    case ADDRESS_POSTAL:
        return seed->line1 != NULL;
    case ADDRESS_ACCOUNT:
    case ADDRESS_N:
        break;
    }
    return false;
}

bool seeds_any(const struct active_wave *wave)
{
    const struct delivery_braking *config = &wave->delivery->config.braking;
    if (!wave->policy.brakes.on || !wave->policy.brakes.seeds)
        return false;
    for (size_t i = 0; i < config->n_seeds; i++)
        for (unsigned c = 0; c < wave->policy.n_channels; c++)
            if (wave->drivers[c] != NULL && wave->gates[c] != NULL &&
                has_address(&config->seeds[i], wave->drivers[c]->facts.address))
                return true;
    return false;
}

/* ---- The messages. ---- */

static const char *keep(struct seeding *seeding, const struct buf *text)
{
    return text->length == 0 ? NULL : arena_strndup(seeding->arena, text->data, text->length);
}

static const char *render(struct seed_send *it, const struct recipient *r)
{
    struct seeding *seeding = it->seeding;
    struct active_wave *wave = seeding->wave;
    struct notice_rendering *from = &seeding->rendering;
    struct channel_notice *to = &it->send.notice;
    struct notice_person person;
    struct seal_key nobody;
    const struct notice *notice = dossier_notice(wave->dossier, r->locale);
    seal_key_random(&nobody);
    if (notice == NULL ||
        !notice_values_of_person(seeding->arena, r, &nobody, wave->policy.data_types, &person))
        return "no_notice";
    enum result result = notice_render(
        notice, notice_format_of(wave->drivers[it->channel]->facts.form), &person, from);
    if (result != RESULT_OK)
        return result == RESULT_INVALID ? "missing_field" : "no_notice";
    to->locale = notice_locale(notice);
    to->subject = keep(seeding, &from->subject);
    to->line = keep(seeding, &from->line);
    to->html = keep(seeding, &from->html);
    to->html_length = from->html.length;
    to->text = keep(seeding, &from->text);
    to->text_length = from->text.length;
    memcpy(it->digest, from->digest, DIGEST_SIZE);
    return to->text == NULL ? "too_large" : NULL;
}

static void fill_tokens(struct seed_send *it, unsigned index)
{
    const struct active_wave *wave = it->seeding->wave;
    const struct seal_key *key = &wave->delivery->token_key;
    const struct token token = {SEED_CHUNK, (uint16_t)index, (uint8_t)(it->tries + 1)};
    const struct message_name name = {
        .wave = wave->id, .channel = (uint8_t)it->channel, .recipient_id = it->seed->label};
    token_format(it->token, key, &token);
    message_key(it->key, key, &name);
    it->send.token = it->token;
    it->send.key = it->key;
    it->send.test = wave->policy.test;
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome);

static void add_send(struct seeding *seeding, const struct delivery_seed *seed, unsigned channel)
{
    const struct channel_driver *driver = seeding->wave->drivers[channel];
    if (seeding->n == SEED_SENDS_MAX)
        return;
    struct seed_send *it = &seeding->sends[seeding->n++];
    it->seeding = seeding;
    it->seed = seed;
    it->channel = channel;
    it->send.cb = on_outcome;
    it->postal = (struct postal_address){.line1 = seed->line1,
                                         .city = seed->city,
                                         .region = seed->region,
                                         .postal_code = seed->postal_code,
                                         .country = seed->country};
    const struct recipient r = {.recipient_id = seed->label,
                                .name = seed->label,
                                .email = seed->email,
                                .phone = seed->phone,
                                .address = it->postal,
                                .has_address = seed->line1 != NULL,
                                .locale = seed->locale};
    it->left_out = render(it, &r);
    it->done = it->left_out != NULL;
    it->send.email = driver->facts.address == ADDRESS_EMAIL ? seed->email : NULL;
    it->send.phone = driver->facts.address == ADDRESS_PHONE ? seed->phone : NULL;
    it->send.postal = driver->facts.address == ADDRESS_POSTAL ? &it->postal : NULL;
    it->send.name = driver->facts.address == ADDRESS_POSTAL ? seed->label : NULL;
}

static void begin(struct active_wave *wave)
{
    const struct delivery_braking *config = &wave->delivery->config.braking;
    struct seeding *seeding = mem_new(struct seeding);
    seeding->wave = wave;
    seeding->arena = arena_create(ARENA_MAX);
    notice_rendering_init(&seeding->rendering);
    receipt_batch_init(&seeding->receipts, wave->incident, wave->id, 0);
    wave->braking.seeding = seeding;
    for (size_t i = 0; i < config->n_seeds; i++)
        for (unsigned c = 0; c < wave->policy.n_channels; c++)
            if (wave->drivers[c] != NULL && wave->gates[c] != NULL &&
                has_address(&config->seeds[i], wave->drivers[c]->facts.address))
                add_send(seeding, &config->seeds[i], c);
    log_info("seeds_first", LOG_INT("wave", wave->id), LOG_INT("messages", seeding->n));
}

static void seeding_free(struct seeding *seeding)
{
    seeding->wave->braking.seeding = NULL;
    notice_rendering_free(&seeding->rendering);
    receipt_batch_free(&seeding->receipts);
    arena_destroy(&seeding->arena);
    mem_free(seeding);
}

/* ---- The answers. ---- */

static bool was_taken(const struct seed_send *it)
{
    return it->outcome.kind == OUTCOME_ACCEPTED || it->outcome.kind == OUTCOME_DELIVERED ||
           it->outcome.kind == OUTCOME_UNCERTAIN;
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome)
{
    struct seed_send *it = container_of(send, struct seed_send, send);
    struct seeding *seeding = it->seeding;
    struct active_wave *wave = seeding->wave;
    struct gate *gate = wave->gates[it->channel];
    int64_t now = delivery_monotonic(wave->delivery);
    bool was_ill = gate->failures > 0;
    bool fault = gate_done(gate, outcome, now - it->sent_at, now);
    if (was_ill && gate->failures == 0)
        braking_well(wave->delivery, gate);
    bool again = fault || outcome->kind == OUTCOME_DEFERRED;
    it->outcome = *outcome;
    it->under_way = false;
    seeding->under_way--;
    if (outcome->kind == OUTCOME_CANCELED) {
        it->again_at = now + AGAIN_MS;
    } else {
        it->tries++;
        it->again_at = now + AGAIN_MS;
        it->done = !again || it->tries >= TRIES;
    }
    if (wave->stopping && seeding->under_way == 0) {
        seeding_free(seeding);
        schedule_drop_if_idle(wave);
    }
}

static void add_receipt(struct seeding *seeding, const struct seed_send *it)
{
    struct active_wave *wave = seeding->wave;
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "seed", json_object_new_string(it->seed->label));
    const struct receipt receipt = {.kind = RECEIPT_SEED_SENT,
                                    .at = delivery_now(wave->delivery),
                                    .incident = wave->incident,
                                    .wave = wave->id,
                                    .channel = wave->policy.channels[it->channel].channel,
                                    .attempt = it->tries,
                                    .outcome = -1,
                                    .status = it->left_out != NULL ? NULL : it->outcome.status,
                                    .code = it->left_out != NULL ? 0 : it->outcome.code,
                                    .notice_digest = it->left_out != NULL ? NULL : it->digest,
                                    .reason = it->left_out != NULL ? it->left_out
                                                                   : outcome_name(it->outcome.kind),
                                    .facts = facts};
    receipt_batch_add(&seeding->receipts, &wave->dossier->key, &receipt);
    wave->delivery->stats.receipts++;
    json_object_put(facts);
}

/* The wave's own copy of the receipts outlives the seeding. */
static void finish(struct seeding *seeding)
{
    struct active_wave *wave = seeding->wave;
    struct receipt_batch *receipts = &wave->braking.receipts;
    unsigned failed = 0;
    for (unsigned i = 0; i < seeding->n; i++) {
        const struct seed_send *it = &seeding->sends[i];
        add_receipt(seeding, it);
        failed += it->left_out == NULL && !was_taken(it);
    }
    receipt_batch_finish(&seeding->receipts);
    receipt_batch_free(receipts);
    *receipts = seeding->receipts;
    receipt_batch_init(&seeding->receipts, 0, 0, 0);
    if (failed > 0) {
        struct json_object *figures = json_object_new_object();
        json_object_object_add(figures, "failed", json_object_new_int((int)failed));
        json_object_object_add(figures, "seeds", json_object_new_int((int)seeding->n));
        braking_stop(wave, "", "seed_failed", figures);
        json_object_put(figures);
    }
    seeding_free(seeding);
    braking_move(wave, BRAKE_CANARY, receipts);
}

/* ---- Sending. ---- */

static bool send_one(struct seed_send *it, unsigned index)
{
    struct active_wave *wave = it->seeding->wave;
    struct gate *gate = wave->gates[it->channel];
    struct channel_send *sends[1] = {&it->send};
    int64_t now = delivery_monotonic(wave->delivery);
    if (it->done || it->under_way || now < it->again_at || gate_free(gate, now) == 0 ||
        !gate_has_room(gate, 1))
        return false;
    fill_tokens(it, index);
    it->send.stop = false;
    gate_take(gate, 1);
    if (gate->driver->send(gate->channel, sends, 1) != RESULT_OK) {
        gate_return(gate, 1);
        return false;
    }
    gate_sent(gate, 1);
    it->under_way = true;
    it->sent_at = now;
    it->seeding->under_way++;
    return true;
}

void seeds_pump(struct active_wave *wave)
{
    if (wave->braking.seeding == NULL)
        begin(wave);
    struct seeding *seeding = wave->braking.seeding;
    bool all = true;
    for (unsigned i = 0; i < seeding->n; i++) {
        send_one(&seeding->sends[i], i);
        all = all && seeding->sends[i].done;
    }
    if (all)
        finish(seeding);
}

void seeds_cancel(struct active_wave *wave, bool under_way)
{
    struct seeding *seeding = wave->braking.seeding;
    if (seeding == NULL)
        return;
    if (seeding->under_way == 0) {
        seeding_free(seeding);
        return;
    }
    for (unsigned i = 0; under_way && i < seeding->n; i++) {
        struct seed_send *it = &seeding->sends[i];
        struct gate *gate = wave->gates[it->channel];
        if (it->under_way && gate->channel != NULL && !atomic_exchange(&it->send.stop, true))
            gate->driver->cancel(gate->channel, &it->send);
    }
}
