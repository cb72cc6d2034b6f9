/* recipient_members.c - the table of a recipient's members and the setters that check them.
 * Sentences stay below 128 bytes: so much is kept of the reason why a row was refused.
 * Failure: RESULT_INVALID naming the member and the rule, never the value (it is personal data);
 * RESULT_TOO_LARGE when the caller's arena is full. */

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

bool postal_is_whole(const struct postal_address *address)
{
    return address->line1 != NULL && address->city != NULL && address->country != NULL;
}

#define AT(member) offsetof(struct recipient, member)
#define KEY(name)                                                                                  \
    {                                                                                              \
        "\"" name "\":", sizeof(name) + 2                                                          \
    }
#define TEXT(group, name, member, max, check, rule)                                                \
    {                                                                                              \
        group, name, KEY(name), MEMBER_TEXT, AT(member), max, check, rule                          \
    }
#define OTHER(group, name, kind, member)                                                           \
    {                                                                                              \
        group, name, KEY(name), kind, AT(member), 64, NULL, NULL                                   \
    }

#define FLAG(name, flag)                                                                           \
    {                                                                                              \
        "", name, KEY(name), MEMBER_FLAG, AT(flags), flag, NULL, NULL                              \
    }
#define IGNORED(name) OTHER("", name, MEMBER_IGNORED, marketing_opt_out)

static bool type_check(const char *text)
{
    return str_equal(text, "person") || str_equal(text, "organisation");
}

static bool format_check(const char *text)
{
    return read_format_find(text) >= 0;
}

static const char rule_type[] = "must be person or organisation";
static const char rule_format[] = "must be standard, large_print, braille or read_aloud";
static const char rule_email[] =
    "must be one ASCII address like ann@example.org (an international domain as xn--...)";
static const char rule_phone[] = "must be E.164 like +14155550123: correct the number";
static const char rule_country[] = "must be an ISO 3166-1 code of two capitals like US";
static const char rule_jurisdiction[] = "must be like US-CA, GB or EU-DE";
static const char rule_locale[] = "must be a BCP 47 tag like en or fr-CA";

const struct member recipient_members[] = {
    TEXT("", "account_id", account_id, 128, NULL, NULL),
    TEXT("address", "city", address.city, 100, NULL, NULL),
    TEXT("address", "country", address.country, 2, country_check, rule_country),
    TEXT("address", "line1", address.line1, 200, NULL, NULL),
    TEXT("address", "line2", address.line2, 200, NULL, NULL),
    TEXT("address", "postal_code", address.postal_code, 20, NULL, NULL),
    TEXT("address", "region", address.region, 100, NULL, NULL),
    TEXT("consent", "basis", consent.basis, 200, NULL, NULL),
    OTHER("consent", "electronic", MEMBER_BOOL, consent.electronic),
    TEXT("consent", "evidence", consent.evidence, 200, NULL, NULL),
    OTHER("consent", "given_at", MEMBER_TIME, consent.given_at),
    TEXT("consent", "scope", consent.scope, 200, NULL, NULL),
    TEXT("consent", "terms_version", consent.terms_version, 64, NULL, NULL),
    OTHER("consent", "withdrawn_at", MEMBER_TIME, consent.withdrawn_at),
    OTHER("", "data_types", MEMBER_DATA_TYPES, data_types),
    FLAG("discreet", RECIPIENT_DISCREET),
    TEXT("", "email", email, 254, address_check_email, rule_email),
    OTHER("", "flags", MEMBER_FLAGS, flags),
    TEXT("", "format", format, 11, format_check, rule_format),
    FLAG("former_user", RECIPIENT_FORMER_USER),
    TEXT("", "jurisdiction", jurisdiction, 6, jurisdiction_check, rule_jurisdiction),
    OTHER("", "legal_email_opt_out", MEMBER_BOOL, legal_email_opt_out),
    TEXT("", "locale", locale, 11, locale_check, rule_locale),
    TEXT("", "name", name, 200, NULL, NULL),
    TEXT("", "phone", phone, 16, address_check_phone, rule_phone),
    TEXT("", "policy_version", policy_version, 64, NULL, NULL),
    TEXT("", "recipient_id", recipient_id, 128, NULL, NULL),
    TEXT("", "type", type, 12, type_check, rule_type),
    /* Read with a warning and not kept, behind what is stored. */
    IGNORED("email_opt_out"),
    IGNORED("marketing_opt_out"),
    IGNORED("newsletter_opt_out"),
    IGNORED("opt_out"),
    IGNORED("unsubscribe"),
    IGNORED("unsubscribed"),
    {NULL, NULL, {NULL, 0}, MEMBER_TEXT, 0, 0, NULL, NULL},
};

