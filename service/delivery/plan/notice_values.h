/* notice_values.h - what a notice may say: the incident's values at compile time, a person's at
 * render time. Pure. */
#pragma once
#include "base/arena.h"
#include "base/json.h"
#include "base/seal.h"
#include "tocsin/recipient.h"
#include "tocsin/template.h"

/* Plain values of an incident document for notice_compile(): organisation.*, occurred_on,
 * discovered_on, ... The caller puts it. */
struct json_object *notice_values_of_incident(struct json_object *document);

/* The values of a person - whom the notice goes to, with the address in use - in the arena.
 * `data_types` are the incident's, used where the person has none of his own. False: the arena's
 * bound is passed. */
bool notice_values_of_person(struct arena *arena, const struct recipient *recipient,
                             const struct seal_key *seed, uint64_t data_types,
                             struct notice_person *ret_person);
/* The format that a channel's form is rendered as. */
enum notice_format notice_format_of(unsigned form);
