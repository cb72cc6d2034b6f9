/* alike.c - see the header. One entry a person and contact is kept of the keys of this pass;
 * sorted, equal keys stand together. Hashes are keyed and die with the pass. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/roster/alike.h"

enum { TEXT_MAX = 512 };

const char *alike_by_name(enum alike_by by)
{
    static const char *const names[] = {"email", "phone", "address"};
    return names[by];
}

const char *alike_rule_name(enum alike_rule rule)
{
    static const char *const names[] = {"one_person", "joint_account", "family", "shared_contact",
                                        "household"};
    return names[rule];
}

unsigned alike_parts(int64_t people)
{
    return (unsigned)(people * ALIKE_N / ALIKE_ENTRIES_MAX) + 1;
}

void alike_init(struct alike *alike, const struct seal_key *salt, int64_t people)
{
    memset(alike, 0, sizeof(*alike));
    alike->salt = *salt;
    alike->parts = alike_parts(people);
}

void alike_free(struct alike *alike)
{
    for (int by = 0; by < ALIKE_N; by++)
        mem_free(alike->entries[by]);
    mem_free(alike->list);
    seal_key_wipe(&alike->salt);
}

/* Letters, digits and what is not ASCII, small: "12 Main St." is "12 MAIN ST". */
static size_t squeeze(char to[TEXT_MAX], size_t n, const char *text)
{
    for (; text != NULL && *text != '\0' && n < TEXT_MAX; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0)
            to[n++] = c;
    }
    return n;
}

static uint64_t hash(const struct alike *alike, const char *what, const char *text, size_t length)
{
    uint8_t blind[BLIND_SIZE];
    uint64_t word;
    if (length == 0)
        return 0;
    seal_blind(blind, &alike->salt, what, text, length);
    memcpy(&word, blind, sizeof(word));
    return word | 1;
}

static void add(struct alike *alike, enum alike_by by, const struct alike_entry *entry)
{
    if (entry->key == 0 || (entry->key >> 1) % alike->parts != alike->part)
        return;
    if (alike->n[by] == alike->capacity[by]) {
        alike->capacity[by] = alike->capacity[by] * 2 + 1024;
        alike->entries[by] =
            mem_resize(alike->entries[by], alike->capacity[by], sizeof(*alike->entries[by]));
    }
    alike->entries[by][alike->n[by]++] = *entry;
}

void alike_add(struct alike *alike, const struct recipient *r)
{
    char text[TEXT_MAX];
    struct alike_entry entry = {.number = r->number};
    uint64_t place;
    size_t n = squeeze(text, 0, r->name);
    entry.name = (uint32_t)hash(alike, "name", text, n);
    entry.account = (uint32_t)hash(alike, "account", str_or(r->account_id, ""),
                                   strlen(str_or(r->account_id, "")));
    n = r->has_address ? squeeze(text, 0, r->address.line1) : 0;
    n = r->has_address ? squeeze(text, n, r->address.line2) : 0;
    n = r->has_address ? squeeze(text, n, str_or(r->address.postal_code, r->address.city)) : 0;
    n = r->has_address ? squeeze(text, n, r->address.country) : 0;
    place = hash(alike, "place", text, n);
    entry.place = (uint32_t)place;
    n = 0;
    for (const char *at = str_or(r->email, ""); *at != '\0' && n < TEXT_MAX; at++)
        text[n++] = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    entry.key = hash(alike, "email", text, n);
    add(alike, ALIKE_EMAIL, &entry);
    entry.key = hash(alike, "phone", str_or(r->phone, ""), strlen(str_or(r->phone, "")));
    add(alike, ALIKE_PHONE, &entry);
    entry.key = place;
    add(alike, ALIKE_ADDRESS, &entry);
}

