/* legal_facts.c - see the header. A fact is taken over only where it means the same; the one that
 * is translated is the risk: "none" is the law's "unlikely", "low" and "medium" are not, since a
 * low risk is a risk. Events: what the store knows happened, never what was planned. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/duty/legal_facts.h"
#include "service/law/law.h"

/* Members that both documents have, with one meaning. */
static const char *const same[] = {"data_types",        "occurred_from",   "occurred_to",
                                   "discovered_at",     "determined_at",   "aware_at",
                                   "encrypted",         "key_compromised", "source_of_breach",
                                   "furnished_mailbox", "establishment"};
static const char *const sectors[] = {"hipaa", "glba",  "sec",     "fcc",
                                      "hbnr",  "nydfs", "telecom", "cii"};

static bool sector_known(const char *word)
{
    for (size_t i = 0; i < sizeof(sectors) / sizeof(*sectors); i++)
        if (str_equal(sectors[i], word))
            return true;
    return false;
}

static struct json_object *sectors_pick(struct json_object *document, bool known)
{
    struct json_object *from = json_get(document, "sectors"), *list = json_object_new_array();
    for (size_t i = 0; from != NULL && i < json_object_array_length(from); i++) {
        struct json_object *word = json_object_array_get_idx(from, i);
        if (sector_known(json_object_get_string(word)) == known)
            json_object_array_add(list, json_object_get(word));
    }
    return list;
}

struct json_object *legal_facts_ignored(struct json_object *document)
{
    return sectors_pick(document, false);
}

static const char *risk_word(const char *ours)
{
    static const char *const words[][2] = {
        {"none", "unlikely"}, {"low", "likely"}, {"medium", "likely"}, {"high", "high"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_equal(words[i][0], ours))
            return words[i][1];
    return NULL;
}

static struct json_object *incident_json(struct json_object *document)
{
    struct json_object *json = json_object_new_object(), *more = json_get(document, "law");
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        struct json_object *value = json_get(document, same[i]);
        if (value != NULL)
            json_object_object_add(json, same[i], json_object_get(value));
    }
    const char *risk = risk_word(json_get_string(document, "risk"));
    if (risk != NULL)
        json_object_object_add(json, "risk", json_object_new_string(risk));
    if (json_get(document, "sectors") != NULL)
        json_object_object_add(json, "sectors", sectors_pick(document, true));
    if (more != NULL) {
        json_object_object_foreach(more, name, value)
        {
            json_object_object_add(json, name, json_object_get(value));
        }
    }
    return json;
}

/* ---- People. ---- */

static void put_number(struct json_object *to, const char *name, int64_t n)
{
    json_object_object_add(to, name, json_object_new_int64(n));
}

static void people_add(struct json_object *json, const struct census *census)
{
    struct json_object *people = json_object_new_object(), *contact = json_object_new_object();
    for (size_t i = 0; i < census->n; i++) {
        const struct census_place *place = &census->places[i];
        struct json_object *ways = json_object_new_object();
        put_number(people, place->jurisdiction, place->n);
        put_number(ways, "email", place->email);
        put_number(ways, "email_consented", place->email_consented);
        put_number(ways, "postal", place->postal);
        put_number(ways, "phone", place->phone);
        put_number(ways, "account", place->account);
        put_number(ways, "none", place->none);
        json_object_object_add(contact, place->jurisdiction, ways);
    }
    json_object_object_add(json, "people", people);
    json_object_object_add(json, "contact", contact);
}

/* ---- Events. ---- */

static void event_add(struct json_object *events, const char *type, const char *jurisdiction,
                      time_ms at)
{
    char text[TIME_TEXT_SIZE];
    struct json_object *event = json_object_new_object();
    if (at == TIME_NONE || json_object_array_length(events) >= LAW_EVENTS_MAX) {
        json_object_put(event);
        return;
    }
    json_object_object_add(event, "type", json_object_new_string(type));
    json_object_object_add(event, "at", json_object_new_string(time_format(text, at)));
    if (jurisdiction != NULL)
        json_object_object_add(event, "jurisdiction", json_object_new_string(jurisdiction));
    json_object_array_add(events, event);
}

/* A place's regulators are told when none of those the plan asks for is still open. */
static bool is_last(const struct legal_facts_in *in, const struct duty_row *duty)
{
    for (size_t i = 0; i < in->n_duties; i++) {
        const struct duty_row *other = &in->duties[i];
        bool with = other->addressee == duty->addressee &&
                    str_equal(other->jurisdiction, duty->jurisdiction);
        if (with && (other->state == DUTY_OPEN || other->state == DUTY_OVERRIDDEN ||
                     (other->state == DUTY_DONE && other->told_at > duty->told_at)))
            return false;
    }
    return true;
}

static void duties_add(struct json_object *events, const struct legal_facts_in *in)
{
    static const char *const types[] = {[LAW_TO_PEOPLE] = "people_told",
                                        [LAW_TO_REGULATOR] = "authority_told",
                                        [LAW_TO_CRA] = "cra_told",
                                        [LAW_TO_MEDIA] = "media_told",
                                        [LAW_TO_THIRD_PARTY] = "owner_told"};
    for (size_t i = 0; i < in->n_duties; i++) {
        const struct duty_row *duty = &in->duties[i];
        if (duty->state == DUTY_DONE && duty->addressee >= LAW_TO_REGULATOR &&
            duty->addressee <= LAW_TO_THIRD_PARTY && is_last(in, duty))
            event_add(events, types[duty->addressee], duty->jurisdiction, duty->told_at);
    }
}

/* A hold that an agency asked for; what our own people hold delays nothing in law. */
static void holds_add(struct json_object *events, const struct legal_facts_in *in)
{
    for (size_t i = 0; i < in->n_holds; i++) {
        const struct hold_row *row = &in->holds[i].row;
        if (row->kind != HOLD_PERSON || row->number >= 0 || row->channel != NULL ||
            str_empty(in->holds[i].agency))
            continue;
        event_add(events, "hold_placed", row->jurisdiction, row->placed_at);
        if (row->state == HOLD_LIFTED)
            event_add(events, "hold_released", row->jurisdiction, row->lifted_at);
    }
}

struct json_object *legal_facts_make(const struct legal_facts_in *in)
{
    char text[TIME_TEXT_SIZE];
    struct json_object *json = json_object_new_object(), *events = json_object_new_array();
    json_object_object_add(json, "incident", incident_json(in->document));
    people_add(json, in->census);
    for (size_t i = 0; i < in->n_begun; i++)
        if (!str_empty(in->begun[i].jurisdiction))
            event_add(events, "letters_sent", in->begun[i].jurisdiction, in->begun[i].at);
    duties_add(events, in);
    holds_add(events, in);
    json_object_object_add(json, "events", events);
    json_object_object_add(json, "now", json_object_new_string(time_format(text, in->now)));
    return json;
}
