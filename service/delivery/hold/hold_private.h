/* hold_private.h - what the files of this folder share. */
#pragma once
#include "service/delivery/delivery_private.h"
#include "service/delivery/hold/hold.h"

/* The wave that a scope names; NULL: none, or no such wave (*ret_known says which). */
const struct wave_row *scope_wave(const struct hold_scope *scope, const struct wave_row *waves,
                                  size_t n, bool *ret_known);
/* Leaf facts of a hold: its id and its scope, not the person. The caller puts it. */
struct json_object *hold_facts(const struct hold_row *row, const struct wave_row *waves, size_t n);
/* Stops in this process what the hold covers, at once. */
void hold_stop(struct delivery *delivery, const struct hold_row *row);
/* Wakes what may go on. */
void hold_wake(struct delivery *delivery, const struct wave_row *waves, size_t n);
/* Nothing holds this person any more. */
void hold_free_person(struct delivery *delivery, id incident, uint32_t number);
/* "hold:inc_..." */
void hold_bound(char to[64], id incident);
