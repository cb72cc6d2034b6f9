/* facts_read.c - the document of POST /v1/law/evaluate to facts; bounded, strict, pure. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

struct facts_reading {
    struct arena *arena;
    struct law_facts *facts;
    struct error *error;
    enum result result;
};

static void fault(struct facts_reading *r, const char *place, const char *key, const char *text)
{
    char field[128];
    if (r->result != RESULT_OK)
        return;
    snprintf(field, sizeof field, "%s/%s", place, key);
    r->result = error_set(r->error, RESULT_INVALID, field, "%s", text);
}

static void keys_check(struct facts_reading *r, const char *place, struct json_object *object,
                       const char *const *allowed)
{
    if (object == NULL || r->result != RESULT_OK)
        return;
    if (!json_object_is_type(object, json_type_object)) {
        fault(r, place, "", "This must be an object; see openapi.yaml.");
        return;
    }
    json_object_object_foreach(object, key, value)
    {
        const char *const *word = allowed;
        (void)value;
        while (*word != NULL && !str_equal(*word, key))
            word++;
        if (*word == NULL) {
            fault(r, place, key, "There is no such member; see openapi.yaml.");
            return;
        }
    }
}

static void time_get(struct facts_reading *r, struct json_object *json, const char *key,
                     struct law_time *ret)
{
    struct json_object *value = json_get(json, key);
    if (value != NULL && !law_time_read(json_get_string(json, key), ret))
        fault(r, "/incident", key,
              "This is no date or time; write 2026-03-02 or 2026-03-02T09:30:00+00:00.");
}

static void data_get(struct facts_reading *r, struct json_object *list)
{
    if (list != NULL && !json_object_is_type(list, json_type_array)) {
        fault(r, "/incident", "data_types", "This must be a list of data types.");
        return;
    }
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(list, i));
        if (law_data_find(name) < 0)
            fault(r, "/incident/data_types", str_or(name, ""),
                  "There is no such data type; see the list in openapi.yaml.");
        r->facts->data |= law_data_bit(name);
    }
}

static void sectors_get(struct facts_reading *r, struct json_object *list)
{
    static const char *const known[] = {"hipaa", "glba",    "sec", "fcc", "hbnr",
                                        "nydfs", "telecom", "cii", NULL};
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    for (size_t i = 0; i < n && r->facts->n_sectors < 16; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(list, i));
        const char *const *word = known;
        while (*word != NULL && !str_equal(*word, name))
            word++;
        if (*word == NULL)
            fault(r, "/incident/sectors", str_or(name, ""),
                  "There is no such sector; choose among hipaa, glba, sec, fcc, hbnr, nydfs, "
                  "telecom and cii.");
        r->facts->sectors[r->facts->n_sectors++] = name;
    }
}

static void risk_get(struct facts_reading *r, struct json_object *json)
{
    static const char *const words[] = {"unknown", "unlikely", "likely", "high"};
    const char *text = json_get_string(json, "risk");
    for (unsigned i = 0; text != NULL && i < 4; i++)
        if (str_equal(words[i], text)) {
            r->facts->risk = (enum law_risk)i;
            return;
        }
    if (json_get(json, "risk") != NULL)
        fault(r, "/incident", "risk",
              "The risk is unlikely, likely or high; leave it out when it "
              "is not known.");
}

static void dates_check(struct facts_reading *r)
{
    const struct law_facts *f = r->facts;
    if (f->occurred_from.kind && f->occurred_to.kind &&
        law_time_compare(&f->occurred_to, &f->occurred_from) < 0)
        fault(r, "/incident", "occurred_to", "It ended before it began; correct one of the dates.");
    if (f->occurred_from.kind && f->discovered.kind &&
        law_time_compare(&f->discovered, &f->occurred_from) < 0)
        fault(r, "/incident", "discovered_at",
              "It was discovered before it happened; correct one of the dates.");
    if (f->discovered.kind && f->determined.kind &&
        law_time_compare(&f->determined, &f->discovered) < 0)
        fault(r, "/incident", "determined_at",
              "It was determined before it was discovered; correct one of the dates.");
    if (f->facts[LAW_KEY_COMPROMISED] == LAW_YES && f->facts[LAW_ENCRYPTED] == LAW_NO)
        fault(r, "/incident", "key_compromised",
              "A key was taken of data that was not encrypted; correct one of the two.");
}

static void incident_read(struct facts_reading *r, struct json_object *json)
{
    static const char *const plain[] = {"data_types",    "occurred_from",
                                        "occurred_to",   "discovered_at",
                                        "determined_at", "aware_at",
                                        "suspected_at",  "material_at",
                                        "risk",          "sectors",
                                        "establishment", "parent_company",
                                        "role",          NULL};
    const char *keys[sizeof plain / sizeof *plain + LAW_FACTS_N];
    size_t n = 0;
    for (; plain[n] != NULL; n++)
        keys[n] = plain[n];
    for (int i = 0; i < LAW_FACTS_N; i++)
        keys[n++] = law_fact_name(i);
    keys[n] = NULL;
    keys_check(r, "/incident", json, keys);
    struct law_facts *f = r->facts;
    data_get(r, json_get(json, "data_types"));
    time_get(r, json, "occurred_from", &f->occurred_from);
    time_get(r, json, "occurred_to", &f->occurred_to);
    time_get(r, json, "discovered_at", &f->discovered);
    time_get(r, json, "determined_at", &f->determined);
    time_get(r, json, "aware_at", &f->aware);
    time_get(r, json, "suspected_at", &f->suspected);
    time_get(r, json, "material_at", &f->material);
    risk_get(r, json);
    sectors_get(r, json_get(json, "sectors"));
    for (int i = 0; i < LAW_FACTS_N; i++) {
        struct json_object *value = json_get(json, law_fact_name(i));
        if (value != NULL && !json_object_is_type(value, json_type_boolean))
            fault(r, "/incident", law_fact_name(i),
                  "This is true or false; leave it out when it "
                  "is not known.");
        f->facts[i] = value == NULL                    ? LAW_UNKNOWN
                      : json_object_get_boolean(value) ? LAW_YES
                                                       : LAW_NO;
    }
    f->establishment = json_get_string(json, "establishment");
    f->parent_company = json_get_string(json, "parent_company");
    const char *role = json_get_string(json, "role");
    f->maintainer = str_equal(role, "maintainer");
    if (role != NULL && !f->maintainer && !str_equal(role, "owner"))
        fault(r, "/incident", "role", "The role is owner or maintainer.");
    dates_check(r);
}

static bool place_good(const char *text)
{
    return !str_empty(text) && strlen(text) <= 16 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(text);
}

static void contact_read(struct facts_reading *r, struct json_object *contact,
                         struct law_people *people)
{
    static const char *const keys[] = {
        "email", "email_consented", "postal", "phone", "account", "none", "cost", NULL};
    struct json_object *json = json_get(contact, people->jurisdiction);
    keys_check(r, "/contact", json, keys);
    people->email = json_get_int(json, "email", -1);
    people->email_consented = json_get_int(json, "email_consented", -1);
    people->postal = json_get_int(json, "postal", -1);
    people->phone = json_get_int(json, "phone", -1);
    people->account = json_get_int(json, "account", -1);
    people->none = json_get_int(json, "none", -1);
    people->cost = json_get_int(json, "cost", -1);
    if (people->email_consented > people->email && people->email >= 0)
        fault(r, "/contact", people->jurisdiction,
              "More people consented to email than have an address; correct one of the two.");
}

static void people_read(struct facts_reading *r, struct json_object *json,
                        struct json_object *contact)
{
    size_t n = json == NULL ? 0 : (size_t)json_object_object_length(json);
    if (n > LAW_PEOPLE_MAX) {
        fault(r, "", "people", "At most 512 jurisdictions are taken at once.");
        return;
    }
    r->facts->people = arena_alloc(r->arena, (n + 1) * sizeof(*r->facts->people));
    if (r->facts->people == NULL || json == NULL)
        return;
    json_object_object_foreach(json, place, count)
    {
        struct law_people *people = &r->facts->people[r->facts->n_people];
        *people = (struct law_people){.jurisdiction = place, .n = json_object_get_int64(count)};
        if (!place_good(place))
            fault(r, "/people", place, "This is no jurisdiction; write US-CA, GB or EU-DE.");
        if (!json_object_is_type(count, json_type_int) || people->n < 0)
            fault(r, "/people", place, "This must be a number of people.");
        contact_read(r, contact, people);
        r->facts->n_people++;
    }
}

static void events_read(struct facts_reading *r, struct json_object *list)
{
    static const char *const types[] = {"letters_sent",   "people_told",
                                        "authority_told", "hold_placed",
                                        "hold_released",  "media_told",
                                        "cra_told",       "owner_told",
                                        "suspected",      "regulator_order",
                                        "closed",         "message_handed_over",
                                        "website_posted", NULL};
    static const char *const keys[] = {"type", "at", "jurisdiction", NULL};
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    r->facts->events = arena_alloc(r->arena, (n + 1) * sizeof(*r->facts->events));
    if (n > LAW_EVENTS_MAX)
        fault(r, "", "events", "At most 1024 events are taken at once.");
    for (size_t i = 0; r->result == RESULT_OK && r->facts->events != NULL && i < n; i++) {
        struct json_object *json = json_object_array_get_idx(list, i);
        struct law_event *event = &r->facts->events[r->facts->n_events++];
        const char *const *word = types;
        keys_check(r, "/events", json, keys);
        *event = (struct law_event){.type = json_get_string(json, "type"),
                                    .jurisdiction = json_get_string(json, "jurisdiction")};
        while (*word != NULL && !str_equal(*word, event->type))
            word++;
        if (*word == NULL)
            fault(r, "/events", "type", "There is no such event; see openapi.yaml.");
        if (!law_time_read(json_get_string(json, "at"), &event->at))
            fault(r, "/events", "at", "An event needs its date or time, as 2026-03-16.");
    }
}

enum result law_facts_read(struct json_object *json, struct arena *arena,
                           struct law_facts *ret_facts, struct error *error)
{
    static const char *const keys[] = {"incident", "people", "contact", "events", "now", NULL};
    struct facts_reading r = {.arena = arena, .facts = ret_facts, .error = error};
    *ret_facts = (struct law_facts){0};
    keys_check(&r, "", json, keys);
    if (json == NULL || json_get(json, "incident") == NULL)
        fault(&r, "", "incident", "The facts of the incident are needed; see openapi.yaml.");
    if (r.result == RESULT_OK)
        incident_read(&r, json_get(json, "incident"));
    if (r.result == RESULT_OK)
        people_read(&r, json_get(json, "people"), json_get(json, "contact"));
    if (r.result == RESULT_OK)
        events_read(&r, json_get(json, "events"));
    if (json_get(json, "now") != NULL &&
        !law_time_read(json_get_string(json, "now"), &ret_facts->now))
        fault(&r, "", "now", "This is no date or time; write 2026-03-02.");
    if (r.result == RESULT_OK && (ret_facts->people == NULL || ret_facts->events == NULL))
        return error_set(error, RESULT_TOO_LARGE, NULL, "The facts are too large; shorten them.");
    return r.result;
}
