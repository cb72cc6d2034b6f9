/* result_json.c - the answer of POST /v1/law/evaluate. Pure. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static void put_text(struct json_object *to, const char *key, const char *text)
{
    json_object_object_add(to, key, str_empty(text) ? NULL : json_object_new_string(text));
}

static void put_time(struct json_object *to, const char *key, const struct law_time *time)
{
    char text[LAW_TIME_TEXT];
    put_text(to, key, law_time_write(text, time));
}

static void put_bool(struct json_object *to, const char *key, bool value)
{
    json_object_object_add(to, key, json_object_new_boolean(value));
}

static struct json_object *obligation_json(const struct law_obligation *o)
{
    static const char *const tos[] = {"people", "regulator", "cra", "media", "third_party"};
    struct json_object *json = json_object_new_object(), *order = json_object_new_array();
    put_text(json, "jurisdiction", o->jurisdiction);
    put_text(json, "code", o->code);
    put_text(json, "to", tos[o->to]);
    put_text(json, "name", o->name);
    put_bool(json, "required", o->required);
    put_bool(json, "guidance", o->guidance);
    put_bool(json, "held", o->held);
    put_bool(json, "done", o->done);
    put_bool(json, "late", o->late);
    put_bool(json, "out_of_order", o->out_of_order);
    json_object_object_add(json, "people", json_object_new_int64(o->people));
    put_time(json, "due", &o->due);
    put_time(json, "latest", &o->latest);
    put_text(json, "standard", o->standard);
    for (size_t i = 0; i < o->n_order; i++)
        json_object_array_add(order, json_object_new_string(o->order[i]));
    json_object_object_add(json, "order", order);
    put_text(json, "why", o->why);
    put_text(json, "condition", o->condition);
    put_text(json, "citation", o->citation);
    return json;
}

static struct json_object *channels_json(const struct law_result *result)
{
    static const char *const counts[] = {"barred", "supplement", "notice"};
    struct json_object *all = json_object_new_object();
    for (size_t i = 0; i < result->n_channels; i++) {
        const struct law_channel *channel = &result->channels[i];
        struct json_object *list = json_get(all, channel->jurisdiction);
        struct json_object *json = json_object_new_object();
        if (list == NULL) {
            list = json_object_new_array();
            json_object_object_add(all, channel->jurisdiction, list);
        }
        put_text(json, "channel", law_method_names[channel->method]);
        put_text(json, "counts_as", counts[channel->counts]);
        put_text(json, "for", channel->people);
        json_object_object_add(json, "people",
                               channel->n < 0 ? NULL : json_object_new_int64(channel->n));
        put_text(json, "why", channel->why);
        json_object_array_add(list, json);
    }
    return all;
}

static struct json_object *questions_json(const struct law_result *result)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < result->n_questions; i++) {
        struct json_object *json = json_object_new_object();
        put_text(json, "fact", result->questions[i].fact);
        put_text(json, "question", result->questions[i].text);
        put_text(json, "matters_for", result->questions[i].jurisdictions);
        json_object_array_add(list, json);
    }
    return list;
}

/* Jurisdictions whose people wait for a duty that comes first. */
static struct json_object *waiting_json(const struct law_result *result)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < result->n_obligations; i++) {
        const struct law_obligation *o = &result->obligations[i];
        if (!o->blocks_people)
            continue;
        struct json_object *json = json_object_new_object();
        put_text(json, "jurisdiction", o->jurisdiction);
        put_text(json, "waits_for", o->name);
        json_object_array_add(list, json);
    }
    return list;
}

struct json_object *law_result_json(const struct law_rules *rules, const struct law_result *result)
{
    char digest[DIGEST_TEXT_SIZE];
    struct json_object *json = json_object_new_object(), *list = json_object_new_array();
    struct json_object *unknown = json_object_new_array();
    hex_encode(digest, law_rules_digest(rules), DIGEST_SIZE);
    put_text(json, "rules_version", law_rules_version(rules));
    put_text(json, "rules_digest", digest);
    put_text(json, "notice", json_get_string(rules->set, "notice"));
    for (size_t i = 0; i < result->n_obligations; i++)
        json_object_array_add(list, obligation_json(&result->obligations[i]));
    json_object_object_add(json, "obligations", list);
    json_object_object_add(json, "waiting", waiting_json(result));
    json_object_object_add(json, "channels", channels_json(result));
    json_object_object_add(json, "substitute", json_object_get(result->substitute));
    json_object_object_add(json, "content", json_object_get(result->content));
    json_object_object_add(json, "records", json_object_get(result->records));
    json_object_object_add(json, "served", json_object_get(result->served));
    json_object_object_add(json, "questions", questions_json(result));
    for (size_t i = 0; i < result->n_no_record; i++)
        json_object_array_add(unknown, json_object_new_string(result->no_record[i]));
    json_object_object_add(json, "no_record", unknown);
    return json;
}
