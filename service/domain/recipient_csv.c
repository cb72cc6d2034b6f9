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
#include "tocsin/sheet.h"

/* This module. */
#include "service/domain/recipient_members.h"

enum { COLUMN_NAME_SIZE = FIELD_NAME_MAX + 8, HEADER_SIZE = 48 };

enum column_kind {
    COLUMN_MEMBER,
    COLUMN_FIELD,
    COLUMN_CONTACT,
    COLUMN_FIRST_NAME,
    COLUMN_LAST_NAME,
    COLUMN_REJECTED_ROW
};

struct column {
    enum column_kind kind;
    const struct member *member;
    const char *field;             /* of COLUMN_FIELD: in `name` */
    struct contact_column contact; /* of COLUMN_CONTACT */
    char name[COLUMN_NAME_SIZE];   /* ours */
    char header[HEADER_SIZE];      /* the file's, as far as it goes */
    bool alias;
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

static bool column_read(struct column *column, const char *header)
{
    char name[SHEET_COLUMN_SIZE];

    if (sheet_column_find(header, name) == NULL ||
        !str_copy(column->name, sizeof(column->name), name))
        return false;
    (void)snprintf(column->header, sizeof(column->header), "%s", header);
    column->alias = !str_equal(name, header);
    if (str_starts(name, "fields_")) {
        column->kind = COLUMN_FIELD;
        column->field = column->name + strlen("fields_");
        return field_name_check(column->field);
    }
    if (str_equal(name, "first_name") || str_equal(name, "last_name")) {
        column->kind = name[0] == 'f' ? COLUMN_FIRST_NAME : COLUMN_LAST_NAME;
        return true;
    }
    if (str_equal(name, "rejected_row")) {
        column->kind = COLUMN_REJECTED_ROW;
        return true;
    }
    column->member = member_find_column(name);
    column->kind = column->member != NULL ? COLUMN_MEMBER : COLUMN_CONTACT;
    return column->member != NULL || contact_column_read(&column->contact, name);
}

static int column_index(const struct recipient_columns *columns, const char *name)
{
    for (unsigned i = 0; i < columns->n; i++)
        if (str_equal(columns->columns[i].name, name))
            return (int)i;
    return -1;
}

static enum result refuse_doubled(const struct recipient_columns *columns, unsigned i,
                                  const char *header, struct error *error)
{
    const struct column *column = &columns->columns[i];
    int other = column_index(columns, column->name);

    if (str_equal(columns->columns[other].header, header))
        return refuse_column(error, i, header, "is there twice: keep one of them.");
    return error_set(error, RESULT_INVALID, column->name,
                     "Columns %d and %u of the header both mean %s: keep one, or call the other "
                     "fields_...",
                     other + 1, i + 1, column->name);
}

static enum result columns_fill(struct recipient_columns *columns, const struct csv_row *header,
                                struct error *error)
{
    unsigned n = header->n;

    while (n > 1 && header->lengths[n - 1] == 0) /* columns that the spreadsheet drew for nothing */
        n--;
    for (unsigned i = 0; i < n; i++) {
        const char *name = header->cells[i];

        if (!column_read(&columns->columns[i], name))
            return refuse_column(error, i, name,
                                 "is not known: rename it, take it out, or call it fields_... to "
                                 "merge it into the notice.");
        if (column_index(columns, columns->columns[i].name) >= 0)
            return refuse_doubled(columns, i, name, error);
        columns->n++;
    }
    if (column_index(columns, "recipient_id") < 0)
        return error_set(error, RESULT_INVALID, "recipient_id",
                         "The header has no column recipient_id: the first row must name the "
                         "columns, and recipient_id must be among them.");
    return RESULT_OK;
}

bool recipient_columns_get(const struct recipient_columns *columns, unsigned i,
                           struct sheet_column *ret_column)
{
    if (columns == NULL || i >= columns->n)
        return false;
    const struct column *column = &columns->columns[i];
    *ret_column = (struct sheet_column){column->header, column->name, column->alias};
    return true;
}

int64_t recipient_columns_row(const struct recipient_columns *columns, const struct csv_row *row)
{
    int64_t number = 0;
    int i = column_index(columns, "rejected_row");

    if (i < 0 || (unsigned)i >= row->n || !parse_i64(row->cells[i], &number))
        return 0;
    return number;
}

bool recipient_columns_repeated(const struct recipient_columns *columns, const struct csv_row *row)
{
    char name[SHEET_COLUMN_SIZE];

    if (row->problem != NULL || row->n < columns->n || columns->n < 2)
        return false;
    for (unsigned i = 0; i < columns->n; i++)
        if (sheet_column_find(row->cells[i], name) == NULL ||
            !str_equal(name, columns->columns[i].name))
            return false;
    return true;
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
    struct row_notes *notes; /* NULL: the first bad cell refuses the row */
    const char *country;     /* its cell, for telephones */
    struct slice first_name, last_name;
    bool electronic_said, consent_said;
};

/* What cannot be read is taken as what protects the person: opted out, no consent. */
static bool cautious(const struct member *m)
{
    return !str_equal(m->group, "consent");
}

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
    f->electronic_said = f->electronic_said || str_equal(m->name, "electronic");
    for (size_t i = 0; i < 3; i++) {
        if (str_equal_nocase(cell, yes[i]) || str_equal_nocase(cell, no[i])) {
            member_set_bool(&f->recipient, m, str_equal_nocase(cell, yes[i]));
            return RESULT_OK;
        }
    }
    member_set_bool(&f->recipient, m, cautious(m));
    return member_refuse(f->error, m,
                         f->notes == NULL ? "must be true or false"
                         : cautious(m)    ? "must be true or false; it was taken as true"
                                          : "must be true or false; it was taken as false");
}

