/* notice_values.c - see the header. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"
#include "base/time.h"

/* This module. */
#include "service/delivery/plan/notice_values.h"
#include "tocsin/channel.h"

enum { REFERENCE_TEXT_SIZE = 10, VALUES_MAX = 16 };

static void copy_member(struct json_object *to, const char *name, struct json_object *from,
                        const char *member)
{
    struct json_object *value = json_get(from, member);
    if (value != NULL)
        json_object_object_add(to, name, json_object_get(value));
}

/* The day of a date-time: a notice says days. */
static void copy_day(struct json_object *to, const char *name, struct json_object *from,
                     const char *member)
{
    const char *text = json_get_string(from, member);
    time_ms at;
    char day[DAY_TEXT_SIZE];
    if (text != NULL && time_or_day_parse(text, &at))
        json_object_object_add(to, name, json_object_new_string(day_format(day, at)));
}

/* "https://acme.example/security/" is printed as "acme.example/security": to be typed in, not
 * clicked. */
static void add_website(struct json_object *to, const char *url)
{
    const char *text = str_or(url, "");
    if (str_starts(text, "https://"))
        text += 8;
    else if (str_starts(text, "http://"))
        text += 7;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '/')
        length--;
    if (length > 0)
        json_object_object_add(to, "website", json_object_new_string_len(text, (int)length));
}

static void copy_organisation(struct json_object *to, struct json_object *organisation)
{
    static const char *const contact[] = {"email", "phone", "url"};
    struct json_object *copy = json_object_new_object();
    struct json_object *contacts = json_get(organisation, "contact");
    copy_member(copy, "name", organisation, "name");
    copy_member(copy, "address", organisation, "address");
    for (size_t i = 0; i < sizeof(contact) / sizeof(contact[0]); i++)
        copy_member(copy, contact[i], contacts, contact[i]);
    add_website(copy, json_get_string(contacts, "url"));
    json_object_object_add(to, "organisation", copy);
}

struct json_object *notice_values_of_incident(struct json_object *document)
{
    struct json_object *values = json_object_new_object();
    const char *from = json_get_string(document, "occurred_from");
    const char *until = json_get_string(document, "occurred_to");
    copy_organisation(values, json_get(document, "organisation"));
    copy_member(values, "title", document, "title");
    copy_day(values, "occurred_from", document, "occurred_from");
    if (from == NULL || until == NULL || !str_equal(from, until))
        copy_day(values, "occurred_to", document, "occurred_to");
    copy_day(values, "occurred_on", document, "occurred_from");
    copy_day(values, "discovered_on", document, "discovered_at");
    const char *establishment = json_get_string(document, "establishment");
    if (establishment == NULL || str_starts(establishment, "US"))
        json_object_object_add(values, "us_resources", json_object_new_boolean(true));
    return values;
}

/* The reference printed on a person's notice, "7K2Q-9FXM": opaque, the same over all channels. */
static void notice_reference(char to[REFERENCE_TEXT_SIZE], const struct seal_key *seed)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t mac[32];
    seal_mac(mac, seed, "reference", 9);
    for (unsigned i = 0, at = 0; i < 8; i++) {
        if (i == 4)
            to[at++] = '-';
        to[at++] = alphabet[mac[i] % 32];
        to[at] = 0;
    }
}

enum { PARTS_MAX = 2 * DATA_TYPES_N };
struct parts {
    const char *list[PARTS_MAX];
    size_t n;
};

/* NULL: nothing. */
static void part_add(struct parts *parts, const char *text)
{
    require(parts->n < PARTS_MAX);
    if (text != NULL)
        parts->list[parts->n++] = text;
}

/* Nothing at all for a text that is missing, else the text behind `before`. */
static void part_add_behind(struct parts *parts, const char *before, const char *text)
{
    if (str_empty(text))
        return;
    part_add(parts, before);
    part_add(parts, text);
}

