/* recipient_columns.c - columns of CSV that JSON has as lists and objects: "email_2_source",
 * "address_compromised", "representative_address_city". The cells of a row become the JSON that an
 * upload would hold, and are read by the same rules. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"
#include "tocsin/sheet.h"

/* This module. */
#include "service/domain/recipient_members.h"

static const char *const prefixes[CONTACT_KINDS_N] = {"email", "phone", "address"};

/* "_2" to "_8"; the single address is the first. */
static const char *take_index(const char *at, unsigned *ret_index)
{
    *ret_index = 0;
    if (at[0] != '_' || at[1] < '2' || at[1] > '0' + CONTACTS_MAX ||
        (at[2] != '\0' && at[2] != '_'))
        return at;
    *ret_index = (unsigned)(at[1] - '1');
    return at + 2;
}

static bool is_mark(const char *name)
{
    return str_equal(name, "source") || str_equal(name, "label") || str_equal(name, "compromised");
}

static bool read_contact(struct contact_column *column, const char *rest)
{
    const char *name = take_index(rest, &column->index);

    if (*name == '\0') /* "email_2": a street has no value of its own */
        return column->index > 0 && column->kind != CONTACT_POSTAL &&
               str_copy(column->member, sizeof(column->member), "value");
    if (*name++ != '_' || !str_copy(column->member, sizeof(column->member), name))
        return false;
    return is_mark(name) || (column->index > 0 && column->kind == CONTACT_POSTAL &&
                             member_find("address", name) != NULL);
}

static bool read_representative(struct contact_column *column, const char *name)
{
    static const char *const names[] = {"name", "relation", "email", "phone"};

    column->kind = CONTACT_KINDS_N;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_equal(name, names[i]))
            return str_copy(column->member, sizeof(column->member), name);
    return str_starts(name, "address_") && member_find("address", name + 8) != NULL &&
           snprintf(column->member, sizeof(column->member), "address.%s", name + 8) > 0;
}

bool contact_column_read(struct contact_column *ret_column, const char *name)
{
    if (str_starts(name, "representative_"))
        return read_representative(ret_column, name + strlen("representative_"));
    for (unsigned kind = 0; kind < CONTACT_KINDS_N; kind++) {
        size_t n = strlen(prefixes[kind]);

        ret_column->kind = (enum contact_kind)kind;
        if (str_starts(name, prefixes[kind]) && read_contact(ret_column, name + n))
            return true;
    }
    return false;
}

static struct json_object *object_at(struct json_object **at)
{
    if (*at == NULL)
        *at = json_object_new_object();
    return *at;
}

static struct json_object *street_of(struct json_object *representative)
{
    struct json_object *street = json_get(representative, "address");

    if (street == NULL) {
        street = json_object_new_object();
        json_object_object_add(representative, "address", street);
    }
    return street;
}

static enum result add_truth(struct json_object *to, struct slice cell, struct error *error)
{
    static const char *const words[] = {"true", "yes", "1", "false", "no", "0"};

    for (size_t i = 0; i < 6; i++)
        if (str_equal_nocase(cell.data, words[i])) {
            json_object_object_add(to, "compromised", json_object_new_boolean(i < 3));
            return RESULT_OK;
        }
    return error_set(error, RESULT_INVALID, "compromised", "compromised must be true or false.");
}

enum result contact_cell_add(struct contact_cells *cells, const struct contact_column *column,
                             struct slice cell, struct error *error)
{
    const char *member = column->member;
    struct json_object *to;

    if (column->kind == CONTACT_KINDS_N) {
        to = object_at(&cells->representative);
        if (str_starts(member, "address.")) {
            to = street_of(to);
            member += strlen("address.");
        }
    } else {
        to = object_at(&cells->items[column->kind][column->index]);
        if (str_equal(member, "compromised"))
            return add_truth(to, cell, error);
    }
    json_object_object_add(to, member, json_object_new_string_len(cell.data, (int)cell.length));
    return RESULT_OK;
}

static void add_copy(struct json_object *to, const char *name, const char *value)
{
    if (value != NULL)
        json_object_object_add(to, name, json_object_new_string(value));
}

/* What is said of the single address belongs to it. */
static bool add_single(struct json_object *to, const struct recipient *r, enum contact_kind kind)
{
    const struct postal_address *a = &r->address;

    if (kind != CONTACT_POSTAL) {
        add_copy(to, "value", kind == CONTACT_EMAIL ? r->email : r->phone);
        return json_get(to, "value") != NULL;
    }
    add_copy(to, "line1", a->line1);
    add_copy(to, "line2", a->line2);
    add_copy(to, "city", a->city);
    add_copy(to, "region", a->region);
    add_copy(to, "postal_code", a->postal_code);
    add_copy(to, "country", a->country);
    return postal_is_whole(a);
}

/* An entry of nothing but marks says something of an address that this person does not have. */
static bool has_address(struct json_object *item, enum contact_kind kind)
{
    return json_get(item, kind == CONTACT_POSTAL ? "line1" : "value") != NULL;
}

