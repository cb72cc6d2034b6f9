/* standing.c - what whoever approves must know of the time since the copy: wave by wave, how many
 * people may have been sent to, who of them is being asked about, and what an approval would do.
 * Steps: the mark, the waves, what lies in open intents, then the counters of each wave. */
/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/restore/restore.h"

enum { ARENA_MAX = 64 << 20 };

struct standing {
    struct delivery *delivery;
    struct delivery_restore_standing *req;
    struct arena *arena;
    struct store_setting mark;
    struct store_wave_list list;
    struct store_restore_count count;
    struct store_counts counts;
    struct json_object *json, *waves;
    size_t at;
};

static void standing_finish(struct standing *it, enum result result, const struct error *error)
{
    struct delivery_restore_standing *req = it->req;
    req->request.result = result;
    req->request.error = *error;
    req->json = result == RESULT_OK ? json_object_get(it->json) : NULL;
    json_object_put(it->json);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

/* ---- 4 each wave ---- */

static const char *then_of(const struct channel_driver *driver)
{
    if (driver->query != NULL && driver->facts.on_uncertain == UNCERTAIN_QUERY)
        return "asks";
    return driver->facts.on_uncertain == UNCERTAIN_ASK && !driver->facts.keyed ? "person_decides"
                                                                               : "sends_same_key";
}

static int64_t unknown_of(const struct standing *it, int64_t wave, unsigned channel)
{
    for (size_t i = 0; i < it->count.n; i++)
        if (it->count.rows[i].wave == wave && it->count.rows[i].channel == channel)
            return it->count.rows[i].members;
    return 0;
}

static int64_t counter_of(const struct standing *it, unsigned channel, enum member_state state)
{
    for (size_t i = 0; i < it->counts.n; i++)
        if (it->counts.counters[i].channel == channel && it->counts.counters[i].key == state)
            return it->counts.counters[i].value;
    return 0;
}

static void add_int(struct json_object *to, const char *name, int64_t value)
{
    json_object_object_add(to, name, json_object_new_int64(value));
}

static void add_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, json_object_new_string(text));
}

static void add_channel(const struct standing *it, const struct policy_channel *rule,
                        unsigned channel, struct json_object *list)
{
    const struct channel_driver *driver =
        rule->live < 0 ? NULL : it->delivery->config.channels[rule->live].driver;
    const int64_t unknown = unknown_of(it, it->counts.wave, channel);
    const int64_t asked = counter_of(it, channel, MEMBER_UNCERTAIN);
    const bool asks = driver != NULL && driver->query != NULL;
    struct json_object *row = json_object_new_object();
    add_text(row, "channel", rule->channel);
    add_text(row, "provider", rule->provider);
    json_object_object_add(row, "can_ask", json_object_new_boolean(asks));
    add_int(row, "unknown", asks ? unknown + asked : unknown);
    add_int(row, "asked", asks ? asked : 0);
    add_int(row, "undecided", counter_of(it, channel, MEMBER_ASKED));
    add_text(row, "then", driver == NULL ? "not_configured" : then_of(driver));
    json_object_array_add(list, row);
}

static void add_wave(struct standing *it)
{
    const struct wave_row *wave = &it->list.waves[it->at];
    struct json_object *row = json_object_new_object(), *channels = json_object_new_array();
    struct policy policy;
    char incident[ID_TEXT_SIZE];
    add_text(row, "incident", id_format(incident, "inc", wave->incident));
    add_int(row, "wave", wave->ordinal);
    add_text(row, "state", sm_name(&wave_states, wave->state));
    add_int(row, "people", wave->people);
    if (wave->policy.length > 0 &&
        policy_read(&policy, wave->policy, &it->delivery->config) == RESULT_OK)
        for (unsigned i = 0; i < policy.n_channels; i++)
            add_channel(it, &policy.channels[i], i, channels);
    json_object_object_add(row, "channels", channels);
    json_object_array_add(it->waves, row);
}

static void next_wave(struct standing *it);

static void on_counts(struct store_request *request)
{
    struct store_counts *counts = container_of(request, struct store_counts, request);
    struct standing *it = container_of(counts, struct standing, counts);
    if (request->result != RESULT_OK) {
        standing_finish(it, request->result, &request->error);
        return;
    }
    add_wave(it);
    it->at++;
    next_wave(it);
}

static void next_wave(struct standing *it)
{
    static const struct error none;
    if (it->at == it->list.n) {
        standing_finish(it, RESULT_OK, &none);
        return;
    }
    it->counts = (struct store_counts){.request = {.cb = on_counts, .arena = it->arena},
                                       .wave = it->list.waves[it->at].id};
    store_counts_get(it->delivery->config.store, &it->counts);
}

/* ---- 3 open intents, 2 waves, 1 the mark ---- */

static void on_counted(struct store_request *request)
{
    struct store_restore_count *count = container_of(request, struct store_restore_count, request);
    struct standing *it = container_of(count, struct standing, count);
    if (request->result != RESULT_OK)
        standing_finish(it, request->result, &request->error);
    else
        next_wave(it);
}

static void on_waves(struct store_request *request)
{
    struct store_wave_list *list = container_of(request, struct store_wave_list, request);
    struct standing *it = container_of(list, struct standing, list);
    if (request->result != RESULT_OK) {
        standing_finish(it, request->result, &request->error);
        return;
    }
    it->count.request.cb = on_counted;
    it->count.request.arena = it->arena;
    store_restore_count(it->delivery->config.store, &it->count);
}

static void on_mark(struct store_request *request)
{
    struct store_setting *mark = container_of(request, struct store_setting, request);
    struct standing *it = container_of(mark, struct standing, mark);
    struct json_object *from = NULL;
    static const struct error none;
    if (request->result == RESULT_OK)
        json_read(mark->value.data, mark->value.length, &from, NULL);
    json_object_object_add(it->json, "restored", json_object_new_boolean(it->delivery->restored));
    json_object_object_add(it->json, "from", from);
    json_object_object_add(it->json, "asking",
                           json_object_new_boolean(restore_asking(it->delivery)));
    json_object_object_add(it->json, "waves", it->waves = json_object_new_array());
    if (!it->delivery->restored) {
        standing_finish(it, RESULT_OK, &none);
        return;
    }
    it->list.request.cb = on_waves;
    it->list.request.arena = it->arena;
    it->list.states = (1u << WAVE_DRAFT) | (1u << WAVE_APPROVED) | (1u << WAVE_PLANNING) |
                      (1u << WAVE_SENDING) | (1u << WAVE_HELD);
    store_wave_list(it->delivery->config.store, &it->list);
}

void delivery_restore_standing(struct delivery *delivery, struct delivery_restore_standing *req)
{
    struct standing *it = mem_new(struct standing);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(ARENA_MAX);
    it->json = json_object_new_object();
    it->mark = (struct store_setting){.request = {.cb = on_mark, .arena = it->arena},
                                      .name = STORE_RESTORED_FROM};
    store_setting_get(delivery->config.store, &it->mark);
}