/* All parts as one text; every person has some, and printf would take longer than their seals. */
static const char *parts_join(struct arena *arena, const struct parts *parts)
{
    size_t length = 0;
    for (size_t i = 0; i < parts->n; i++)
        length += strlen(parts->list[i]);
    char *text = arena_alloc(arena, length + 1), *at = text;
    for (size_t i = 0; text != NULL && i < parts->n; i++)
        at = stpcpy(at, parts->list[i]);
    return text;
}

static const char *address_lines(struct arena *arena, const struct postal_address *a)
{
    struct parts parts = {.n = 0};
    part_add(&parts, a->line1);
    part_add_behind(&parts, "\n", a->line2);
    part_add(&parts, "\n");
    part_add(&parts, a->city);
    part_add_behind(&parts, " ", a->region);
    part_add_behind(&parts, " ", a->postal_code);
    part_add(&parts, "\n");
    part_add(&parts, a->country);
    return parts_join(arena, &parts);
}

/* "name,ssn" in the order of the closed list. */
static const char *data_type_list(struct arena *arena, uint64_t types)
{
    struct parts parts = {.n = 0};
    for (int i = 0; i < DATA_TYPES_N; i++) {
        if (!((types >> i) & 1))
            continue;
        part_add(&parts, parts.n > 0 ? "," : NULL);
        part_add(&parts, data_type_name((enum data_type)i));
    }
    return parts_join(arena, &parts);
}

struct value_list {
    struct notice_value *values;
    size_t n;
};

static void value_add(struct value_list *list, const char *name, const char *value)
{
    list->values[list->n++] = (struct notice_value){name, value};
}

static void add_fields(struct arena *arena, struct value_list *list, const struct recipient *r)
{
    for (unsigned i = 0; i < r->n_fields; i++) {
        const struct parts parts = {{"fields.", r->field_names[i]}, 2};
        const char *name = parts_join(arena, &parts);
        if (name != NULL)
            value_add(list, name, r->field_values[i]);
    }
}

static void add_truths(struct value_list *list, const struct recipient *r)
{
    const struct representative *to = r->about == NULL ? NULL : r->representative;
    const bool guardian =
        to != NULL && (str_equal(to->relation, "guardian") || str_equal(to->relation, "parent"));
    const struct {
        const char *name;
        bool is;
    } truths[] = {{"minor", r->flags & RECIPIENT_MINOR},
                  {"deceased", r->flags & RECIPIENT_DECEASED},
                  {"former_user", r->flags & RECIPIENT_FORMER_USER},
                  {"discreet", r->flags & RECIPIENT_DISCREET},
                  {"data_owner", recipient_is_organisation(r)},
                  {"large_print", recipient_format(r) == FORMAT_LARGE_PRINT},
                  {"represented", to != NULL},
                  {"guardian", guardian}};
    for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
        if (truths[i].is)
            value_add(list, truths[i].name, "true");
    if (to != NULL)
        value_add(list, "about", r->about);
}

bool notice_values_of_person(struct arena *arena, const struct recipient *r,
                             const struct seal_key *seed, uint64_t data_types,
                             struct notice_person *ret_person)
{
    struct value_list list = {
        arena_alloc(arena, (VALUES_MAX + r->n_fields) * sizeof(struct notice_value)), 0};
    char *reference = arena_alloc(arena, REFERENCE_TEXT_SIZE);
    if (list.values == NULL || reference == NULL)
        return false;
    notice_reference(reference, seed);
    value_add(&list, "name", r->name);
    value_add(&list, "reference", reference);
    value_add(&list, "data_types",
              data_type_list(arena, r->data_types ? r->data_types : data_types));
    if (r->has_address)
        value_add(&list, "address", address_lines(arena, &r->address));
    add_truths(&list, r);
    add_fields(arena, &list, r);
    *ret_person = (struct notice_person){list.values, list.n};
    return true;
}

enum notice_format notice_format_of(unsigned form)
{
    static const enum notice_format formats[] = {
        [FORM_EMAIL] = NOTICE_EMAIL,   [FORM_SMS] = NOTICE_SMS,       [FORM_VOICE] = NOTICE_VOICE,
        [FORM_LETTER] = NOTICE_LETTER, [FORM_BANNER] = NOTICE_BANNER,
    };
    require(form < FORM_N);
    return formats[form];
}
