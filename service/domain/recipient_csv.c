/* recipient_csv.c - persons from rows of CSV, by the names in the header row.
 * The header is read once into columns; then each cell goes where its column says. Failure:
 * RESULT_INVALID naming the member, in the words of recipient_read(). */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/csv.h"

/* This module. */
#include "service/domain/recipient_members.h"

enum { COLUMN_NAME_SIZE = FIELD_NAME_MAX + 8 };

struct column {
    const struct member *member; /* NULL: the merge field `field`, or `contact` */
    const char *field;           /* NULL: `contact` */
    struct contact_column contact;
    char name[COLUMN_NAME_SIZE];
};

struct recipient_columns {
    unsigned n;
    struct column columns[ROW_COLUMNS_MAX];
};

/* A header that is none may be a person: only what looks like a name is repeated. */
static enum result refuse_column(struct error *error, unsigned index, const char *name,
                                 const char *text)
{
    if (field_name_check(name))
        return error_set(error, RESULT_INVALID, name, "The column %s %s", name, text);
    return error_set(error, RESULT_INVALID, "", "Column %u of the header %s", index + 1, text);
}

static bool column_read(struct column *column, const char *name)
{
    if (!str_copy(column->name, sizeof(column->name), name))
        return false;
    if (str_starts(name, "fields_")) {
        column->field = column->name + strlen("fields_");
        return field_name_check(column->field);
    }
    column->member = member_find_column(name);
    return column->member != NULL || contact_column_read(&column->contact, name);
}

static bool column_doubled(const struct recipient_columns *columns, const char *name)
{
    for (unsigned i = 0; i < columns->n; i++)
        if (str_equal(columns->columns[i].name, name))
            return true;
    return false;
}

static enum result columns_fill(struct recipient_columns *columns, const struct csv_row *header,
                                struct error *error)
{
    for (unsigned i = 0; i < header->n; i++) {
        const char *name = header->cells[i];

        if (!column_read(&columns->columns[i], name))
            return refuse_column(error, i, name,
                                 "is not known: rename it, take it out, or call it fields_... to "
                                 "merge it into the notice.");
        if (column_doubled(columns, name))
            return refuse_column(error, i, name, "is there twice: keep one of them.");
        columns->n++;
    }
    if (!column_doubled(columns, "recipient_id"))
        return error_set(error, RESULT_INVALID, "recipient_id",
                         "The header has no column recipient_id: the first row must name the "
                         "columns, and recipient_id must be among them.");
    return RESULT_OK;
}

enum result recipient_columns_read(const struct csv_row *header,
                                   struct recipient_columns **ret_columns, struct error *error)
{
    struct recipient_columns *columns;
    enum result result;

    if (header->problem != NULL)
        return error_set(error, RESULT_INVALID, "", "The header cannot be read. %s",
                         header->problem);
    columns = mem_new(struct recipient_columns);
    result = columns_fill(columns, header, error);
    if (result == RESULT_OK)
        *ret_columns = columns;
    else
        recipient_columns_destroy(&columns);
    return result;
}

void recipient_columns_destroy(struct recipient_columns **columns)
{
    mem_free(*columns);
    *columns = NULL;
}

struct filling {
    struct recipient recipient;
    struct field_list fields;
    struct contact_cells contacts;
    struct arena *arena;
    struct error *error;
    bool electronic_said, consent_said;
};

static const char *const yes[] = {"true", "yes", "1"}, *const no[] = {"false", "no", "0"};

static bool cell_denies(const char *cell)
{
    for (size_t i = 0; i < 3; i++)
        if (str_equal_nocase(cell, no[i]))
            return true;
    return false;
}

