/* recipient_write.c - the stored form of a person: canonical JSON (RFC 8785) under the upload's
 * names. Walks the table of members, which is in canonical order. False when the buffer is full. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/domain/recipient_members.h"

struct writing {
    struct buf *to;
    const struct recipient *recipient;
    bool comma;
};

/* `key` with its quotes and colon. */
static void write_key(struct writing *w, struct slice key)
{
    if (w->comma)
        (void)buf_putc(w->to, ',');
    (void)buf_add(w->to, key.data, key.length);
    w->comma = true;
}

static void write_string(struct writing *w, const char *text)
{
    (void)json_write_string(w->to, text, strlen(text));
}

static void write_words(struct writing *w, const struct member *m)
{
    bool types = m->kind == MEMBER_DATA_TYPES;
    uint64_t bits = types ? w->recipient->data_types : w->recipient->flags;

    if (bits == 0)
        return;
    write_key(w, m->key);
    (void)buf_putc(w->to, '[');
    for (unsigned bit = 0; bit < 64 && bits >> bit != 0; bit++) {
        const char *word;

        if ((bits >> bit & 1) == 0)
            continue;
        word = types ? data_type_name((enum data_type)bit) : flag_name(bit);
        require(word != NULL);
        write_string(w, word);
        if (bits >> bit > 1)
            (void)buf_putc(w->to, ',');
    }
    (void)buf_putc(w->to, ']');
}

static void write_time(struct writing *w, const struct member *m)
{
    time_ms at = member_get_time(w->recipient, m);
    char text[TIME_TEXT_SIZE];

    if (at == TIME_NONE)
        return;
    write_key(w, m->key);
    write_string(w, time_format(text, at));
}

/* "Absent" is false for a bool, but for consent, where false was said. */
static void write_bool(struct writing *w, const struct member *m)
{
    bool value = member_get_bool(w->recipient, m);

    if (!value && m->group[0] == '\0')
        return;
    write_key(w, m->key);
    (void)buf_puts(w->to, value ? "true" : "false");
}

/* Where a person has several, the list says all of them. */
static bool in_a_list(const struct recipient *recipient, const struct member *m)
{
    if (m->offset == offsetof(struct recipient, email))
        return recipient->n_contacts[CONTACT_EMAIL] > 0;
    return m->offset == offsetof(struct recipient, phone) &&
           recipient->n_contacts[CONTACT_PHONE] > 0;
}

/* What is derived is derived again when it is read. */
static bool is_derived(const struct recipient *recipient, const struct member *m)
{
    return recipient->jurisdiction_derived && m->offset == offsetof(struct recipient, jurisdiction);
}

static void write_list(struct writing *w, enum contact_kind kind)
{
    const char *key = contacts_key(kind);

    if (w->recipient->n_contacts[kind] == 0)
        return;
    if (w->comma)
        (void)buf_putc(w->to, ',');
    w->comma = true;
    (void)buf_printf(w->to, "\"%s\":", key);
    contacts_write(w->to, w->recipient, kind);
}

static void write_member(struct writing *w, const struct member *m)
{
    const char *text;

    switch (m->kind) {
    case MEMBER_TEXT:
        text = member_get_text(w->recipient, m);
        if (text == NULL || in_a_list(w->recipient, m) || is_derived(w->recipient, m))
            break;
        write_key(w, m->key);
        write_string(w, text);
        break;
    case MEMBER_BOOL:
        write_bool(w, m);
        break;
    case MEMBER_TIME:
        write_time(w, m);
        break;
    case MEMBER_DATA_TYPES:
    case MEMBER_FLAGS:
        write_words(w, m);
        break;
    case MEMBER_FLAG: /* among the flags */
    case MEMBER_IGNORED:
        break;
    }
}

/* The smallest name greater than `after`: names are few, and may have come in any order. */
static int field_next(const struct recipient *recipient, const char *after)
{
    int best = -1;

    for (unsigned i = 0; i < recipient->n_fields; i++) {
        const char *name = recipient->field_names[i];

        if (after != NULL && strcmp(name, after) <= 0)
            continue;
        if (best < 0 || strcmp(name, recipient->field_names[best]) < 0)
            best = (int)i;
    }
    return best;
}

static void write_fields(struct writing *w)
{
    const char *after = NULL;

    if (w->recipient->n_fields == 0)
        return;
    write_key(w, slice_of("\"fields\":"));
    (void)buf_putc(w->to, '{');
    for (int i = field_next(w->recipient, after); i >= 0; i = field_next(w->recipient, after)) {
        if (after != NULL)
            (void)buf_putc(w->to, ',');
        after = w->recipient->field_names[i];
        write_string(w, after);
        (void)buf_putc(w->to, ':');
        write_string(w, w->recipient->field_values[i]);
    }
    (void)buf_putc(w->to, '}');
}

static bool address_empty(const struct postal_address *a)
{
    return a->line1 == NULL && a->line2 == NULL && a->city == NULL && a->region == NULL &&
           a->postal_code == NULL && a->country == NULL;
}

/* Rows of one group stand together in the table. */
static const struct member *group_end(const struct member *m)
{
    const char *group = m->group;

    while (m->name != NULL && strcmp(m->group, group) == 0)
        m++;
    return m;
}

/* The rows up to `end`, as an object of their own. */
static void write_group(struct writing *w, const struct member *m, const struct member *end)
{
    write_key(w, slice_of(m->group[0] == 'a' ? "\"address\":" : "\"consent\":"));
    (void)buf_putc(w->to, '{');
    w->comma = false;
    for (; m < end; m++)
        write_member(w, m);
    (void)buf_putc(w->to, '}');
    w->comma = true;
}

static bool group_absent(const struct recipient *recipient, const char *group)
{
    if (group[0] == 'a')
        return recipient->n_contacts[CONTACT_POSTAL] > 0 || address_empty(&recipient->address);
    return !recipient->consent.known;
}

/* What stands behind a row of the table, and in none. */
static void write_behind(struct writing *w, const struct member *m)
{
    if (m->offset == offsetof(struct recipient, email)) {
        write_list(w, CONTACT_EMAIL);
        write_fields(w); /* "fields" stands between "emails" and "flags" */
    } else if (m->offset == offsetof(struct recipient, phone)) {
        write_list(w, CONTACT_PHONE);
    } else if (m->offset == offsetof(struct recipient, recipient_id) &&
               w->recipient->representative != NULL) {
        write_key(w, slice_of("\"representative\":"));
        representative_write(w->to, w->recipient->representative);
    }
}

bool recipient_write(struct buf *to, const struct recipient *recipient)
{
    struct writing w = {.to = to, .recipient = recipient};

    (void)buf_putc(to, '{');
    for (const struct member *m = recipient_members; m->name != NULL;) {
        const struct member *end;

        if (m->group[0] == '\0') {
            write_member(&w, m);
            write_behind(&w, m);
            m++;
            continue;
        }
        end = group_end(m);
        if (!group_absent(recipient, m->group))
            write_group(&w, m, end);
        if (m->group[0] == 'a')
            write_list(&w, CONTACT_POSTAL);
        m = end;
    }
    (void)buf_putc(to, '}');
    return !to->failed;
}
