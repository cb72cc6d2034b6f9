/* alike.h - people of a roster who share a mailbox, a telephone or a street under different ids,
 * found by salted hashes in bounded memory. Pure.
 *
 * The rules, all of them shown and none of them merging anybody (the default is that each is told):
 *   one_person      the same name: somebody is listed under two ids
 *   joint_account   another name, the same account id
 *   family          another name, the same street: a family shares a mailbox or telephone
 *   shared_contact  another name, nothing else in common: an office, a helper, or a mistake
 *   household       the same street, another name: neighbours or a family; each gets a letter */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/seal.h"
#include "tocsin/recipient.h"

enum alike_by { ALIKE_EMAIL, ALIKE_PHONE, ALIKE_ADDRESS, ALIKE_N };
enum alike_rule {
    ALIKE_ONE_PERSON,
    ALIKE_JOINT_ACCOUNT,
    ALIKE_FAMILY,
    ALIKE_SHARED_CONTACT,
    ALIKE_HOUSEHOLD,
    ALIKE_RULES_N
};
const char *alike_by_name(enum alike_by by);
const char *alike_rule_name(enum alike_rule rule);

enum { ALIKE_ENTRIES_MAX = 2 << 20, ALIKE_GROUPS_MAX = 1000, ALIKE_NUMBERS = 8 };
struct alike_group {
    uint8_t by, rule, n; /* n numbers are kept, of `people` */
    uint32_t people;
    uint32_t numbers[ALIKE_NUMBERS];
};
struct alike_entry {
    uint64_t key;
    uint32_t number, name, place, account; /* hashes of what else they may share; 0: nothing */
};
struct alike {
    struct seal_key salt;
    unsigned parts, part; /* this pass looks at keys of this part */
    struct alike_entry *entries[ALIKE_N];
    size_t n[ALIKE_N], capacity[ALIKE_N];
    int64_t groups[ALIKE_N][ALIKE_RULES_N], people[ALIKE_N][ALIKE_RULES_N];
    struct alike_group *list; /* the first ALIKE_GROUPS_MAX */
    size_t n_list;
};
/* How many passes a roster of so many people needs. */
unsigned alike_parts(int64_t people);
void alike_init(struct alike *alike, const struct seal_key *salt, int64_t people);
void alike_free(struct alike *alike);
void alike_add(struct alike *alike, const struct recipient *recipient);
/* The end of a pass: groups are found, entries forgotten. False: that was the last part. */
bool alike_next(struct alike *alike);
/* {"groups": {by: {rule: n}}, "people": ..., "list": [{"by","rule","people","numbers"}]} */
struct json_object *alike_json(const struct alike *alike);
