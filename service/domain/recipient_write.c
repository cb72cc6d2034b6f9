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
    const char *group; /* the object that is open: "" = the record itself */
    bool comma;
};

static void write_key(struct writing *w, const char *key)
{
    if (w->comma)
        (void)buf_putc(w->to, ',');
    (void)json_write_string(w->to, key, strlen(key));
    (void)buf_putc(w->to, ':');
    w->comma = true;
}

static void write_text(struct writing *w, const char *key, const char *text)
{
    write_key(w, key);
    (void)json_write_string(w->to, text, strlen(text));
}

static void write_words(struct writing *w, const struct member *m)
{
    bool types = m->kind == MEMBER_DATA_TYPES;
    uint64_t bits = types ? w->recipient->data_types : w->recipient->flags;

    if (bits == 0)
        return;
    write_key(w, m->name);
    (void)buf_putc(w->to, '[');
    for (unsigned bit = 0; bit < 64 && bits >> bit != 0; bit++) {
        const char *word;

        if ((bits >> bit & 1) == 0)
            continue;
        word = types ? data_type_name((enum data_type)bit) : flag_name(bit);
        require(word != NULL);
        (void)json_write_string(w->to, word, strlen(word));
        if (bits >> bit > 1)
            (void)buf_putc(w->to, ',');
    }
    (void)buf_putc(w->to, ']');
}

static void write_time(struct writing *w, const struct member *m)
{
    time_ms at = member_get_time(w->recipient, m);
    char text[TIME_TEXT_SIZE];

    if (at != TIME_NONE)
        write_text(w, m->name, time_format(text, at));
}

/* "Absent" is false for a bool, but for consent, where false was said. */
static void write_bool(struct writing *w, const struct member *m)
{
    bool value = member_get_bool(w->recipient, m);

    if (!value && m->group[0] == '\0')
        return;
    write_key(w, m->name);
    (void)buf_puts(w->to, value ? "true" : "false");
}

static void write_member(struct writing *w, const struct member *m)
{
    const char *text;

    switch (m->kind) {
    case MEMBER_TEXT:
        text = member_get_text(w->recipient, m);
        if (text != NULL)
            write_text(w, m->name, text);
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
    write_key(w, "fields");
    (void)buf_putc(w->to, '{');
    w->comma = false;
    for (int i = field_next(w->recipient, after); i >= 0; i = field_next(w->recipient, after)) {
        after = w->recipient->field_names[i];
        write_text(w, after, w->recipient->field_values[i]);
    }
    (void)buf_putc(w->to, '}');
    w->comma = true;
}

static bool address_empty(const struct postal_address *a)
{
    return a->line1 == NULL && a->line2 == NULL && a->city == NULL && a->region == NULL &&
           a->postal_code == NULL && a->country == NULL;
}

static bool group_absent(const struct recipient *recipient, const char *group)
{
    if (strcmp(group, "address") == 0)
        return address_empty(&recipient->address);
    return strcmp(group, "consent") == 0 && !recipient->consent.known;
}

static void enter_group(struct writing *w, const char *group)
{
    if (strcmp(w->group, group) == 0)
        return;
    if (w->group[0] != '\0') {
        (void)buf_putc(w->to, '}');
        w->comma = true;
    }
    if (group[0] != '\0') {
        write_key(w, group);
        (void)buf_putc(w->to, '{');
        w->comma = false;
    }
    w->group = group;
}

bool recipient_write(struct buf *to, const struct recipient *recipient)
{
    struct writing w = {.to = to, .recipient = recipient, .group = ""};

    (void)buf_putc(to, '{');
    for (const struct member *m = recipient_members; m->name != NULL; m++) {
        if (group_absent(recipient, m->group))
            continue;
        enter_group(&w, m->group);
        write_member(&w, m);
        if (strcmp(m->name, "email") == 0 && m->group[0] == '\0')
            write_fields(&w); /* "fields" stands between "email" and "flags" */
    }
    (void)buf_putc(to, '}');
    return !to->failed;
}
