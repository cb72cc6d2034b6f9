/* incident_view.c - the JSON of an incident: what was posted, where its waves stand, who was told.
 */

/* Base. */
#include "base/json.h"
#include "base/sm.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/incident_view.h"

enum { PEOPLE_CHANNEL = 0xff };

static struct json_object *member(struct json_object *to, const char *name)
{
    struct json_object *child = NULL;
    if (!json_object_object_get_ex(to, name, &child)) {
        child = json_object_new_object();
        json_object_object_add(to, name, child);
    }
    return child;
}

static const char *people_name(unsigned key)
{
    static const char *const names[PEOPLE_KEYS_N] = {
        [PEOPLE_PLANNED] = "planned",
        [PEOPLE_TOLD] = "told",
        [PEOPLE_UNREACHABLE] = "unreachable",
        [PEOPLE_WITHHELD] = "withheld",
    };
    return key < PEOPLE_KEYS_N ? names[key] : "other";
}

static void add_counters(struct json_object *wave, const struct delivery_wave_view *view)
{
    struct json_object *people = member(wave, "people"), *channels = member(wave, "channels");
    for (unsigned key = 0; key < PEOPLE_KEYS_N; key++)
        out_int(people, people_name(key), 0);
    for (size_t i = 0; i < view->n_counters; i++) {
        const struct wave_counter *counter = &view->counters[i];
        if (counter->channel == PEOPLE_CHANNEL)
            out_int(people, people_name(counter->key), counter->value);
        else if (counter->channel < view->n_channels && counter->value)
            out_int(member(channels, view->channel_names[counter->channel]),
                    member_state_name(counter->key), counter->value);
    }
}

struct json_object *incident_view_wave(const struct delivery_wave_view *view)
{
    const struct wave_row *row = &view->row;
    char hash[DIGEST_TEXT_SIZE];
    struct json_object *wave = json_object_new_object();
    hex_encode(hash, row->approved_hash, DIGEST_SIZE);
    out_int(wave, "wave", row->id);
    out_int(wave, "ordinal", row->ordinal);
    out_text(wave, "kind", wave_kind_name(row->kind));
    out_id(wave, "author", "tok", row->author);
    if (row->notice)
        out_int(wave, "notice_version", row->notice);
    else
        out_text(wave, "notice_version", NULL);
    out_time(wave, "not_before", row->not_before);
    out_json(wave, "caps", str_or(row->caps, "null"));
    out_text(wave, "state", sm_name(&wave_states, row->state));
    out_int(wave, "approvals", row->approvals);
    out_text(wave, "approved_hash", row->approvals ? hash : NULL);
    out_time(wave, "released_at", row->released_at);
    out_time(wave, "settled_at", row->settled_at);
    out_time(wave, "hold_until", row->hold_until);
    add_counters(wave, view);
    out_int(wave, "rate_per_minute", (int64_t)(view->rate_per_second * 60 + 0.5));
    out_time(wave, "estimated_end", view->eta_at);
    out_json(wave, "brakes", view->brakes);
    return wave;
}

struct json_object *incident_view(const struct delivery_incident_get *got)
{
    const struct incident_row *row = &got->row;
    struct json_object *json = json_object_new_object(), *waves = json_object_new_array();
    struct json_object *recipients = json_object_new_object();
    out_id(json, "id", "inc", row->id);
    out_int(json, "version", row->version);
    out_int(json, "notice_version", row->notice);
    out_text(json, "state", sm_name(&wave_states, got->n_waves ? got->waves[0].row.state : 0));
    out_bool(json, "test", row->test);
    out_id(json, "author", "tok", row->author);
    out_time(json, "created_at", row->created_at);
    out_int(recipients, "accepted", row->accepted);
    out_int(recipients, "duplicates", row->duplicates);
    out_int(recipients, "rejected", row->rejected);
    json_object_object_add(json, "recipients", recipients);
    for (size_t i = 0; i < got->n_waves; i++)
        json_object_array_add(waves, incident_view_wave(&got->waves[i]));
    json_object_object_add(json, "waves", waves);
    json_object_object_add(json, "incident", json_object_get(got->document));
    return json;
}

void incident_view_glass(struct json_object *view, const struct break_glass_row *row)
{
    struct json_object *waves = json_get(view, "waves");
    for (size_t i = 0; i < json_object_array_length(waves); i++) {
        struct json_object *wave = json_object_array_get_idx(waves, i);
        if (json_get_int(wave, "wave", 0) != row->wave)
            continue;
        struct json_object *item = json_object_new_object();
        out_id(item, "principal", "tok", row->principal);
        out_time(item, "at", row->at);
        out_id(item, "reviewed_by", "tok", row->reviewed_by);
        out_time(item, "reviewed_at", row->reviewed_at);
        json_object_object_add(wave, "break_glass", item);
    }
}
