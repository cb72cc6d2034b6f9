/* recipient_contacts.c - a person's lists of addresses and the representative, read from parsed
 * JSON and written in the stored form. What few people have: the quick readers leave it to this.
 *
 * Happy path: each item is read by the rows of the table of members into a record of its own, so
 * that the rules of "email" hold for every email. Failure: RESULT_INVALID naming "emails[1].value"
 * and the rule, never the value. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/domain/recipient_members.h"

enum { SOURCE_MAX = 64 };

static const struct {
    const char *key, *value; /* of the list; of the table's row for one value */
} kinds[CONTACT_KINDS_N] = {
    [CONTACT_EMAIL] = {"emails", "email"},
    [CONTACT_PHONE] = {"phones", "phone"},
    [CONTACT_POSTAL] = {"addresses", NULL},
};

static const char *const relations[] = {"guardian",    "parent",   "estate",
                                        "next_of_kin", "attorney", "other"};

enum contact_kind contacts_kind(const char *key)
{
    for (unsigned kind = 0; kind < CONTACT_KINDS_N; kind++)
        if (strcmp(key, kinds[kind].key) == 0)
            return (enum contact_kind)kind;
    return CONTACT_KINDS_N;
}

const char *contacts_key(enum contact_kind kind)
{
    return kinds[kind].key;
}

/* ---- Reading. ---- */

struct taking {
    struct recipient parts; /* what the table's rows were set in */
    struct arena *arena;
    struct error *error;
    char where[48]; /* "emails[1]", "representative" */
};

static enum result refuse(const struct taking *t, const char *member, const char *text)
{
    char field[96];

    (void)snprintf(field, sizeof(field), "%s%s%s", t->where, member[0] ? "." : "", member);
    return error_set(t->error, RESULT_INVALID, field, "%s %s.", member[0] ? member : "The entry",
                     text);
}

/* The rule spoke of the row; the field says which of the entries it was. */
static enum result at_entry(const struct taking *t, const char *member, enum result result)
{
    if (result == RESULT_INVALID && t->error != NULL)
        (void)snprintf(t->error->field, sizeof(t->error->field), "%s.%s", t->where, member);
    return result;
}

static enum result take_row(struct taking *t, const struct member *m, const char *name,
                            struct json_object *value)
{
    struct slice text;

    if (value == NULL)
        return RESULT_OK;
    if (!json_object_is_type(value, json_type_string))
        return refuse(t, name, "must be a string: put it in quotes");
    text = (struct slice){json_object_get_string(value), (size_t)json_object_get_string_len(value)};
    if (text.length == 0)
        return RESULT_OK;
    return at_entry(t, name, member_set_text(&t->parts, m, t->arena, text, t->error));
}

static enum result take_word_of(struct taking *t, const char *name, struct json_object *value,
                                const char **ret_text)
{
    const char *text;

    if (value == NULL)
        return RESULT_OK;
    if (!json_object_is_type(value, json_type_string))
        return refuse(t, name, "must be a string: put it in quotes");
    text = json_object_get_string(value);
    if (text[0] == '\0')
        return RESULT_OK;
    if (strlen(text) > SOURCE_MAX || !text_is_line(text, strlen(text)))
        return refuse(t, name, "must be one line of up to 64 bytes: shorten it");
    *ret_text = arena_strdup(t->arena, text);
    return *ret_text == NULL ? recipient_too_large(t->error) : RESULT_OK;
}

static enum result take_mark(struct taking *t, struct contact *to, const char *key,
                             struct json_object *value)
{
    if (strcmp(key, "source") == 0)
        return take_word_of(t, key, value, &to->source);
    if (strcmp(key, "label") == 0)
        return take_word_of(t, key, value, &to->label);
    if (strcmp(key, "compromised") == 0) {
        if (value != NULL && !json_object_is_type(value, json_type_boolean))
            return refuse(t, key, "must be true or false");
        to->compromised = json_object_get_boolean(value);
        return RESULT_OK;
    }
    if (strcmp(key, "order") == 0 && (value == NULL || json_object_is_type(value, json_type_int)))
        return RESULT_OK;
    return refuse(t, "", "has a member that is not known: see openapi.yaml for the list");
}

