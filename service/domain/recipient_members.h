/* recipient_members.h - the table of what a recipient is made of, shared by its readers (JSON, CSV,
 * stored form) and its writer. Private to service/domain. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/result.h"
#include "base/str.h"
#include "tocsin/recipient.h"

enum { RECIPIENT_FIELDS_MAX = 64, FIELD_NAME_MAX = 64, FIELD_VALUE_MAX = 4096 };

enum member_kind {
    MEMBER_TEXT,
    MEMBER_BOOL,
    MEMBER_TIME,
    MEMBER_DATA_TYPES,
    MEMBER_FLAGS,
    MEMBER_FLAG,   /* true sets the flag `max`; stored among the flags */
    MEMBER_IGNORED /* true is noted, never stored */
};

struct member {
    const char *group; /* "", "address" or "consent" */
    const char *name;
    struct slice key; /* the name as JSON has it: quoted, with its colon */
    enum member_kind kind;
    size_t offset; /* in struct recipient */
    size_t max;    /* bytes of a text */
    bool (*check)(const char *text);
    const char *rule; /* the rest of the sentence "... must be" */
};

/* In the order of canonical JSON (groups in the place of their own name); NULL name ends it. */
extern const struct member recipient_members[];

const struct member *member_find(const char *group, const char *name);
/* By column name: "email", "address_line1", "consent_given_at". */
const struct member *member_find_column(const char *column);

/* error->field = "email", "address.country"; `text` says what is wrong. Returns RESULT_INVALID. */
enum result member_refuse(struct error *error, const struct member *member, const char *text);

/* Checks and copies a text, or parses a time, into the record. */
enum result member_set_text(struct recipient *recipient, const struct member *member,
                            struct arena *arena, struct slice text, struct error *error);
/* The same for a text that ends in NUL and lives as long as the record: kept where it stands. */
enum result member_keep_text(struct recipient *recipient, const struct member *member,
                             struct slice text, struct error *error);
void member_set_bool(struct recipient *recipient, const struct member *member, bool value);
/* Adds one word to the data types or flags. */
enum result member_add_word(struct recipient *recipient, const struct member *member,
                            const char *word, struct error *error);
/* Where the table says the member lies, for the loader that trusts its bytes. */
const char **member_text_at(struct recipient *recipient, const struct member *member);
time_ms *member_time_at(struct recipient *recipient, const struct member *member);
bool member_get_bool(const struct recipient *recipient, const struct member *member);
const char *member_get_text(const struct recipient *recipient, const struct member *member);
time_ms member_get_time(const struct recipient *recipient, const struct member *member);

const char *flag_name(unsigned bit); /* NULL past the last */

/* Merge fields while they are gathered. */
struct field_list {
    const char *names[RECIPIENT_FIELDS_MAX], *values[RECIPIENT_FIELDS_MAX];
    unsigned n;
};
/* [A-Za-z_][A-Za-z0-9_]*, up to FIELD_NAME_MAX bytes. */
bool field_name_check(const char *name);
/* Copies and checks one field; `name` was checked and lives as long as the record. */
enum result field_list_add(struct field_list *list, struct arena *arena, const char *name,
                           struct slice value, struct error *error);
/* The same for a value that ends in NUL and lives as long as the record. */
enum result field_list_keep(struct field_list *list, const char *name, struct slice value,
                            struct error *error);
/* Copies the arrays into the arena. */
enum result field_list_end(const struct field_list *list, struct arena *arena,
                           struct recipient *recipient, struct error *error);

/* An empty record, and the checks that need the whole of it. */
void recipient_begin(struct recipient *recipient);
enum result recipient_end(struct recipient *recipient, struct error *error);
/* Without a jurisdiction: that of the address. */
void recipient_derive(struct recipient *recipient);
/* What the upload says without any fault: a marketing unsubscribe is none of notices. */
struct row_notes;
void recipient_note(const struct recipient *recipient, struct row_notes *notes);
/* Before recipient_end(): repairs or leaves out what only the whole record shows to be damaged. */
void recipient_mend(struct recipient *recipient, struct arena *arena, struct row_notes *notes);

enum result recipient_too_large(struct error *error);

bool postal_is_whole(const struct postal_address *address);

/* Lists of addresses while they are gathered. */
struct contact_lists {
    struct contact *list[CONTACT_KINDS_N]; /* room for CONTACTS_MAX + 1; NULL: none came */
    unsigned n[CONTACT_KINDS_N];
};
/* "emails", "phones", "addresses"; CONTACT_KINDS_N: none of them. */
enum contact_kind contacts_kind(const char *key);
const char *contacts_key(enum contact_kind kind);
/* Reads one list: [{"value": ..., "source", "label", "order", "compromised"} or "value", ...], of
 * addresses [{"line1": ..., "source", ...}]. The strings are the arena's. */
enum result contacts_read(struct contact_lists *lists, enum contact_kind kind,
                          struct json_object *json, struct arena *arena, struct error *error);
/* Joins the lists with the single addresses of the record, which come first; an address that is
 * there twice is compromised when either is. INVALID: more than CONTACTS_MAX. */
enum result contacts_join(struct recipient *recipient, struct contact_lists *lists,
                          struct error *error);
/* {"name", "relation", "email", "phone", "address": {...}}; INVALID names "representative.x". */
enum result representative_read(struct recipient *recipient, struct json_object *json,
                                struct arena *arena, struct error *error);
/* The value alone, canonical. */
void contacts_write(struct buf *to, const struct recipient *recipient, enum contact_kind kind);
void representative_write(struct buf *to, const struct representative *representative);

/* ---- Columns of CSV that stand for lists and representatives: recipient_columns.c ---- */

/* "email_2", "email_2_source", "phone_compromised", "address_3_line1", "representative_name". */
struct contact_column {
    enum contact_kind kind; /* CONTACT_KINDS_N: of the representative */
    unsigned index;         /* 0: the single address, of which this says more */
    char member[24];        /* "value", "source", "line1", "address.city" */
};
bool contact_column_read(struct contact_column *ret_column, const char *name);

/* The cells of a row in such columns, as the JSON they stand for; zeroed, and freed. */
struct contact_cells {
    struct json_object *items[CONTACT_KINDS_N][CONTACTS_MAX];
    struct json_object *representative;
};
/* A cell that is not empty. INVALID: a truth that is none. */
enum result contact_cell_add(struct contact_cells *cells, const struct contact_column *column,
                             struct slice cell, struct error *error);
/* Puts them into the record. */
enum result contact_cells_end(struct contact_cells *cells, struct recipient *recipient,
                              struct arena *arena, struct error *error);
/* Before it: what would be refused is left out and noted, entry by entry. A mark that cannot be
 * read goes, its address stays; a representative loses addresses, never the name. */
enum result contact_cells_mend(struct contact_cells *cells, const struct recipient *recipient,
                               struct arena *arena, struct row_notes *notes);
void contact_cells_free(struct contact_cells *cells);
