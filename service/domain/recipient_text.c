/* recipient_text.c - one uploaded person straight from the bytes of a line: the hot path of intake.
 *
 * Happy path: the line is copied into the arena once, strings are unescaped where they stand, and
 * the record points at them; each passes the same checks as in recipient_read(). This reader only
 * ever says yes: whatever it does not take - a syntax error, a name twice, a broken rule, and what
 * is merely rare - goes through json_read() and recipient_read(), which refuse it with their
 * sentence or take it after all. So it needs to be right about what it accepts, and about nothing
 * else. */

/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/domain/recipient_members.h"
#include "service/domain/text_take.h"

/* Bits of `seen` behind those of the table's rows: the groups. */
enum { SEEN_ADDRESS = 61, SEEN_CONSENT, SEEN_FIELDS };

struct reading {
    char *at;
    struct arena *arena;
    struct recipient *recipient;
    struct field_list *fields; /* while "fields" is read */
    uint64_t seen;             /* a name that comes twice is refused */
};

/* What is behind the colon of the member `key` of `group`. */
typedef bool read_value_fn(struct reading *r, const char *group, const char *key);

static bool see(struct reading *r, unsigned bit)
{
    uint64_t mask = UINT64_C(1) << bit;
    bool first = (r->seen & mask) == 0;

    r->seen |= mask;
    return first;
}

/* Behind a value: a comma, or what closes; false when neither stands there. */
static bool take_next(struct reading *r, char close, bool *ret_more)
{
    take_blanks(&r->at);
    *ret_more = take(&r->at, ',');
    if (!*ret_more)
        return take(&r->at, close);
    take_blanks(&r->at);
    return true;
}

static bool take_key(struct reading *r, struct slice *ret_key)
{
    if (!take_string(&r->at, ret_key))
        return false;
    take_blanks(&r->at);
    if (!take(&r->at, ':'))
        return false;
    take_blanks(&r->at);
    return true;
}

static bool read_object(struct reading *r, const char *group, read_value_fn *value)
{
    bool more = true;

    if (!take(&r->at, '{'))
        return false;
    take_blanks(&r->at);
    if (take(&r->at, '}'))
        return true;
    while (more) {
        struct slice key;

        if (!take_key(r, &key) || !value(r, group, key.data) || !take_next(r, '}', &more))
            return false;
    }
    return true;
}

static bool read_words(struct reading *r, const struct member *m)
{
    bool more = true;

    if (!take(&r->at, '['))
        return false;
    take_blanks(&r->at);
    if (take(&r->at, ']'))
        return true;
    for (size_t n = 0; more; n++) {
        struct slice word;

        if (n == m->max || !take_string(&r->at, &word) ||
            member_add_word(r->recipient, m, word.data, NULL) != RESULT_OK ||
            !take_next(r, ']', &more))
            return false;
    }
    return true;
}

static bool read_bool(struct reading *r, const struct member *m)
{
    bool value = take_word(&r->at, "true");

    if (!value && !take_word(&r->at, "false"))
        return false;
    member_set_bool(r->recipient, m, value);
    return true;
}

static bool read_string(struct reading *r, const struct member *m)
{
    struct slice text;

    if (!take_string(&r->at, &text))
        return false;
    return text.length == 0 || member_keep_text(r->recipient, m, text, NULL) == RESULT_OK;
}

static bool read_value(struct reading *r, const struct member *m)
{
    if (!see(r, (unsigned)(m - recipient_members)))
        return false;
    if (take_word(&r->at, "null"))
        return true;
    switch (m->kind) {
    case MEMBER_TEXT:
    case MEMBER_TIME:
        return read_string(r, m);
    case MEMBER_FLAG:
    case MEMBER_BOOL:
        return read_bool(r, m);
    case MEMBER_IGNORED:
        return false; /* rare: the slow way notes it */
    case MEMBER_DATA_TYPES:
    case MEMBER_FLAGS:
        return read_words(r, m);
    }
    return false;
}

static bool read_member(struct reading *r, const char *group, const char *key)
{
    const struct member *m = member_find(group, key);

    return m != NULL && read_value(r, m);
}

static bool has_field(const struct field_list *list, const char *name)
{
    for (unsigned i = 0; i < list->n; i++)
        if (strcmp(list->names[i], name) == 0)
            return true;
    return false;
}

/* A null, whose name would have no place in the list, is left to the slow way. */
static bool read_field(struct reading *r, const char *group, const char *key)
{
    struct slice value;

    (void)group;
    return field_name_check(key) && !has_field(r->fields, key) && take_string(&r->at, &value) &&
           field_list_keep(r->fields, key, value, NULL) == RESULT_OK;
}

static bool read_fields(struct reading *r)
{
    struct field_list fields;
    bool ok;

    fields.n = 0;
    r->fields = &fields;
    ok = read_object(r, "fields", read_field) &&
         field_list_end(&fields, r->arena, r->recipient, NULL) == RESULT_OK;
    r->fields = NULL;
    return ok;
}

/* "electronic" must be said, and not by null: nulls are left to the slow way. */
static bool read_consent_member(struct reading *r, const char *group, const char *key)
{
    const struct member *m = member_find(group, key);

    if (m == NULL || *r->at == 'n' || !read_value(r, m))
        return false;
    r->recipient->consent.known |= m->kind == MEMBER_BOOL;
    return true;
}

static bool read_consent(struct reading *r)
{
    return read_object(r, "consent", read_consent_member) && r->recipient->consent.known;
}

static bool read_top(struct reading *r, const char *group, const char *key)
{
    const struct member *m = member_find(group, key);

    if (m != NULL)
        return read_value(r, m);
    if (strcmp(key, "address") == 0)
        return see(r, SEEN_ADDRESS) &&
               (take_word(&r->at, "null") || read_object(r, "address", read_member));
    if (strcmp(key, "consent") == 0)
        return see(r, SEEN_CONSENT) && (take_word(&r->at, "null") || read_consent(r));
    if (strcmp(key, "fields") == 0)
        return see(r, SEEN_FIELDS) && (take_word(&r->at, "null") || read_fields(r));
    return false;
}

static bool read_quickly(const char *text, size_t length, struct arena *arena,
                         struct recipient *ret_recipient)
{
    char *copy = arena_strndup(arena, text, length);
    struct reading r = {.at = copy, .arena = arena, .recipient = ret_recipient};

    if (copy == NULL)
        return false;
    recipient_begin(ret_recipient);
    take_blanks(&r.at);
    if (!read_object(&r, "", read_top))
        return false;
    take_blanks(&r.at);
    return r.at == copy + length && recipient_end(ret_recipient, NULL) == RESULT_OK;
}

enum result recipient_read_text(const char *text, size_t length, struct arena *arena,
                                struct recipient *ret_recipient, struct error *error)
{
    struct recipient recipient;
    struct json_object *json;
    enum result result;

    if (read_quickly(text, length, arena, &recipient)) {
        *ret_recipient = recipient;
        return RESULT_OK;
    }
    result = json_read(text, length, &json, error);
    if (result != RESULT_OK)
        return result;
    result = recipient_read(json, arena, ret_recipient, error);
    json_object_put(json);
    return result;
}
