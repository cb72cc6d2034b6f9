/* wave_json.c - see the header. A correction says whose text was wrong and what was wrong in it; a
 * wave that takes people in takes all of them, or those of some parts. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/store.h"

/* This module. */
#include "service/delivery/brake/brakes.h"
#include "service/api/json_check.h"
#include "service/api/wave_json.h"

static const char *const kinds[] = {"first",         "update",  "correction",
                                    "late_addition", "re_mail", NULL};
static const struct member_rule wave_members[] = {
    {"kind", MEMBER_WORD, 0, true, kinds},
    {"audience", MEMBER_OBJECT, 0, false, NULL},
    {"notice_version", MEMBER_INT, INT32_MAX, false, NULL},
    {"facts", MEMBER_OBJECT, 0, false, NULL},
    {"channels", MEMBER_ARRAY, 16, false, NULL},
    {"schedule", MEMBER_OBJECT, 0, false, NULL},
    {"caps", MEMBER_OBJECT, 0, false, NULL},
};
static const struct member_rule audience_members[] = {
    {"told_with_notice", MEMBER_ARRAY, 32, false, NULL},
    {"evidence", MEMBER_ARRAY, MEMBER_STATES_N, false, NULL},
    {"jurisdictions", MEMBER_ARRAY, 200, false, NULL},
    {"locales", MEMBER_ARRAY, 64, false, NULL},
    {"channels", MEMBER_ARRAY, 16, false, NULL},
    {"parts", MEMBER_ARRAY, 256, false, NULL},
    {"recipients", MEMBER_ARRAY, 1000, false, NULL},
    {"waves", MEMBER_ARRAY, 64, false, NULL},
    {"not_told", MEMBER_BOOL, 0, false, NULL},
};
static const struct member_rule schedule_members[] = {{"not_before", MEMBER_TIME, 0, false, NULL}};

enum { WORD_MAX = 200 };

static void check_list(struct json_object *audience, const char *name, enum json_type type,
                       struct findings *findings)
{
    struct json_object *array = json_get(audience, name);
    const char *pointer;
    if (array == NULL || !json_object_is_type(array, json_type_array))
        return;
    char path[64] = "/audience/";
    strncat(path, name, sizeof(path) - strlen(path) - 1);
    if (json_object_array_length(array) == 0)
        findings_add(findings, path, NULL, "It is empty; name somebody, or leave it out.");
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *item = json_object_array_get_idx(array, i);
        pointer = findings_index(findings, path, i);
        if (!json_object_is_type(item, type))
            findings_add(findings, pointer, NULL,
                         type == json_type_int ? "It must be a whole number; correct it."
                                               : "It must be a string; correct it.");
        else if (type == json_type_int && json_object_get_int64(item) < 1)
            findings_add(findings, pointer, NULL, "It must be 1 or more; correct it.");
        else if (type == json_type_string && json_object_get_string_len(item) > WORD_MAX)
            findings_add(findings, pointer, NULL, "It is too long; correct it.");
    }
}

static bool state_known(const char *name)
{
    for (unsigned state = MEMBER_UNCERTAIN; state < MEMBER_STATES_N; state++)
        if (state != MEMBER_CANCELED && str_equal(member_state_name(state), name))
            return true;
    return false;
}

