/* recipient_lenient.c - a person is kept though one of his fields is bad: the field is left out and
 * noted. Happy path: recipient_read_text() takes the row as it is. Else what it refuses is taken
 * out, member by member, until it reads. Failure: no recipient_id, a member that nobody knows, no
 * JSON. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

/* This module. */
#include "service/domain/recipient_members.h"

void recipient_mend(struct recipient *recipient, struct arena *arena, struct row_notes *notes)
{
    struct cell_fix fix;
    const char *copy;
    switch (sheet_postal_judge(recipient, &fix)) {
    case CELL_SOUND:
        return;
    case CELL_REPAIRED:
        copy = arena_strdup(arena, fix.text);
        recipient->address.postal_code = copy;
        row_notes_add(notes, true, "address.postal_code", fix.reason);
        return;
    case CELL_DAMAGED:
        recipient->address.postal_code = NULL;
        row_notes_add(notes, false, "address.postal_code", fix.reason);
        return;
    }
}

void recipient_note(const struct recipient *recipient, struct row_notes *notes)
{
    if (recipient->marketing_opt_out)
        row_notes_add(notes, false, "marketing_opt_out",
                      "A marketing unsubscribe stops no legal notice: it was not kept.");
}

/* Where a member may be taken out: its object and its key; NULL: it must stay. */
static struct json_object *owner_of(struct json_object *json, const char *field,
                                    const char **ret_key)
{
    const char *dot = strchr(field, '.');
    char group[32];
    if (dot == NULL) {
        bool known = member_find("", field) != NULL || str_equal(field, "address") ||
                     str_equal(field, "consent");
        *ret_key = field;
        return known && !str_equal(field, "recipient_id") ? json : NULL;
    }
    if ((size_t)(dot - field) >= sizeof(group))
        return NULL;
    memcpy(group, field, (size_t)(dot - field));
    group[dot - field] = '\0';
    *ret_key = dot + 1;
    if (!str_equal(group, "fields") && member_find(group, dot + 1) == NULL)
        return NULL;
    return json_get(json, group);
}

/* "emails[1].value": the entry goes, or its mark alone. "compromised" is taken as true. */
static bool take_out_entry(struct json_object *json, const char *field)
{
    const char *bracket = strchr(field, '['), *dot = strchr(field, '.');
    char key[16] = "";
    struct json_object *list, *item;
    if ((size_t)(bracket - field) >= sizeof(key))
        return false;
    memcpy(key, field, (size_t)(bracket - field));
    list = json_get(json, key);
    size_t i = (size_t)(bracket[1] - '0'); /* at most 8 */
    if (!json_object_is_type(list, json_type_array) || i >= json_object_array_length(list))
        return false;
    item = json_object_array_get_idx(list, i);
    if (str_equal(dot, ".compromised"))
        return json_object_object_add(item, "compromised", json_object_new_boolean(true)) == 0;
    if (str_equal(dot, ".source") || str_equal(dot, ".label")) {
        json_object_object_del(item, dot + 1);
        return true;
    }
    return dot != NULL && json_object_array_del_idx(list, i, 1) == 0;
}

/* The representative loses an address; without a name or relation the row is refused. */
static bool take_out_of_representative(struct json_object *json, const char *key)
{
    struct json_object *owner = json_get(json, "representative");
    if (str_starts(key, "address.")) {
        owner = json_get(owner, "address");
        key += strlen("address.");
    } else if (!str_equal(key, "email") && !str_equal(key, "phone")) {
        return false;
    }
    if (!json_object_object_get_ex(owner, key, NULL))
        return false;
    json_object_object_del(owner, key);
    return true;
}

/* Takes the bad member out, or puts what protects the person in its place. */
static bool take_out(struct json_object *json, const char *field)
{
    const char *key;
    if (strchr(field, '[') != NULL)
        return take_out_entry(json, field);
    if (str_starts(field, "representative."))
        return take_out_of_representative(json, field + strlen("representative."));
    struct json_object *owner = owner_of(json, field, &key);
    if (owner == NULL || !json_object_is_type(owner, json_type_object))
        return false;
    if (str_equal(field, "consent.electronic"))
        return json_object_object_add(owner, key, json_object_new_boolean(false)) == 0;
    if (str_equal(field, "legal_email_opt_out") && json_get(owner, key) != NULL &&
        !json_object_is_type(json_get(owner, key), json_type_boolean))
        return json_object_object_add(owner, key, json_object_new_boolean(true)) == 0;
    if (!json_object_object_get_ex(owner, key, NULL))
        return false;
    json_object_object_del(owner, key);
    return true;
}

static enum result read_without(struct json_object *json, struct arena *arena,
                                struct row_notes *notes, struct recipient *ret_recipient,
                                struct error *error)
{
    for (;;) {
        enum result result = recipient_read(json, arena, ret_recipient, error);
        if (result != RESULT_INVALID || notes->n == ROW_NOTES_MAX)
            return result;
        const struct error said = *error;
        if (!take_out(json, said.field))
            return result;
        row_notes_add(notes, false, said.field, said.text);
    }
}

enum result recipient_read_lenient(struct slice text, struct arena *arena, struct row_notes *notes,
                                   struct recipient *ret_recipient, struct error *error)
{
    struct json_object *json;
    enum result result = recipient_read_text(text.data, text.length, arena, ret_recipient, error);
    notes->n = 0;
    if (result == RESULT_INVALID && json_read(text.data, text.length, &json, NULL) == RESULT_OK) {
        result = read_without(json, arena, notes, ret_recipient, error);
        json_object_put(json);
    }
    if (result == RESULT_OK) {
        recipient_mend(ret_recipient, arena, notes);
        recipient_note(ret_recipient, notes);
    }
    return result;
}
