/* person_keys.c - see the header. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/people/person_keys.h"

enum { CANONICAL_MAX = 1024 };

static const char *const words[] = {"email", "phone", "street", "account"};

static void blind(const struct seal_key *key, unsigned kind, struct slice text,
                  struct preference_key *ret_key)
{
    ret_key->kind = (uint8_t)kind;
    seal_blind(ret_key->blind, key, words[kind], text.data, text.length);
}

void person_key_of(const struct seal_key *key, unsigned kind, const char *value,
                   struct preference_key *ret_key)
{
    char text[CANONICAL_MAX];
    size_t n = 0;
    for (; value[n] != 0 && n < sizeof(text); n++) {
        bool fold = kind == CONTACT_EMAIL && value[n] >= 'A' && value[n] <= 'Z';
        text[n] = (char)(fold ? value[n] - 'A' + 'a' : value[n]);
    }
    blind(key, kind, (struct slice){text, n}, ret_key);
    explicit_bzero(text, sizeof(text));
}

/* Letters and digits in one case; what is not ASCII as it is. */
static size_t add_letters(char *to, size_t at, const char *text)
{
    for (; text != NULL && *text != 0 && at < CANONICAL_MAX - 1; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 'a' && c <= 'z')
            to[at++] = (char)(c - 'a' + 'A');
        else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80)
            to[at++] = (char)c;
    }
    to[at++] = '|';
    return at;
}

void person_key_of_street(const struct seal_key *key, const struct postal_address *street,
                          struct preference_key *ret_key)
{
    const char *const parts[] = {street->line1, street->line2, street->postal_code, street->city,
                                 street->country};
    char text[CANONICAL_MAX + 8];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        n = add_letters(text, n, parts[i]);
    blind(key, CONTACT_POSTAL, (struct slice){text, n}, ret_key);
    explicit_bzero(text, sizeof(text));
}

void person_key_of_contact(const struct seal_key *key, enum contact_kind kind,
                           const struct contact *contact, struct preference_key *ret_key)
{
    if (kind == CONTACT_POSTAL)
        person_key_of_street(key, &contact->postal, ret_key);
    else
        person_key_of(key, kind, contact->value, ret_key);
}

unsigned person_keys(const struct seal_key *key, const struct recipient *recipient,
                     struct person_key keys[PERSON_KEYS_MAX])
{
    struct recipient to;
    unsigned n = 0;
    recipient_addressee(recipient, &to);
    for (unsigned kind = 0; kind < CONTACT_KINDS_N; kind++) {
        unsigned many = recipient_contacts(&to, (enum contact_kind)kind);
        for (unsigned i = 0; i < many && i < CONTACTS_MAX; i++) {
            const struct contact contact = recipient_contact(&to, (enum contact_kind)kind, i);
            keys[n].index = (uint8_t)i;
            person_key_of_contact(key, (enum contact_kind)kind, &contact, &keys[n++].key);
        }
    }
    if (!str_empty(recipient->account_id)) {
        keys[n].index = 0;
        person_key_of(key, PERSON_KEY_ACCOUNT, recipient->account_id, &keys[n++].key);
    }
    return n;
}
