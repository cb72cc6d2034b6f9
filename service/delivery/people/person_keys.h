/* person_keys.h - blind keys of a person's addresses and account, the same in every incident: what
 * is known of somebody beyond one incident is found by them. Pure. */
#pragma once
#include "base/seal.h"
#include "tocsin/recipient.h"
#include "tocsin/store_preference.h"

enum { PERSON_KEY_ACCOUNT = CONTACT_KINDS_N, PERSON_KEYS_MAX = CONTACT_KINDS_N * CONTACTS_MAX + 1 };

struct person_key {
    struct preference_key key;
    uint8_t index; /* of the address among the addressee's of that kind */
};
/* Of `value`: an email, a phone number, an account. `key` is the service's, for "preference". */
void person_key_of(const struct seal_key *key, unsigned kind, const char *value,
                   struct preference_key *ret_key);
/* Of a street, whatever its punctuation and case. */
void person_key_of_street(const struct seal_key *key, const struct postal_address *street,
                          struct preference_key *ret_key);
void person_key_of_contact(const struct seal_key *key, enum contact_kind kind,
                           const struct contact *contact, struct preference_key *ret_key);
/* All of a person as uploaded: of those to whom the notice goes, and of the account. How many. */
unsigned person_keys(const struct seal_key *key, const struct recipient *recipient,
                     struct person_key keys[PERSON_KEYS_MAX]);