static void check_evidence(struct json_object *audience, struct findings *findings)
{
    struct json_object *array = json_get(audience, "evidence");
    if (array == NULL || !json_object_is_type(array, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *item = json_object_array_get_idx(array, i);
        if (json_object_is_type(item, json_type_string) &&
            !state_known(json_object_get_string(item)))
            findings_add(findings, findings_index(findings, "/audience/evidence", i), NULL,
                         "It is no evidence; say accepted, delivered, displayed, acknowledged, "
                         "failed, bounced, returned, uncertain or asked.");
    }
}

static void check_audience(struct json_object *audience, struct findings *findings)
{
    static const struct {
        const char *name;
        enum json_type type;
    } lists[] = {{"told_with_notice", json_type_int}, {"evidence", json_type_string},
                 {"jurisdictions", json_type_string}, {"locales", json_type_string},
                 {"channels", json_type_string},      {"parts", json_type_int},
                 {"recipients", json_type_string},    {"waves", json_type_int}};
    json_check(audience, "/audience", MEMBER_RULES(audience_members), findings);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        check_list(audience, lists[i].name, lists[i].type, findings);
    check_evidence(audience, findings);
}

/* Does the wave's own text say this, in one language or in each? */
static bool says(struct json_object *facts, const char *name)
{
    struct json_object *fallback = json_get(facts, "default");
    return json_get(facts, name) != NULL ||
           (fallback != NULL && json_object_is_type(fallback, json_type_object) &&
            json_get(fallback, name) != NULL);
}

static void check_kind(struct json_object *json, struct findings *findings)
{
    const char *kind = json_get_string(json, "kind");
    struct json_object *audience = json_get(json, "audience");
    if (str_equal(kind, "correction") && json_get(audience, "told_with_notice") == NULL)
        findings_add(findings, "/audience", "told_with_notice",
                     "A correction goes to those who got the wrong text; name its notice version.");
    if (str_equal(kind, "correction") && !says(json_get(json, "facts"), "what_was_wrong"))
        findings_add(findings, "/facts", "what_was_wrong",
                     "A correction says what was wrong; write it.");
    if (str_equal(kind, "update") && !says(json_get(json, "facts"), "what_is_new"))
        findings_add(findings, "/facts", "what_is_new", "An update says what is new; write it.");
    if (audience == NULL || !json_object_is_type(audience, json_type_object) ||
        !wave_kind_takes(wave_kind_find(str_or(kind, ""))))
        return;
    json_object_object_foreach(audience, name, value)
    {
        (void)value;
        if (!str_equal(name, "parts"))
            findings_add(findings, "/audience", name,
                         "This wave takes people in, all of them; hold a jurisdiction or a person "
                         "instead.");
    }
}

static struct json_object *part(struct json_object *json, const char *name, enum json_type type)
{
    struct json_object *value = json_get(json, name);
    return value && json_object_is_type(value, type) ? value : NULL;
}

/* A wave's own brakes, in the place of the incident's. */
static void check_caps(struct json_object *json, struct findings *findings)
{
    struct brakes brakes, defaults;
    struct error error;
    brakes_default(&defaults);
    if (brakes_read(&brakes, json, &defaults, &error) != RESULT_OK)
        findings_add(findings, "", "caps", "%s: %s", error.field, error.text);
}

bool wave_json_check(struct json_object *json, const struct incident_rules *rules,
                     struct findings *findings)
{
    size_t before = findings->total;
    struct json_object *it;
    json_check(json, "", MEMBER_RULES(wave_members), findings);
    if ((it = part(json, "audience", json_type_object)))
        check_audience(it, findings);
    if ((it = part(json, "schedule", json_type_object)))
        json_check(it, "/schedule", MEMBER_RULES(schedule_members), findings);
    if ((it = part(json, "facts", json_type_object)))
        incident_facts_check(it, findings);
    if ((it = part(json, "channels", json_type_array)))
        incident_channels_check(it, rules, findings);
    if ((it = part(json, "caps", json_type_object)))
        check_caps(it, findings);
    check_kind(json, findings);
    return findings->total == before;
}

struct json_object *wave_json_spec(struct json_object *json)
{
    static const char *const names[] = {"audience", "channels", "facts"};
    struct json_object *spec = json_object_new_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (json_get(json, names[i]) != NULL)
            json_object_object_add(spec, names[i], json_object_get(json_get(json, names[i])));
    if (json_object_object_length(spec) > 0)
        return spec;
    json_object_put(spec);
    return NULL;
}
