/* audience.c - see the header. Failure modes: those of the store's question; a filter is checked by
 * the API before it is stored. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/wave/audience.h"

enum { ARENA_MAX = 256 << 20 };

/* ---- What is asked. ---- */
static uint32_t states_of(struct json_object *names)
{
    uint32_t states = 0;
    size_t n = names == NULL ? 0 : json_object_array_length(names);
    for (size_t i = 0; i < n; i++)
        for (unsigned state = 0; state < MEMBER_STATES_N; state++)
            if (str_equal(member_state_name(state),
                          json_object_get_string(json_object_array_get_idx(names, i))))
                states |= 1u << state;
    return states;
}

static size_t numbers_of(struct json_object *from, int64_t *to, size_t most)
{
    size_t n = from == NULL ? 0 : json_object_array_length(from);
    n = n < most ? n : most;
    for (size_t i = 0; i < n; i++)
        to[i] = json_object_get_int64(json_object_array_get_idx(from, i));
    return n;
}

/* ",sms,postal," */
static const char *channels_of(struct json_object *names, struct arena *arena)
{
    size_t n = names == NULL ? 0 : json_object_array_length(names);
    const char *text = n == 0 ? NULL : ",";
    for (size_t i = 0; i < n && text != NULL; i++)
        text = arena_printf(arena, "%s%s,", text,
                            json_object_get_string(json_object_array_get_idx(names, i)));
    return text;
}

static size_t waves_of(const struct dossier *dossier, struct json_object *ordinals, int64_t *to,
                       size_t most)
{
    size_t n = numbers_of(ordinals, to, most), found = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < dossier->n_waves; k++)
            if (dossier->waves[k].ordinal == to[i]) {
                to[found++] = dossier->waves[k].id;
                break;
            }
    return found;
}

/* ---- The answers. ---- */
static void load_finish(struct audience_load *load, enum result result, const struct error *error)
{
    load->request.result = result;
    if (error != NULL)
        load->request.error = *error;
    load->request.cb(&load->request);
}

static void on_told(struct store_request *request)
{
    struct store_audience *told = container_of(request, struct store_audience, request);
    struct audience_load *load = container_of(told, struct audience_load, told);
    load->audience.told = told->bits;
    load->audience.n_told = told->n_bits;
    load_finish(load, request->result, &request->error);
}

static void ask_told(struct audience_load *load)
{
    load->told = (struct store_audience){.request = {.cb = on_told, .arena = load->audience.arena},
                                         .incident = load->dossier->row.id,
                                         .before = load->dossier->wave->id,
                                         .told = true};
    store_audience(load->delivery->config.store, &load->told);
}

static void on_asked(struct store_request *request)
{
    struct store_audience *ask = container_of(request, struct store_audience, request);
    struct audience_load *load = container_of(ask, struct audience_load, ask);
    struct audience *audience = &load->audience;
    audience->bits = ask->bits;
    audience->n_bits = ask->n_bits;
    audience->moving = ask->moving && ask->n_notices > 0;
    if (request->result == RESULT_OK && json_get_bool(audience->filter, "not_told", false))
        ask_told(load);
    else
        load_finish(load, request->result, &request->error);
}

void audience_load(struct delivery *delivery, struct audience_load *load)
{
    struct audience *audience = &load->audience;
    const struct dossier *dossier = load->dossier;
    const struct wave_row *wave = dossier->wave;
    load->delivery = delivery;
    *audience = (struct audience){.arena = arena_create(ARENA_MAX),
                                  .filter = json_get(dossier->spec, "audience"),
                                  .asks = !wave_kind_takes(wave->kind)};
    struct json_object *filter = audience->filter;
    if (!audience->asks)
        audience->taken_by = wave->released_at == TIME_NONE ? -1 : wave->id;
    load->ask = (struct store_audience){
        .request = {.cb = on_asked, .arena = audience->arena},
        .incident = dossier->row.id,
        .before = wave->id,
        .notices = load->notices,
        .n_notices = numbers_of(json_get(filter, "told_with_notice"), load->notices, 32),
        .states = states_of(json_get(filter, "evidence")),
        .channels = channels_of(json_get(filter, "channels"), audience->arena),
        .waves = load->waves,
        .n_waves = waves_of(dossier, json_get(filter, "waves"), load->waves, 64)};
    load->ask.planned = load->ask.n_notices == 0 && load->ask.states == 0;
    if (!audience->asks)
        load->ask.before = 1; /* nobody: the answer comes from the loop all the same */
    store_audience(delivery->config.store, &load->ask);
}

void audience_free(struct audience *audience)
{
    arena_destroy(&audience->arena);
    *audience = (struct audience){0};
}

/* ---- Judgements. ---- */
static bool bit(const uint8_t *bits, size_t n, uint32_t number)
{
    return number < n && (bits[number / 8] >> (number % 8) & 1);
}

static bool asks_the_past(const struct audience *audience)
{
    return json_get(audience->filter, "told_with_notice") != NULL ||
           json_get(audience->filter, "evidence") != NULL ||
           !json_get_bool(audience->filter, "not_told", false);
}

bool audience_may(const struct audience *audience, uint32_t number)
{
    if (!audience->asks)
        return true;
    if (bit(audience->told, audience->n_told, number))
        return false;
    return !asks_the_past(audience) || bit(audience->bits, audience->n_bits, number);
}

/* Absent: everybody. A jurisdiction names its parts too: "US" is "US-CA". */
static bool named(struct json_object *names, const char *value, bool parts)
{
    size_t n = names == NULL ? 0 : json_object_array_length(names);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        size_t length = strlen(name);
        if (value != NULL && strncasecmp(name, value, length) == 0 &&
            (value[length] == 0 || (parts && value[length] == '-')))
            return true;
    }
    return names == NULL;
}

static bool part_named(struct json_object *parts, unsigned part)
{
    size_t n = parts == NULL ? 0 : json_object_array_length(parts);
    for (size_t i = 0; i < n; i++)
        if (json_object_get_int64(json_object_array_get_idx(parts, i)) == part)
            return true;
    return parts == NULL;
}

static bool recipient_named(struct json_object *ids, const char *recipient_id)
{
    size_t n = ids == NULL ? 0 : json_object_array_length(ids);
    for (size_t i = 0; i < n; i++)
        if (str_equal(json_object_get_string(json_object_array_get_idx(ids, i)), recipient_id))
            return true;
    return ids == NULL;
}

bool audience_wants(const struct audience *audience, const struct recipient *r, unsigned part)
{
    struct json_object *filter = audience->filter;
    if (!audience->asks || filter == NULL)
        return audience_may(audience, r->number);
    return audience_may(audience, r->number) &&
           named(json_get(filter, "jurisdictions"), r->jurisdiction, true) &&
           named(json_get(filter, "locales"), str_or(r->locale, "en"), true) &&
           part_named(json_get(filter, "parts"), part) &&
           recipient_named(json_get(filter, "recipients"), r->recipient_id);
}
