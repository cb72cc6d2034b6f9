/* facts.h - which facts a person is told: an incident's facts are one set for everybody, or a set
 * for each language with a "default"; a wave may add some of its own. Pure. */
#pragma once
#include "base/json.h"

struct facts_choice {
    struct json_object *facts; /* of the incident; NULL: none */
    struct json_object *own;   /* of the wave, in the same two forms; NULL: none */
    const char *locale;        /* of the person */
    const char *text_locale;   /* of the text they go into: its language is kept */
};
/* {"default": {...}, "de": {...}} and not {"what_happened": "..."}. */
bool facts_by_language(struct json_object *facts);
/* The key whose facts are taken: the person's locale, its language, the text's, "default"; "" where
 * there is one set for all. */
const char *facts_key(struct json_object *facts, const struct facts_choice *choice);
/* The facts as one flat object, the wave's over the incident's; NULL: none. The caller puts it. */
struct json_object *facts_choose(const struct facts_choice *choice);
/* The languages that facts are there in, without "default"; NULL past the end. */
const char *facts_locale(struct json_object *facts, size_t i);
size_t facts_locales(struct json_object *facts);