static enum result fill_bool(struct filling *f, const struct member *m, const char *cell)
{
    for (size_t i = 0; i < 3; i++) {
        if (str_equal_nocase(cell, yes[i]) || str_equal_nocase(cell, no[i])) {
            member_set_bool(&f->recipient, m, str_equal_nocase(cell, yes[i]));
            f->electronic_said = f->electronic_said || str_equal(m->name, "electronic");
            return RESULT_OK;
        }
    }
    return member_refuse(f->error, m, "must be true or false");
}

static enum result fill_words(struct filling *f, const struct member *m, const char *cell)
{
    while (*cell != '\0') {
        size_t n = strcspn(cell, "|;");
        char word[48];
        enum result result;

        (void)snprintf(word, sizeof(word), "%.*s", n < sizeof(word) ? (int)n : 0, cell);
        result = member_add_word(&f->recipient, m, str_trim(word), f->error);
        if (result != RESULT_OK)
            return result;
        cell += n;
        cell += *cell != '\0';
    }
    return RESULT_OK;
}

static enum result fill_cell(struct filling *f, const struct column *column, struct slice cell)
{
    const struct member *m = column->member;

    if (cell.length == 0)
        return RESULT_OK;
    if (m == NULL && column->field == NULL)
        return contact_cell_add(&f->contacts, &column->contact, cell, f->error);
    if (m == NULL)
        return field_list_add(&f->fields, f->arena, column->field, cell, f->error);
    f->consent_said = f->consent_said || str_equal(m->group, "consent");
    switch (m->kind) {
    case MEMBER_FLAG:
    case MEMBER_BOOL:
        return fill_bool(f, m, cell.data);
    case MEMBER_IGNORED: /* a date, "yes", a list's name: whatever says that there was one */
        member_set_bool(&f->recipient, m, !cell_denies(cell.data));
        return RESULT_OK;
    case MEMBER_DATA_TYPES:
    case MEMBER_FLAGS:
        return fill_words(f, m, cell.data);
    case MEMBER_TEXT:
    case MEMBER_TIME:
        break;
    }
    return member_set_text(&f->recipient, m, f->arena, cell, f->error);
}

static enum result fill_end(struct filling *f)
{
    enum result result;

    if (f->consent_said && !f->electronic_said)
        return error_set(f->error, RESULT_INVALID, "consent.electronic",
                         "electronic is missing: say true or false, or leave consent out.");
    f->recipient.consent.known = f->consent_said;
    result = field_list_end(&f->fields, f->arena, &f->recipient, f->error);
    if (result == RESULT_OK)
        result = recipient_end(&f->recipient, f->error);
    if (result == RESULT_OK)
        result = contact_cells_end(&f->contacts, &f->recipient, f->arena, f->error);
    return result;
}

static enum result check_shape(const struct recipient_columns *columns, const struct csv_row *row,
                               struct error *error)
{
    if (row->problem != NULL)
        return error_set(error, RESULT_INVALID, "", "%s", row->problem);
    if (row->n != columns->n)
        return error_set(error, RESULT_INVALID, "",
                         "The row has %u cells, the header %u: look for a comma that is not in "
                         "quotes.",
                         row->n, columns->n);
    return RESULT_OK;
}

enum result recipient_from_csv_row(const struct recipient_columns *columns,
                                   const struct csv_row *row, struct arena *arena,
                                   struct recipient *ret_recipient, struct error *error)
{
    struct filling f;
    enum result result = check_shape(columns, row, error);

    recipient_begin(&f.recipient);
    f.fields.n = 0;
    memset(&f.contacts, 0, sizeof(f.contacts));
    f.arena = arena;
    f.error = error;
    f.electronic_said = f.consent_said = false;
    for (unsigned i = 0; result == RESULT_OK && i < columns->n; i++)
        result =
            fill_cell(&f, &columns->columns[i], (struct slice){row->cells[i], row->lengths[i]});
    if (result == RESULT_OK)
        result = fill_end(&f);
    contact_cells_free(&f.contacts);
    if (result == RESULT_OK)
        *ret_recipient = f.recipient;
    return result;
}