/* Notes what was refused, so that the row goes on; TOO_LARGE does not. */
static enum result forgive(struct filling *f, enum result result)
{
    if (result != RESULT_INVALID || f->notes == NULL)
        return result;
    row_notes_add(f->notes, false, f->error->field, f->error->text);
    return RESULT_OK;
}

static enum result fill_words(struct filling *f, const struct member *m, const char *cell)
{
    while (*cell != '\0') {
        size_t n = strcspn(cell, "|;");
        char word[48];
        enum result result;

        (void)snprintf(word, sizeof(word), "%.*s", n < sizeof(word) ? (int)n : 0, cell);
        result = forgive(f, member_add_word(&f->recipient, m, str_trim(word), f->error));
        if (result != RESULT_OK)
            return result;
        cell += n;
        cell += *cell != '\0';
    }
    return RESULT_OK;
}

static enum result fill_member(struct filling *f, const struct member *m, struct slice cell)
{
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

static enum result fill_name(struct filling *f, struct slice cell, struct slice *part)
{
    const char *copy = arena_strndup(f->arena, cell.data, cell.length);

    if (copy == NULL)
        return recipient_too_large(f->error);
    *part = (struct slice){copy, cell.length};
    return RESULT_OK;
}

/* A mark that cannot be read is taken as what protects the person. */
static enum result fill_contact(struct filling *f, const struct contact_column *column,
                                struct slice cell)
{
    enum result result = contact_cell_add(&f->contacts, column, cell, f->error);

    if (result == RESULT_INVALID && f->notes != NULL)
        (void)contact_cell_add(&f->contacts, column, slice_of("true"), NULL);
    return result;
}

static enum result fill_cell(struct filling *f, const struct column *column, struct slice cell)
{
    if (cell.length == 0)
        return RESULT_OK;
    switch (column->kind) {
    case COLUMN_FIELD:
        return field_list_add(&f->fields, f->arena, column->field, cell, f->error);
    case COLUMN_CONTACT:
        return fill_contact(f, &column->contact, cell);
    case COLUMN_FIRST_NAME:
        return fill_name(f, cell, &f->first_name);
    case COLUMN_LAST_NAME:
        return fill_name(f, cell, &f->last_name);
    case COLUMN_REJECTED_ROW:
        return RESULT_OK;
    case COLUMN_MEMBER:
        break;
    }
    return fill_member(f, column->member, cell);
}

/* ---- Cells as they are. ---- */

static enum cell_kind kind_of_cell(const struct column *column)
{
    if (column->kind == COLUMN_CONTACT && column->contact.kind == CONTACT_PHONE &&
        str_equal(column->contact.member, "value"))
        return CELL_PHONE;
    if (column->kind != COLUMN_MEMBER)
        return CELL_TEXT;
    if (column->member->kind == MEMBER_TIME)
        return CELL_TIME;
    if (str_equal(column->name, "recipient_id") || str_equal(column->name, "account_id"))
        return CELL_ID;
    if (str_equal(column->name, "address_country"))
        return CELL_COUNTRY;
    if (str_equal(column->name, "locale"))
        return CELL_LOCALE;
    return str_equal(column->name, "phone") ? CELL_PHONE : CELL_TEXT;
}

/* As JSON calls it: "address.postal_code". */
static void field_of(const struct column *column, char to[64])
{
    const struct member *m = column->member;

    if (column->kind == COLUMN_FIELD)
        (void)snprintf(to, 64, "fields.%s", column->field);
    else if (column->kind == COLUMN_MEMBER)
        (void)snprintf(to, 64, "%s%s%s", m->group, m->group[0] != '\0' ? "." : "", m->name);
    else
        (void)snprintf(to, 64, "%.63s", column->kind == COLUMN_CONTACT ? column->name : "name");
}

static enum result fill_as_it_is(struct filling *f, const struct column *column, struct slice cell)
{
    struct cell_fix fix;
    char field[64];
    const bool must = str_equal(column->name, "recipient_id");

