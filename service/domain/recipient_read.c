/* recipient_read.c - one uploaded person from parsed JSON, checked member by member.
 * Happy path: walk the object, find each member in the table, set it. Unknown members, wrong types
 * and broken rules are RESULT_INVALID naming the member. null and "" count as absent. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/domain/recipient_members.h"

struct reading {
    struct recipient recipient;
    struct contact_lists lists;
    struct arena *arena;
    struct error *error;
};

static enum result refuse_unknown(struct reading *r, const char *group, const char *key)
{
    char field[96];

    /* The name of a member that we do not know may itself be personal data. */
    if (!field_name_check(key))
        return error_set(r->error, RESULT_INVALID, group,
                         "A member has a name that is not known: "
                         "take it out, or move it into fields.");
    (void)snprintf(field, sizeof(field), "%s%s%s", group, group[0] ? "." : "", key);
    return error_set(r->error, RESULT_INVALID, field,
                     "A recipient has no such member: take it out, or move it into fields.");
}

static struct slice text_of(struct json_object *value)
{
    return (struct slice){json_object_get_string(value), (size_t)json_object_get_string_len(value)};
}

static enum result read_words(struct reading *r, const struct member *m, struct json_object *list)
{
    size_t n;

    if (!json_object_is_type(list, json_type_array))
        return member_refuse(r->error, m, "must be a list of words");
    n = json_object_array_length(list);
    if (n > m->max)
        return member_refuse(r->error, m, "has too many words: name each once");
    for (size_t i = 0; i < n; i++) {
        struct json_object *word = json_object_array_get_idx(list, i);
        enum result result;

        if (!json_object_is_type(word, json_type_string))
            return member_refuse(r->error, m, "must be a list of words");
        result = member_add_word(&r->recipient, m, json_object_get_string(word), r->error);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result read_text(struct reading *r, const struct member *m, struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return member_refuse(r->error, m, "must be a string: put it in quotes");
    if (json_object_get_string_len(value) == 0)
        return RESULT_OK;
    return member_set_text(&r->recipient, m, r->arena, text_of(value), r->error);
}

/* A marketing unsubscribe, whatever its value looks like: noted, and kept nowhere. */
static void read_ignored(struct reading *r, const struct member *m, struct json_object *value)
{
    member_set_bool(&r->recipient, m, json_object_get_boolean(value));
}

static enum result read_member(struct reading *r, const struct member *m, struct json_object *value)
{
    if (value == NULL)
        return RESULT_OK;
    switch (m->kind) {
    case MEMBER_TEXT:
    case MEMBER_TIME:
        return read_text(r, m, value);
    case MEMBER_IGNORED:
        read_ignored(r, m, value);
        return RESULT_OK;
    case MEMBER_FLAG:
    case MEMBER_BOOL:
        if (!json_object_is_type(value, json_type_boolean))
            return member_refuse(r->error, m, "must be true or false");
        member_set_bool(&r->recipient, m, json_object_get_boolean(value));
        return RESULT_OK;
    case MEMBER_DATA_TYPES:
    case MEMBER_FLAGS:
        return read_words(r, m, value);
    }
    return RESULT_INVALID;
}

static enum result read_group(struct reading *r, const char *group, struct json_object *object)
{
    if (!json_object_is_type(object, json_type_object))
        return error_set(r->error, RESULT_INVALID, group, "%s must be an object.", group);
    json_object_object_foreach(object, key, value)
    {
        const struct member *m = member_find(group, key);
        enum result result = m == NULL ? refuse_unknown(r, group, key) : read_member(r, m, value);

        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result read_consent(struct reading *r, struct json_object *object)
{
    enum result result = read_group(r, "consent", object);

    if (result != RESULT_OK)
        return result;
    if (json_get(object, "electronic") == NULL)
        return error_set(r->error, RESULT_INVALID, "consent.electronic",
                         "electronic is missing: say true or false, or leave consent out.");
    r->recipient.consent.known = true;
    return RESULT_OK;
}

static enum result read_field(struct reading *r, struct field_list *list, const char *key,
                              struct json_object *value)
{
    const char *name;

    if (!field_name_check(key))
        return error_set(r->error, RESULT_INVALID, "fields",
                         "The name of a merge field must be letters, digits and _, up to 64, not "
                         "beginning with a digit: rename it.");
    if (value == NULL)
        return RESULT_OK;
    name = arena_strdup(r->arena, key);
    if (name == NULL)
        return recipient_too_large(r->error);
    if (!json_object_is_type(value, json_type_string)) {
        (void)error_set(r->error, RESULT_INVALID, "fields",
                        "The merge field %s must be a string: put its value in quotes.", name);
        if (r->error != NULL)
            (void)snprintf(r->error->field, sizeof(r->error->field), "fields.%s", name);
        return RESULT_INVALID;
    }
    return field_list_add(list, r->arena, name, text_of(value), r->error);
}

static enum result read_fields(struct reading *r, struct json_object *object)
{
    struct field_list list = {.n = 0};

    if (!json_object_is_type(object, json_type_object))
        return error_set(r->error, RESULT_INVALID, "fields", "fields must be an object.");
    json_object_object_foreach(object, key, value)
    {
        enum result result = read_field(r, &list, key, value);

        if (result != RESULT_OK)
            return result;
    }
    return field_list_end(&list, r->arena, &r->recipient, r->error);
}

static enum result read_rare(struct reading *r, const char *key, struct json_object *value)
{
    enum contact_kind kind = contacts_kind(key);

    if (kind != CONTACT_KINDS_N)
        return value == NULL ? RESULT_OK
                             : contacts_read(&r->lists, kind, value, r->arena, r->error);
    if (strcmp(key, "representative") == 0)
        return value == NULL ? RESULT_OK
                             : representative_read(&r->recipient, value, r->arena, r->error);
    return refuse_unknown(r, "", key);
}

static enum result read_top(struct reading *r, const char *key, struct json_object *value)
{
    const struct member *m = member_find("", key);

    if (m != NULL)
        return read_member(r, m, value);
    if (strcmp(key, "address") == 0)
        return value == NULL ? RESULT_OK : read_group(r, "address", value);
    if (strcmp(key, "consent") == 0)
        return value == NULL ? RESULT_OK : read_consent(r, value);
    if (strcmp(key, "fields") == 0)
        return value == NULL ? RESULT_OK : read_fields(r, value);
    return read_rare(r, key, value);
}

enum result recipient_read(struct json_object *json, struct arena *arena,
                           struct recipient *ret_recipient, struct error *error)
{
    struct reading r = {.arena = arena, .error = error};
    enum result result;

    if (!json_object_is_type(json, json_type_object))
        return error_set(error, RESULT_INVALID, "", "A recipient must be a JSON object.");
    recipient_begin(&r.recipient);
    json_object_object_foreach(json, key, value)
    {
        result = read_top(&r, key, value);
        if (result != RESULT_OK)
            return result;
    }
    result = recipient_end(&r.recipient, error);
    if (result == RESULT_OK)
        result = contacts_join(&r.recipient, &r.lists, error);
    if (result == RESULT_OK)
        *ret_recipient = r.recipient;
    return result;
}