/* The list an upload would hold. */
static struct json_object *list_of(struct contact_cells *cells, enum contact_kind kind,
                                   const struct recipient *recipient)
{
    struct json_object *list = json_object_new_array();
    struct json_object *first = cells->items[kind][0];

    if (first != NULL && add_single(first, recipient, kind))
        json_object_array_add(list, json_object_get(first));
    for (unsigned i = 1; i < CONTACTS_MAX; i++)
        if (cells->items[kind][i] != NULL && has_address(cells->items[kind][i], kind))
            json_object_array_add(list, json_object_get(cells->items[kind][i]));
    return list;
}

void contact_cells_free(struct contact_cells *cells)
{
    for (unsigned kind = 0; kind < CONTACT_KINDS_N; kind++)
        for (unsigned i = 0; i < CONTACTS_MAX; i++)
            json_object_put(cells->items[kind][i]);
    json_object_put(cells->representative);
    memset(cells, 0, sizeof(*cells));
}

enum result contact_cells_end(struct contact_cells *cells, struct recipient *recipient,
                              struct arena *arena, struct error *error)
{
    struct contact_lists lists = {{NULL}, {0}};
    enum result result = RESULT_OK;

    for (unsigned i = 0; i < CONTACT_KINDS_N && result == RESULT_OK; i++) {
        enum contact_kind kind = (enum contact_kind)i;
        struct json_object *list = list_of(cells, kind, recipient);

        if (json_object_array_length(list) > 0)
            result = contacts_read(&lists, kind, list, arena, error);
        json_object_put(list);
    }
    if (result == RESULT_OK && cells->representative != NULL)
        result = representative_read(recipient, cells->representative, arena, error);
    if (result == RESULT_OK)
        result = contacts_join(recipient, &lists, error);
    return result;
}

/* ---- Rows as they are. ---- */

/* Takes what the error names out of an entry; false: the entry itself must go. */
static bool take_out(struct json_object *item, const char *field)
{
    const char *dot = strrchr(field, '.');

    if (dot == NULL || (!str_equal(dot, ".source") && !str_equal(dot, ".label")))
        return false;
    json_object_object_del(item, dot + 1);
    return true;
}

/* The entry as contact_cells_end() would hand it on, alone in a list; NULL: it would not. */
static struct json_object *alone(struct json_object *item, enum contact_kind kind, unsigned i,
                                 const struct recipient *recipient)
{
    struct json_object *copy = NULL, *list;

    if (json_object_deep_copy(item, &copy, NULL) != 0)
        return NULL;
    if (i == 0 ? !add_single(copy, recipient, kind) : !has_address(copy, kind)) {
        json_object_put(copy);
        return NULL;
    }
    list = json_object_new_array();
    json_object_array_add(list, copy);
    return list;
}

/* "email_2.value" instead of "emails[0].value". */
static void note(struct row_notes *notes, enum contact_kind kind, unsigned i,
                 const struct error *error)
{
    const char *dot = strchr(error->field, '.');
    char field[64];

    (void)snprintf(field, sizeof(field), "%s_%u%.40s", prefixes[kind], i + 1,
                   dot == NULL ? "" : dot);
    row_notes_add(notes, false, field, error->text);
}

static enum result mend_entry(struct contact_cells *cells, enum contact_kind kind, unsigned i,
                              const struct recipient *recipient, struct arena *arena,
                              struct row_notes *notes)
{
    struct json_object **item = &cells->items[kind][i], *list;

    while (*item != NULL && (list = alone(*item, kind, i, recipient)) != NULL) {
        struct contact_lists lists = {{NULL}, {0}};
        struct error error;
        enum result result = contacts_read(&lists, kind, list, arena, &error);

        json_object_put(list);
        if (result != RESULT_INVALID)
            return result;
        note(notes, kind, i, &error);
        if (!take_out(*item, error.field)) {
            json_object_put(*item);
            *item = NULL;
        }
    }
    return RESULT_OK;
}

/* A representative without a name or relation refuses the row: else the notice would go to somebody
 * who may not get it. */
static enum result mend_representative(struct contact_cells *cells, struct arena *arena,
                                       struct row_notes *notes)
{
    struct recipient scratch;
    struct error error;

    while (cells->representative != NULL) {
        struct json_object *owner = cells->representative;
        enum result result;
        const char *key;

        memset(&scratch, 0, sizeof(scratch));
        result = representative_read(&scratch, owner, arena, &error);
        key = strrchr(error.field, '.');
        if (result != RESULT_INVALID || key == NULL || str_equal(key, ".name") ||
            str_equal(key, ".relation"))
            return RESULT_OK;
        if (str_starts(error.field, "representative.address."))
            owner = json_get(owner, "address");
        if (!json_object_object_get_ex(owner, key + 1, NULL))
            return RESULT_OK;
        row_notes_add(notes, false, error.field, error.text);
        json_object_object_del(owner, key + 1);
    }
    return RESULT_OK;
}

enum result contact_cells_mend(struct contact_cells *cells, const struct recipient *recipient,
                               struct arena *arena, struct row_notes *notes)
{
    enum result result = RESULT_OK;

    for (unsigned kind = 0; kind < CONTACT_KINDS_N && result == RESULT_OK; kind++)
        for (unsigned i = 0; i < CONTACTS_MAX && result == RESULT_OK; i++)
            result = mend_entry(cells, (enum contact_kind)kind, i, recipient, arena, notes);
    return result == RESULT_OK ? mend_representative(cells, arena, notes) : result;
}