static enum result take_entry(struct taking *t, enum contact_kind kind, struct json_object *json,
                              struct contact *to)
{
    const struct member *row = kinds[kind].value ? member_find("", kinds[kind].value) : NULL;

    if (row != NULL && json_object_is_type(json, json_type_string))
        return take_row(t, row, "value", json);
    if (!json_object_is_type(json, json_type_object))
        return refuse(t, "", "must be an object with the address and where it is from");
    json_object_object_foreach(json, key, value)
    {
        const struct member *m = row == NULL                 ? member_find("address", key)
                                 : strcmp(key, "value") == 0 ? row
                                                             : NULL;
        enum result result = m ? take_row(t, m, key, value) : take_mark(t, to, key, value);

        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result entry_end(const struct taking *t, enum contact_kind kind, struct contact *to)
{
    switch (kind) {
    case CONTACT_EMAIL:
        to->value = t->parts.email;
        break;
    case CONTACT_PHONE:
        to->value = t->parts.phone;
        break;
    case CONTACT_POSTAL:
        to->postal = t->parts.address;
        if (!postal_is_whole(&to->postal))
            return refuse(t, "", "needs line1, city and country: add what is missing");
        return RESULT_OK;
    case CONTACT_KINDS_N:
        break;
    }
    return to->value != NULL ? RESULT_OK : refuse(t, "value", "is missing: name the address");
}

static int64_t order_of(struct json_object *list, size_t i)
{
    struct json_object *item = json_object_array_get_idx(list, i);

    return json_object_is_type(item, json_type_object) ? json_get_int(item, "order", 0) : 0;
}

/* How many entries come before the i-th: those of a lower order, and earlier ones of the same. */
static unsigned place_of(struct json_object *list, size_t i)
{
    unsigned place = 0;

    for (size_t k = 0; k < json_object_array_length(list); k++)
        place += order_of(list, k) < order_of(list, i) ||
                 (k < i && order_of(list, k) == order_of(list, i));
    return place;
}

enum result contacts_read(struct contact_lists *lists, enum contact_kind kind,
                          struct json_object *json, struct arena *arena, struct error *error)
{
    struct taking t = {.arena = arena, .error = error};
    enum result result = RESULT_OK;
    size_t n;

    (void)str_copy(t.where, sizeof(t.where), kinds[kind].key);
    if (!json_object_is_type(json, json_type_array))
        return refuse(&t, "", "must be a list");
    n = json_object_array_length(json);
    if (n > CONTACTS_MAX)
        return refuse(&t, "", "is one too many: at most 8 addresses of a kind are taken");
    lists->list[kind] = arena_alloc(arena, (CONTACTS_MAX + 1) * sizeof(struct contact));
    if (lists->list[kind] == NULL)
        return recipient_too_large(error);
    for (size_t i = 0; i < n && result == RESULT_OK; i++) {
        struct contact *to = &lists->list[kind][place_of(json, i)];

        (void)snprintf(t.where, sizeof(t.where), "%s[%zu]", kinds[kind].key, i);
        memset(&t.parts, 0, sizeof(t.parts));
        result = take_entry(&t, kind, json_object_array_get_idx(json, i), to);
        if (result == RESULT_OK)
            result = entry_end(&t, kind, to);
    }
    lists->n[kind] = (unsigned)n;
    return result;
}

static enum result take_relation(struct taking *t, struct json_object *value,
                                 const char **ret_relation)
{
    for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++)
        if (str_equal(json_object_get_string(value), relations[i])) {
            *ret_relation = relations[i];
            return RESULT_OK;
        }
    return refuse(t, "relation",
                  "must be guardian, parent, estate, next_of_kin, attorney or other");
}

static enum result take_street(struct taking *t, struct json_object *json)
{
    if (json == NULL)
        return RESULT_OK;
    if (!json_object_is_type(json, json_type_object))
        return refuse(t, "address", "must be an object");
    json_object_object_foreach(json, key, value)
    {
        const struct member *m = member_find("address", key);
        char name[48];
        enum result result;

        (void)snprintf(name, sizeof(name), "address.%.32s", m == NULL ? "" : key);
        result = m == NULL ? refuse(t, "address", "has a member that is not known")
                           : take_row(t, m, name, value);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result take_representative(struct taking *t, struct json_object *json,
                                       const char **ret_relation)
{
    static const char *const rows[] = {"name", "email", "phone"};

    json_object_object_foreach(json, key, value)
    {
        enum result result = RESULT_DENIED; /* not found yet */

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            if (strcmp(key, rows[i]) == 0)
                result = take_row(t, member_find("", key), key, value);
        if (strcmp(key, "relation") == 0)
            result = take_relation(t, value, ret_relation);
        else if (strcmp(key, "address") == 0)
            result = take_street(t, value);
        if (result == RESULT_DENIED)
            result = refuse(t, "", "has a member that is not known: see openapi.yaml for the list");
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

enum result representative_read(struct recipient *recipient, struct json_object *json,
                                struct arena *arena, struct error *error)
{
    struct taking t = {.arena = arena, .error = error, .where = "representative"};
    struct representative *to = arena_new(arena, struct representative);
    enum result result;

    if (to == NULL)
        return recipient_too_large(error);
    if (!json_object_is_type(json, json_type_object))
        return refuse(&t, "", "must be an object");
    result = take_representative(&t, json, &to->relation);
    if (result != RESULT_OK)
        return result;
    if (t.parts.name == NULL)
        return refuse(&t, "name", "is missing: say who gets the notice");
    if (to->relation == NULL)
        return refuse(&t, "relation", "is missing: say guardian, parent, estate, attorney, ...");
    to->name = t.parts.name;
    to->email = t.parts.email;
    to->phone = t.parts.phone;
    to->address = t.parts.address;
    to->has_address = postal_is_whole(&to->address);
    recipient->representative = to;
    return RESULT_OK;
}

/* ---- Joining. ---- */

static bool text_same(const char *a, const char *b)
{
    return str_equal_nocase(str_or(a, ""), str_or(b, ""));
}

static bool contact_same(enum contact_kind kind, const struct contact *a, const struct contact *b)
{
    if (kind != CONTACT_POSTAL)
        return text_same(a->value, b->value);
    return text_same(a->postal.line1, b->postal.line1) &&
           text_same(a->postal.line2, b->postal.line2) &&
           text_same(a->postal.city, b->postal.city) &&
           text_same(a->postal.postal_code, b->postal.postal_code) &&
           text_same(a->postal.country, b->postal.country);
}

/* The single address of the record as a contact; false: there is none. */
static bool single(const struct recipient *r, enum contact_kind kind, struct contact *ret)
{
    *ret = (struct contact){0};
    if (kind == CONTACT_POSTAL) {
        ret->postal = r->address;
        return postal_is_whole(&r->address);
    }
    ret->value = kind == CONTACT_EMAIL ? r->email : r->phone;
    return ret->value != NULL;
}

static void drop(struct contact *list, unsigned *n, unsigned i)
{
    memmove(&list[i], &list[i + 1], (*n - i - 1) * sizeof(*list));
    (*n)--;
}

static void merge_doubles(enum contact_kind kind, struct contact *list, unsigned *n)
{
    for (unsigned i = 0; i < *n; i++) {
        for (unsigned k = i + 1; k < *n;) {
            if (!contact_same(kind, &list[i], &list[k])) {
                k++;
                continue;
            }
            list[i].compromised |= list[k].compromised;
            list[i].source = list[i].source ? list[i].source : list[k].source;
            list[i].label = list[i].label ? list[i].label : list[k].label;
            drop(list, n, k);
        }
    }
}

static bool is_plain(const struct contact *contact)
{
    return contact->source == NULL && contact->label == NULL && !contact->compromised;
}

static enum result join_kind(struct recipient *r, enum contact_kind kind,
                             struct contact_lists *lists, struct error *error)
{
    struct contact *list = lists->list[kind], first;
    unsigned n = lists->n[kind];

    if (single(r, kind, &first)) {
        memmove(&list[1], &list[0], n * sizeof(*list));
        list[0] = first;
        n++;
    }
    merge_doubles(kind, list, &n);
    if (n > CONTACTS_MAX)
        return error_set(error, RESULT_INVALID, kinds[kind].key,
                         "%s has one too many: at most 8 addresses of a kind are taken.",
                         kinds[kind].key);
    if (n == 0)
        return RESULT_OK;
    r->contacts[kind] = list;
    r->n_contacts[kind] = n;
    recipient_use(r, kind, 0);
    if (n == 1 && is_plain(&list[0])) {
        r->contacts[kind] = NULL;
        r->n_contacts[kind] = 0;
    }
    return RESULT_OK;
}

enum result contacts_join(struct recipient *recipient, struct contact_lists *lists,
                          struct error *error)
{
    enum result result = RESULT_OK;

    for (unsigned kind = 0; kind < CONTACT_KINDS_N && result == RESULT_OK; kind++)
        if (lists->list[kind] != NULL)
            result = join_kind(recipient, (enum contact_kind)kind, lists, error);
    recipient_derive(recipient); /* the first address may be one of a list */
    return result;
}

/* ---- Writing. ---- */

static void write_text(struct buf *to, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (to->data[to->length - 1] != '{')
        (void)buf_putc(to, ',');
    (void)buf_printf(to, "\"%s\":", name);
    (void)json_write_string(to, value, strlen(value));
}

/* Canonical: the names of a street with those of a mark in one order. */
static void write_entry(struct buf *to, enum contact_kind kind, const struct contact *c)
{
    const struct postal_address *a = &c->postal;

    (void)buf_putc(to, '{');
    write_text(to, "city", a->city);
    if (c->compromised)
        (void)buf_printf(to, "%s\"compromised\":true", to->data[to->length - 1] == '{' ? "" : ",");
    write_text(to, "country", a->country);
    write_text(to, "label", c->label);
    write_text(to, "line1", a->line1);
    write_text(to, "line2", a->line2);
    write_text(to, "postal_code", a->postal_code);
    write_text(to, "region", a->region);
    write_text(to, "source", c->source);
    if (kind != CONTACT_POSTAL)
        write_text(to, "value", c->value);
    (void)buf_putc(to, '}');
}

void contacts_write(struct buf *to, const struct recipient *recipient, enum contact_kind kind)
{
    (void)buf_putc(to, '[');
    for (unsigned i = 0; i < recipient->n_contacts[kind]; i++) {
        if (i > 0)
            (void)buf_putc(to, ',');
        write_entry(to, kind, &recipient->contacts[kind][i]);
    }
    (void)buf_putc(to, ']');
}

static bool address_said(const struct postal_address *a)
{
    return a->line1 != NULL || a->line2 != NULL || a->city != NULL || a->region != NULL ||
           a->postal_code != NULL || a->country != NULL;
}

void representative_write(struct buf *to, const struct representative *representative)
{
    (void)buf_putc(to, '{');
    if (address_said(&representative->address)) {
        const struct contact street = {.postal = representative->address};

        (void)buf_puts(to, "\"address\":");
        write_entry(to, CONTACT_POSTAL, &street);
    }
    write_text(to, "email", representative->email);
    write_text(to, "name", representative->name);
    write_text(to, "phone", representative->phone);
    write_text(to, "relation", representative->relation);
    (void)buf_putc(to, '}');
}