    if (cell.length == 0)
        return RESULT_OK;
    switch (sheet_cell_judge(kind_of_cell(column), cell, f->country, &fix)) {
    case CELL_SOUND:
        break;
    case CELL_REPAIRED:
        field_of(column, field);
        row_notes_add(f->notes, true, field, fix.reason);
        cell = slice_of(fix.text);
        break;
    case CELL_DAMAGED:
        field_of(column, field);
        if (must)
            return error_set(f->error, RESULT_INVALID, field, "%s", fix.reason);
        row_notes_add(f->notes, false, field, fix.reason);
        return RESULT_OK;
    }
    enum result result = fill_cell(f, column, cell);
    return must ? result : forgive(f, result);
}

static bool is_phone(const struct column *column)
{
    return kind_of_cell(column) == CELL_PHONE;
}

/* Telephones last: the country says how to read them. */
static enum result fill_row_as_it_is(struct filling *f, const struct recipient_columns *columns,
                                     const struct csv_row *row)
{
    enum result result = RESULT_OK;

    for (int phones = 0; phones < 2; phones++) {
        for (unsigned i = 0; result == RESULT_OK && i < columns->n; i++)
            if (is_phone(&columns->columns[i]) == (phones == 1))
                result = fill_as_it_is(f, &columns->columns[i],
                                       (struct slice){row->cells[i], row->lengths[i]});
        f->country = f->recipient.address.country;
    }
    return result;
}

/* ---- The whole row. ---- */

static enum result join_name(struct filling *f)
{
    const char *name;

    if (f->recipient.name != NULL || (f->first_name.length == 0 && f->last_name.length == 0))
        return RESULT_OK;
    name = arena_printf(f->arena, "%.*s%s%.*s", (int)f->first_name.length,
                        f->first_name.length > 0 ? f->first_name.data : "",
                        f->first_name.length > 0 && f->last_name.length > 0 ? " " : "",
                        (int)f->last_name.length, f->last_name.length > 0 ? f->last_name.data : "");
    if (name == NULL)
        return recipient_too_large(f->error);
    return member_set_text(&f->recipient, member_find("", "name"), f->arena, slice_of(name),
                           f->error);
}

static enum result fill_end(struct filling *f)
{
    enum result result = forgive(f, join_name(f));

    if (result != RESULT_OK)
        return result;
    if (f->consent_said && !f->electronic_said)
        result = forgive(f, error_set(f->error, RESULT_INVALID, "consent.electronic",
                                      "electronic is missing: say true or false, or leave "
                                      "consent out."));
    if (result != RESULT_OK)
        return result;
    f->recipient.consent.known = f->consent_said;
    result = field_list_end(&f->fields, f->arena, &f->recipient, f->error);
    if (result == RESULT_OK && f->notes != NULL) {
        recipient_mend(&f->recipient, f->arena, f->notes);
        recipient_note(&f->recipient, f->notes);
        result = contact_cells_mend(&f->contacts, &f->recipient, f->arena, f->notes);
    }
    if (result == RESULT_OK)
        result = recipient_end(&f->recipient, f->error);
    if (result == RESULT_OK)
        result = contact_cells_end(&f->contacts, &f->recipient, f->arena, f->error);
    return result;
}

/* More cells than the header has names for, all of them empty, do no harm. */
static bool has_width(const struct recipient_columns *columns, const struct csv_row *row)
{
    unsigned n = row->n;

    while (n > columns->n && row->lengths[n - 1] == 0)
        n--;
    return n == columns->n;
}

static enum result check_shape(const struct recipient_columns *columns, const struct csv_row *row,
                               struct error *error)
{
    if (row->problem != NULL)
        return error_set(error, RESULT_INVALID, "", "%s", row->problem);
    if (!has_width(columns, row))
        return error_set(error, RESULT_INVALID, "",
                         "The row has %u cells, the header %u: look for a comma that is not in "
                         "quotes.",
                         row->n, columns->n);
    return RESULT_OK;
}

static void fill_begin(struct filling *f, struct arena *arena, struct error *error)
{
    recipient_begin(&f->recipient);
    f->fields.n = 0;
    memset(&f->contacts, 0, sizeof(f->contacts));
    f->arena = arena;
    f->error = error;
    f->notes = NULL;
    f->country = NULL;
    f->first_name = f->last_name = (struct slice){NULL, 0};
    f->electronic_said = f->consent_said = false;
}

enum result recipient_from_csv_row(const struct recipient_columns *columns,
                                   const struct csv_row *row, struct arena *arena,
                                   struct recipient *ret_recipient, struct error *error)
{
    struct filling f;
    enum result result = check_shape(columns, row, error);

    fill_begin(&f, arena, error);
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

enum result recipient_from_sheet_row(const struct recipient_columns *columns,
                                     const struct csv_row *row, struct arena *arena,
                                     struct row_notes *notes, struct recipient *ret_recipient,
                                     struct error *error)
{
    struct filling f;
    enum result result = check_shape(columns, row, error);

    notes->n = 0;
    fill_begin(&f, arena, error);
    f.notes = notes;
    if (result == RESULT_OK)
        result = fill_row_as_it_is(&f, columns, row);
    if (result == RESULT_OK)
        result = fill_end(&f);
    contact_cells_free(&f.contacts);
    if (result == RESULT_OK)
        *ret_recipient = f.recipient;
    return result;
}