static int compare(const void *a, const void *b)
{
    const struct alike_entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* By the two people of a group that have most in common. */
static enum alike_rule rule_of(enum alike_by by, const struct alike_entry *entries, size_t n)
{
    bool account = false, place = false;
    for (size_t i = 1; i < n; i++) {
        for (size_t k = 0; k < i && k < 16; k++) {
            if (entries[i].name != 0 && entries[i].name == entries[k].name)
                return ALIKE_ONE_PERSON;
            account =
                account || (entries[i].account != 0 && entries[i].account == entries[k].account);
            place = place || (entries[i].place != 0 && entries[i].place == entries[k].place);
        }
    }
    if (account)
        return ALIKE_JOINT_ACCOUNT;
    if (by == ALIKE_ADDRESS)
        return ALIKE_HOUSEHOLD;
    return place ? ALIKE_FAMILY : ALIKE_SHARED_CONTACT;
}

static void add_group(struct alike *alike, enum alike_by by, const struct alike_entry *entries,
                      size_t n)
{
    const enum alike_rule rule = rule_of(by, entries, n);
    alike->groups[by][rule]++;
    alike->people[by][rule] += (int64_t)n;
    if (alike->n_list == ALIKE_GROUPS_MAX || rule == ALIKE_HOUSEHOLD)
        return;
    if (alike->list == NULL)
        alike->list = mem_alloc(ALIKE_GROUPS_MAX, sizeof(*alike->list));
    struct alike_group *group = &alike->list[alike->n_list++];
    *group = (struct alike_group){.by = (uint8_t)by, .rule = (uint8_t)rule, .people = (uint32_t)n};
    for (size_t i = 0; i < n && i < ALIKE_NUMBERS; i++)
        group->numbers[group->n++] = entries[i].number;
}

bool alike_next(struct alike *alike)
{
    for (int by = 0; by < ALIKE_N; by++) {
        struct alike_entry *entries = alike->entries[by];
        if (alike->n[by] > 1)
            qsort(entries, alike->n[by], sizeof(*entries), compare);
        for (size_t i = 0, end; i < alike->n[by]; i = end) {
            for (end = i + 1; end < alike->n[by] && entries[end].key == entries[i].key; end++)
                ;
            if (end - i > 1)
                add_group(alike, (enum alike_by)by, &entries[i], end - i);
        }
        alike->n[by] = 0;
    }
    return ++alike->part < alike->parts;
}

static struct json_object *counts_json(const int64_t counts[ALIKE_N][ALIKE_RULES_N])
{
    struct json_object *json = json_object_new_object();
    for (int by = 0; by < ALIKE_N; by++) {
        struct json_object *rules = json_object_new_object();
        for (int rule = 0; rule < ALIKE_RULES_N; rule++)
            if (counts[by][rule] > 0)
                json_object_object_add(rules, alike_rule_name((enum alike_rule)rule),
                                       json_object_new_int64(counts[by][rule]));
        json_object_object_add(json, alike_by_name((enum alike_by)by), rules);
    }
    return json;
}

struct json_object *alike_json(const struct alike *alike)
{
    struct json_object *json = json_object_new_object(), *list = json_object_new_array();
    for (size_t i = 0; i < alike->n_list; i++) {
        const struct alike_group *group = &alike->list[i];
        struct json_object *item = json_object_new_object(), *numbers = json_object_new_array();
        for (unsigned k = 0; k < group->n; k++)
            json_object_array_add(numbers, json_object_new_int64(group->numbers[k]));
        json_object_object_add(item, "by",
                               json_object_new_string(alike_by_name((enum alike_by)group->by)));
        json_object_object_add(
            item, "rule", json_object_new_string(alike_rule_name((enum alike_rule)group->rule)));
        json_object_object_add(item, "people", json_object_new_int64(group->people));
        json_object_object_add(item, "numbers", numbers);
        json_object_array_add(list, item);
    }
    json_object_object_add(json, "groups", counts_json(alike->groups));
    json_object_object_add(json, "people", counts_json(alike->people));
    json_object_object_add(json, "list", list);
    return json;
}
