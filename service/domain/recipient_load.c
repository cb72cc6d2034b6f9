/* recipient_load.c - the stored form back into a record: the hot path of dispatch.
 *
 * The bytes are canonical JSON that recipient_write wrote and a seal kept whole, so this needs no
 * general parser: one copy into the arena, then strings are unescaped where they stand and the
 * record points at them. Anything unexpected is RESULT_INVALID; reads never pass the end, because
 * the copy ends in NUL and no step moves over it. */

/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/domain/recipient_members.h"
#include "service/domain/text_take.h"

struct loading {
    char *at;
    char *end;
    struct contact_lists lists;
    struct arena *arena;
    struct recipient *recipient;
};

/* NULL when there is none. */
static const char *load_string(struct loading *l)
{
    struct slice text;

    return take_string(&l->at, &text) ? text.data : NULL;
}

static bool load_words(struct loading *l, const struct member *m)
{
    if (!take(&l->at, '['))
        return false;
    do {
        const char *word = load_string(l);

        if (word == NULL || member_add_word(l->recipient, m, word, NULL) != RESULT_OK)
            return false;
    } while (take(&l->at, ','));
    return take(&l->at, ']');
}

static bool load_bool(struct loading *l, const struct member *m)
{
    bool value = take_word(&l->at, "true");

    if (!value && !take_word(&l->at, "false"))
        return false;
    member_set_bool(l->recipient, m, value);
    return true;
}

static bool load_time(struct loading *l, const struct member *m)
{
    const char *text = load_string(l);

    return text != NULL && time_parse(text, member_time_at(l->recipient, m));
}

static bool load_member(struct loading *l, const struct member *m)
{
    switch (m->kind) {
    case MEMBER_TEXT:
        *member_text_at(l->recipient, m) = load_string(l);
        return member_get_text(l->recipient, m) != NULL;
    case MEMBER_BOOL:
        return load_bool(l, m);
    case MEMBER_FLAG: /* stored among the flags */
    case MEMBER_IGNORED:
        return false;
    case MEMBER_TIME:
        return load_time(l, m);
    case MEMBER_DATA_TYPES:
    case MEMBER_FLAGS:
        return load_words(l, m);
    }
    return false;
}

static bool load_fields(struct loading *l)
{
    struct field_list list;

    list.n = 0;
    if (!take(&l->at, '{'))
        return false;
    do {
        if (list.n == RECIPIENT_FIELDS_MAX)
            return false;
        list.names[list.n] = load_string(l);
        if (list.names[list.n] == NULL || !take(&l->at, ':'))
            return false;
        list.values[list.n] = load_string(l);
        if (list.values[list.n] == NULL)
            return false;
        list.n++;
    } while (take(&l->at, ','));
    return take(&l->at, '}') && field_list_end(&list, l->arena, l->recipient, NULL) == RESULT_OK;
}

static bool load_group(struct loading *l, const char *group)
{
    if (!take(&l->at, '{'))
        return false;
    if (take(&l->at, '}'))
        return true;
    do {
        const char *key = load_string(l);
        const struct member *m = key == NULL ? NULL : member_find(group, key);

        if (m == NULL || !take(&l->at, ':') || !load_member(l, m))
            return false;
    } while (take(&l->at, ','));
    return take(&l->at, '}');
}

/* The bytes of an array or object, brackets and all; NULL: it does not end. */
static const char *skip_nested(struct loading *l)
{
    const char *begin = l->at;
    unsigned depth = 0;
    bool quoted = false;

    for (; l->at < l->end; l->at++) {
        char c = *l->at;

        if (quoted) {
            l->at += c == '\\' && l->at + 1 < l->end;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if ((c == ']' || c == '}') && --depth == 0) {
            l->at++;
            return begin;
        } else if (depth == 0) {
            return NULL;
        }
    }
    return NULL;
}

/* Lists of addresses and representatives are rare: the general parser reads them. */
static bool load_rare(struct loading *l, const char *key)
{
    const char *begin = skip_nested(l);
    enum contact_kind kind = contacts_kind(key);
    struct json_object *json;
    enum result result = RESULT_INVALID;

    if (begin == NULL || json_read(begin, (size_t)(l->at - begin), &json, NULL) != RESULT_OK)
        return false;
    if (kind != CONTACT_KINDS_N)
        result = contacts_read(&l->lists, kind, json, l->arena, NULL);
    else if (strcmp(key, "representative") == 0)
        result = representative_read(l->recipient, json, l->arena, NULL);
    json_object_put(json);
    return result == RESULT_OK;
}

static bool load_value(struct loading *l, const char *key)
{
    const struct member *m = member_find("", key);

    if (m != NULL)
        return load_member(l, m);
    if (strcmp(key, "address") == 0)
        return load_group(l, key);
    if (strcmp(key, "fields") == 0)
        return load_fields(l);
    if (strcmp(key, "consent") != 0)
        return load_rare(l, key);
    l->recipient->consent.known = true;
    return load_group(l, key);
}

static bool load_record(struct loading *l)
{
    if (!take(&l->at, '{'))
        return false;
    do {
        const char *key = load_string(l);

        if (key == NULL || !take(&l->at, ':') || !load_value(l, key))
            return false;
    } while (take(&l->at, ','));
    return take(&l->at, '}');
}

enum result recipient_load(const char *bytes, size_t length, struct arena *arena,
                           struct recipient *ret_recipient)
{
    struct recipient recipient;
    char *copy = arena_strndup(arena, bytes, length);
    struct loading l = {.at = copy,
                        .end = copy == NULL ? NULL : copy + length,
                        .arena = arena,
                        .recipient = &recipient};

    if (copy == NULL)
        return RESULT_TOO_LARGE;
    recipient_begin(&recipient);
    if (!load_record(&l) || l.at != l.end || recipient_end(&recipient, NULL) != RESULT_OK ||
        contacts_join(&recipient, &l.lists, NULL) != RESULT_OK)
        return RESULT_INVALID;
    *ret_recipient = recipient;
    return RESULT_OK;
}
