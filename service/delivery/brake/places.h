/* places.h - in which time zones a person may be who is known by jurisdiction or address. Pure, but
 * for the tz database. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "tocsin/recipient.h"

enum { PLACE_SIZE = 24, PLACE_ZONES_MAX = 48 };

/* "US-TX", "CA-ON", "DE": where the person is, best known by the postal address, else by the
 * jurisdiction; "-": nothing is known. */
void place_of(char to[PLACE_SIZE], const struct recipient *recipient);
/* All zones that the place lies in; an unknown part of a country: all of the country's. 0: none. */
size_t place_zones(const char *place, const char *zones[PLACE_ZONES_MAX]);
