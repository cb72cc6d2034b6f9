/* zone.c - see the header. Failure modes: a zone that is not in the database; tzdata that is not
 * installed (then no zone is known, and quiet hours go by UTC). */
/* System. */
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <glib.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/zone.h"

#define ZONE_TABLE "/usr/share/zoneinfo/zone.tab"

enum { ZONES_MAX = 640, COUNTRIES_MAX = 300, COUNTRY_ZONES_MAX = 40, LINE_SIZE = 512 };

static struct {
    const char *name; /* a copy of our own */
    GTimeZone *zone;  /* NULL: not in the database */
} zones[ZONES_MAX];
static unsigned n_zones;

static struct country {
    char code[3];
    const char *zones[COUNTRY_ZONES_MAX + 1];
    unsigned n;
} countries[COUNTRIES_MAX];
static unsigned n_countries;
static bool countries_read;

static GTimeZone *zone_find(const char *name)
{
    for (unsigned i = 0; i < n_zones; i++)
        if (str_equal(zones[i].name, name))
            return zones[i].zone;
    GTimeZone *zone = g_time_zone_new_identifier(name);
    if (n_zones < ZONES_MAX) {
        zones[n_zones].name = mem_strdup(name);
        zones[n_zones++].zone = zone;
    }
    return zone;
}

bool zone_offset(const char *name, time_ms at, int *ret_minutes)
{
    GTimeZone *zone = zone_find(name);
    if (zone == NULL)
        return false;
    int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, at / 1000);
    *ret_minutes = g_time_zone_get_offset(zone, interval) / 60;
    return true;
}

static struct country *country_make(const char *code)
{
    for (unsigned i = 0; i < n_countries; i++)
        if (strncmp(countries[i].code, code, 2) == 0)
            return &countries[i];
    if (n_countries == COUNTRIES_MAX)
        return NULL;
    memcpy(countries[n_countries].code, code, 2);
    return &countries[n_countries++];
}

/* "US\t+404251-0740023\tAmerica/New_York\tEastern" */
static void country_add(const char *line)
{
    const char *place = strchr(line, '\t'), *name = place == NULL ? NULL : strchr(place + 1, '\t');
    if (line[0] == '#' || name == NULL || place - line != 2)
        return;
    struct country *country = country_make(line);
    size_t n = strcspn(++name, "\t\n");
    if (country != NULL && n > 0 && country->n < COUNTRY_ZONES_MAX)
        country->zones[country->n++] = mem_strndup(name, n);
}

static void read_countries(void)
{
    char line[LINE_SIZE];
    FILE *file = fopen(ZONE_TABLE, "re");
    countries_read = true;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        country_add(line);
    if (file != NULL)
        fclose(file);
}

const char *const *zone_country(const char *code)
{
    if (!countries_read)
        read_countries();
    for (unsigned i = 0; i < n_countries; i++)
        if (str_equal(countries[i].code, code))
            return countries[i].zones;
    return NULL;
}