static const char *const flag_names[] = {"minor", "deceased", "former_user", "discreet"};
_Static_assert(RECIPIENT_MINOR == 1 && RECIPIENT_DECEASED == 2 && RECIPIENT_FORMER_USER == 4 &&
                   RECIPIENT_DISCREET == 8,
               "flag_names follows the bits");

const char *flag_name(unsigned bit)
{
    return bit < sizeof(flag_names) / sizeof(flag_names[0]) ? flag_names[bit] : NULL;
}

/* Two letters tell nearly all names apart, and one the groups. */
const struct member *member_find(const char *group, const char *name)
{
    for (const struct member *m = recipient_members; m->name != NULL; m++)
        if (m->name[0] == name[0] && m->name[1] == name[1] && m->group[0] == group[0] &&
            strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

const struct member *member_find_column(const char *column)
{
    static const char *const groups[] = {"address", "consent"};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        size_t n = strlen(groups[i]);

        if (strncmp(column, groups[i], n) == 0 && column[n] == '_')
            return member_find(groups[i], column + n + 1);
    }
    return member_find("", column);
}

enum result member_refuse(struct error *error, const struct member *member, const char *text)
{
    char field[64];

    if (error == NULL)
        return RESULT_INVALID;
    (void)snprintf(field, sizeof(field), "%s%s%s", member->group, member->group[0] ? "." : "",
                   member->name);
    return error_set(error, RESULT_INVALID, field, "%s %s.", member->name, text);
}

enum result recipient_too_large(struct error *error)
{
    return error_set(error, RESULT_TOO_LARGE, "",
                     "The record is too large: shorten its values or leave out merge fields.");
}

static void *member_at(struct recipient *recipient, const struct member *member)
{
    return (char *)recipient + member->offset;
}

const char **member_text_at(struct recipient *recipient, const struct member *member)
{
    return member_at(recipient, member);
}

time_ms *member_time_at(struct recipient *recipient, const struct member *member)
{
    return member_at(recipient, member);
}

static const void *member_in(const struct recipient *recipient, const struct member *member)
{
    return (const char *)recipient + member->offset;
}

const char *member_get_text(const struct recipient *recipient, const struct member *member)
{
    return *(const char *const *)member_in(recipient, member);
}

bool member_get_bool(const struct recipient *recipient, const struct member *member)
{
    return *(const bool *)member_in(recipient, member);
}

time_ms member_get_time(const struct recipient *recipient, const struct member *member)
{
    return *(const time_ms *)member_in(recipient, member);
}

void member_set_bool(struct recipient *recipient, const struct member *member, bool value)
{
    if (member->kind == MEMBER_FLAG) {
        recipient->flags |= value ? (unsigned)member->max : 0;
        return;
    }
    if (member->kind == MEMBER_IGNORED) {
        recipient->marketing_opt_out |= value;
        return;
    }
    *(bool *)member_at(recipient, member) = value;
}

static enum result set_time(struct recipient *recipient, const struct member *member,
                            const char *text, struct error *error)
{
    time_ms at;

    if (!time_or_day_parse(text, &at))
        return member_refuse(error, member, "must be an RFC 3339 time or a date like 2026-11-23");
    *member_time_at(recipient, member) = at;
    return RESULT_OK;
}

static enum result text_check(const struct member *member, struct slice text, struct error *error)
{
    if (text.length > member->max) {
        if (member->rule != NULL)
            return member_refuse(error, member, member->rule);
        return member_refuse(error, member, "is too long: shorten it");
    }
    if (!text_is_line(text.data, text.length))
        return member_refuse(error, member,
                             "must be one line of UTF-8 without control characters: clean it");
    return RESULT_OK;
}

static enum result text_set(struct recipient *recipient, const struct member *member,
                            const char *text, struct error *error)
{
    if (member->kind == MEMBER_TIME)
        return set_time(recipient, member, text, error);
    if (member->check != NULL && !member->check(text))
        return member_refuse(error, member, member->rule);
    *member_text_at(recipient, member) = text;
    return RESULT_OK;
}

enum result member_set_text(struct recipient *recipient, const struct member *member,
                            struct arena *arena, struct slice text, struct error *error)
{
    const char *copy;
    enum result result = text_check(member, text, error);

    if (result != RESULT_OK)
        return result;
    copy = arena_strndup(arena, text.data, text.length);
    if (copy == NULL)
        return recipient_too_large(error);
    return text_set(recipient, member, copy, error);
}

enum result member_keep_text(struct recipient *recipient, const struct member *member,
                             struct slice text, struct error *error)
{
    enum result result = text_check(member, text, error);

    return result == RESULT_OK ? text_set(recipient, member, text.data, error) : result;
}

static int flag_find(const char *word)
{
    for (unsigned bit = 0; flag_name(bit) != NULL; bit++)
        if (str_equal(flag_name(bit), word))
            return (int)bit;
    return -1;
}

enum result member_add_word(struct recipient *recipient, const struct member *member,
                            const char *word, struct error *error)
{
    bool types = member->kind == MEMBER_DATA_TYPES;
    int bit = types ? data_type_find(word) : flag_find(word);

    if (bit < 0)
        return member_refuse(
            error, member,
            types ? "has a word that is not in the list of data types: see "
                    "openapi.yaml for the list"
                  : "knows only minor, deceased, former_user and discreet: correct the "
                    "word");
    if (types)
        recipient->data_types |= UINT64_C(1) << bit;
    else
        recipient->flags |= 1U << bit;
    return RESULT_OK;
}

bool field_name_check(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                                  "0123456789";
    size_t n = strspn(name, letters);

    return n >= 1 && n <= FIELD_NAME_MAX && name[n] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

static enum result refuse_field(struct error *error, const char *name, const char *text)
{
    char field[FIELD_NAME_MAX + 8];

    (void)snprintf(field, sizeof(field), "fields.%s", name);
    return error_set(error, RESULT_INVALID, field, "The merge field %s.", text);
}

static enum result field_check(const struct field_list *list, const char *name, struct slice value,
                               struct error *error)
{
    if (list->n == RECIPIENT_FIELDS_MAX)
        return refuse_field(error, name, "is one too many: at most 64 are taken, leave some out");
    if (value.length > FIELD_VALUE_MAX)
        return refuse_field(error, name, "is longer than 4,096 bytes: shorten it");
    if (!text_is_line(value.data, value.length))
        return refuse_field(error, name,
                            "must be one line of UTF-8 without control characters: clean it");
    return RESULT_OK;
}

enum result field_list_add(struct field_list *list, struct arena *arena, const char *name,
                           struct slice value, struct error *error)
{
    const char *copy;
    enum result result = field_check(list, name, value, error);

    if (result != RESULT_OK)
        return result;
    copy = arena_strndup(arena, value.data, value.length);
    if (copy == NULL)
        return recipient_too_large(error);
    list->names[list->n] = name;
    list->values[list->n++] = copy;
    return RESULT_OK;
}

enum result field_list_keep(struct field_list *list, const char *name, struct slice value,
                            struct error *error)
{
    enum result result = field_check(list, name, value, error);

    if (result == RESULT_OK) {
        list->names[list->n] = name;
        list->values[list->n++] = value.data;
    }
    return result;
}

enum result field_list_end(const struct field_list *list, struct arena *arena,
                           struct recipient *recipient, struct error *error)
{
    size_t size = list->n * sizeof(char *);
    const char **names, **values;

    if (list->n == 0)
        return RESULT_OK;
    names = arena_alloc(arena, size);
    values = arena_alloc(arena, size);
    if (names == NULL || values == NULL)
        return recipient_too_large(error);
    memcpy(names, list->names, size);
    memcpy(values, list->values, size);
    recipient->field_names = names;
    recipient->field_values = values;
    recipient->n_fields = list->n;
    return RESULT_OK;
}

void recipient_begin(struct recipient *recipient)
{
    *recipient = (struct recipient){.consent = {.given_at = TIME_NONE, .withdrawn_at = TIME_NONE}};
}

void recipient_derive(struct recipient *recipient)
{
    if (recipient->jurisdiction != NULL)
        return;
    recipient->jurisdiction = jurisdiction_of_address(&recipient->address);
    recipient->jurisdiction_derived = recipient->jurisdiction != NULL;
}

enum result recipient_end(struct recipient *recipient, struct error *error)
{
    if (recipient->recipient_id == NULL)
        return error_set(error, RESULT_INVALID, "recipient_id",
                         "recipient_id is missing: give every person an id of your own.");
    recipient->has_address = postal_is_whole(&recipient->address);
    recipient_derive(recipient);
    return RESULT_OK;
}
