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

struct loading {
    char *at;
    struct arena *arena;
    struct recipient *recipient;
};

static bool take(struct loading *l, char c)
{
    if (*l->at != c)
        return false;
    l->at++;
    return true;
}

static bool take_word(struct loading *l, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(l->at, word, n) != 0)
        return false;
    l->at += n;
    return true;
}

/* Canonical JSON writes \u00xx only for C0 controls (RFC 8785 section 3.2.2.2). */
static int unescape_control(const char *hex)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        char c = hex[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value > 0 && value < 0x20 ? value : -1;
}

/* Writes the character behind a backslash at *to; false when it is no escape. */
static bool take_escape(struct loading *l, char *to)
{
    static const char from[] = "\"\\bfnrt", into[] = "\"\\\b\f\n\r\t";
    const char *found;
    int control;

    if (*l->at == 'u') {
        control = unescape_control(l->at + 1);
        if (control < 0)
            return false;
        *to = (char)control;
        l->at += 5;
        return true;
    }
    found = *l->at == '\0' ? NULL : strchr(from, *l->at);
    if (found == NULL)
        return false;
    *to = into[found - from];
    l->at++;
    return true;
}

/* A quoted string, ended by NUL in place; NULL when there is none. */
static const char *take_string(struct loading *l)
{
    char *start, *to;

    if (!take(l, '"'))
        return NULL;
    start = l->at;
    l->at += strcspn(l->at, "\"\\");
    for (to = l->at; *l->at != '"';) {
        if (*l->at == '\0')
            return NULL;
        if (*l->at != '\\') {
            *to++ = *l->at++;
            continue;
        }
        l->at++;
        if (!take_escape(l, to))
            return NULL;
        to++;
    }
    l->at++;
    *to = '\0';
    return start;
}

static bool load_words(struct loading *l, const struct member *m)
{
    if (!take(l, '['))
        return false;
    do {
        const char *word = take_string(l);

        if (word == NULL || member_add_word(l->recipient, m, word, NULL) != RESULT_OK)
            return false;
    } while (take(l, ','));
    return take(l, ']');
}

static bool load_bool(struct loading *l, const struct member *m)
{
    bool value = take_word(l, "true");

    if (!value && !take_word(l, "false"))
        return false;
    member_set_bool(l->recipient, m, value);
    return true;
}

static bool load_time(struct loading *l, const struct member *m)
{
    const char *text = take_string(l);

    return text != NULL && time_parse(text, member_time_at(l->recipient, m));
}

static bool load_member(struct loading *l, const struct member *m)
{
    switch (m->kind) {
    case MEMBER_TEXT:
        *member_text_at(l->recipient, m) = take_string(l);
        return member_get_text(l->recipient, m) != NULL;
    case MEMBER_BOOL:
        return load_bool(l, m);
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
    if (!take(l, '{'))
        return false;
    do {
        if (list.n == RECIPIENT_FIELDS_MAX)
            return false;
        list.names[list.n] = take_string(l);
        if (list.names[list.n] == NULL || !take(l, ':'))
            return false;
        list.values[list.n] = take_string(l);
        if (list.values[list.n] == NULL)
            return false;
        list.n++;
    } while (take(l, ','));
    return take(l, '}') && field_list_end(&list, l->arena, l->recipient, NULL) == RESULT_OK;
}

static bool load_group(struct loading *l, const char *group)
{
    if (!take(l, '{'))
        return false;
    if (take(l, '}'))
        return true;
    do {
        const char *key = take_string(l);
        const struct member *m = key == NULL ? NULL : member_find(group, key);

        if (m == NULL || !take(l, ':') || !load_member(l, m))
            return false;
    } while (take(l, ','));
    return take(l, '}');
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
    l->recipient->consent.known = strcmp(key, "consent") == 0;
    return l->recipient->consent.known && load_group(l, key);
}

static bool load_record(struct loading *l)
{
    if (!take(l, '{'))
        return false;
    do {
        const char *key = take_string(l);

        if (key == NULL || !take(l, ':') || !load_value(l, key))
            return false;
    } while (take(l, ','));
    return take(l, '}');
}

enum result recipient_load(const char *bytes, size_t length, struct arena *arena,
                           struct recipient *ret_recipient)
{
    struct recipient recipient;
    char *copy = arena_strndup(arena, bytes, length);
    struct loading l = {copy, arena, &recipient};

    if (copy == NULL)
        return RESULT_TOO_LARGE;
    recipient_begin(&recipient);
    if (!load_record(&l) || l.at != copy + length || recipient_end(&recipient, NULL) != RESULT_OK)
        return RESULT_INVALID;
    *ret_recipient = recipient;
    return RESULT_OK;
}
