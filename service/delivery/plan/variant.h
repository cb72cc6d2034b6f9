/* variant.h - the variants of a notice: people whose notice reads alike, by channel, group of
 * jurisdictions (the country), language, data types and what else changes the text. Pure. */
#pragma once
#include "service/delivery/dossier.h"

enum { VARIANT_KEY_SIZE = 96 };
struct variant {
    unsigned channel; /* index in the policy */
    char group[8];    /* "US"; "-": not known */
    char locale[24];  /* of the text */
    uint64_t data_types;
    unsigned flags; /* RECIPIENT_* */
};

/* Of this person over this channel; `locale` is the text's. */
void variant_of(struct variant *ret, const struct policy *policy, const struct recipient *recipient,
                unsigned channel, const char *locale);
/* "email~US~en~7~0" */
void variant_key(char to[VARIANT_KEY_SIZE], const struct variant *variant,
                 const struct policy *policy);
/* False: no such key of this policy. */
bool variant_parse(struct variant *ret, const struct policy *policy, const char *key);
/* Somebody who does not exist, of this variant. In the arena. */
void variant_person(struct recipient *ret, const struct variant *variant, struct arena *arena);

/* What this person would read over this channel: {"subject","line","text","html","to","missing"}.
 * `made_up`: what is missing of the person is filled with its name in brackets. The caller puts it;
 * NULL: there is no text for it. Any thread. */
struct variant_ask {
    struct dossier *dossier;
    const struct recipient *recipient;
    const struct seal_key *seed;
    unsigned channel;
    struct arena *arena;
    bool made_up;
};
struct json_object *variant_render(const struct variant_ask *ask);
