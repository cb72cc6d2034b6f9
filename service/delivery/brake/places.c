/* places.c - see the header. States and provinces of the two big countries whose zones matter most
 * are a table, made from tzdata's own comments (zone1970.tab, northamerica) and 49 CFR part 71;
 * everywhere else the country's zones are asked of the tz database. */
/* System. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/places.h"
#include "service/delivery/brake/zone.h"

#define EASTERN  "America/New_York"
#define CENTRAL  "America/Chicago"
#define MOUNTAIN "America/Denver"
#define PACIFIC  "America/Los_Angeles"

static const struct {
    const char *place;
    const char *zones[4];
} parts[] = {
    {"US-AL", {CENTRAL}},
    {"US-AK", {"America/Anchorage", "America/Adak"}},
    {"US-AZ", {"America/Phoenix", MOUNTAIN}}, /* the Navajo Nation keeps summer time */
    {"US-AR", {CENTRAL}},
    {"US-CA", {PACIFIC}},
    {"US-CO", {MOUNTAIN}},
    {"US-CT", {EASTERN}},
    {"US-DE", {EASTERN}},
    {"US-DC", {EASTERN}},
    {"US-FL", {EASTERN, CENTRAL}},
    {"US-GA", {EASTERN}},
    {"US-HI", {"Pacific/Honolulu"}},
    {"US-ID", {"America/Boise", PACIFIC}},
    {"US-IL", {CENTRAL}},
    {"US-IN", {EASTERN, CENTRAL}},
    {"US-IA", {CENTRAL}},
    {"US-KS", {CENTRAL, MOUNTAIN}},
    {"US-KY", {EASTERN, CENTRAL}},
    {"US-LA", {CENTRAL}},
    {"US-ME", {EASTERN}},
    {"US-MD", {EASTERN}},
    {"US-MA", {EASTERN}},
    {"US-MI", {"America/Detroit", CENTRAL}},
    {"US-MN", {CENTRAL}},
    {"US-MS", {CENTRAL}},
    {"US-MO", {CENTRAL}},
    {"US-MT", {MOUNTAIN}},
    {"US-NE", {CENTRAL, MOUNTAIN}},
    {"US-NV", {PACIFIC, MOUNTAIN}},
    {"US-NH", {EASTERN}},
    {"US-NJ", {EASTERN}},
    {"US-NM", {MOUNTAIN}},
    {"US-NY", {EASTERN}},
    {"US-NC", {EASTERN}},
    {"US-ND", {CENTRAL, MOUNTAIN}},
    {"US-OH", {EASTERN}},
    {"US-OK", {CENTRAL, MOUNTAIN}},
    {"US-OR", {PACIFIC, "America/Boise"}},
    {"US-PA", {EASTERN}},
    {"US-RI", {EASTERN}},
    {"US-SC", {EASTERN}},
    {"US-SD", {CENTRAL, MOUNTAIN}},
    {"US-TN", {EASTERN, CENTRAL}},
    {"US-TX", {CENTRAL, MOUNTAIN}},
    {"US-UT", {MOUNTAIN}},
    {"US-VT", {EASTERN}},
    {"US-VA", {EASTERN}},
    {"US-WA", {PACIFIC}},
    {"US-WV", {EASTERN}},
    {"US-WI", {CENTRAL}},
    {"US-WY", {MOUNTAIN}},
    {"US-PR", {"America/Puerto_Rico"}},
    {"US-VI", {"America/St_Thomas"}},
    {"US-GU", {"Pacific/Guam"}},
    {"US-MP", {"Pacific/Saipan"}},
    {"US-AS", {"Pacific/Pago_Pago"}},
    {"CA-AB", {"America/Edmonton"}},
    {"CA-BC", {"America/Vancouver", "America/Edmonton", "America/Dawson_Creek"}},
    {"CA-MB", {"America/Winnipeg"}},
    {"CA-NB", {"America/Moncton"}},
    {"CA-NL", {"America/St_Johns", "America/Goose_Bay"}},
    {"CA-NS", {"America/Halifax"}},
    {"CA-NT", {"America/Edmonton"}},
    {"CA-NU", {"America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay"}},
    {"CA-ON", {"America/Toronto", "America/Winnipeg"}},
    {"CA-PE", {"America/Halifax"}},
    {"CA-QC", {"America/Toronto", "America/Halifax"}},
    {"CA-SK", {"America/Regina", "America/Edmonton"}},
    {"CA-YT", {"America/Whitehorse"}},
};

static bool is_code(const char *text, size_t n)
{
    return text != NULL && strlen(text) == n && isupper((unsigned char)text[0]) &&
           isupper((unsigned char)text[1]);
}

void place_of(char to[PLACE_SIZE], const struct recipient *r)
{
    const char *law = str_or(r->jurisdiction, "");
    if (r->has_address && is_code(r->address.country, 2)) {
        if (is_code(r->address.region, 2))
            snprintf(to, PLACE_SIZE, "%s-%s", r->address.country, r->address.region);
        else if (str_starts(law, r->address.country)) /* the law of that country knows more */
            str_copy(to, PLACE_SIZE, law);
        else
            str_copy(to, PLACE_SIZE, r->address.country);
        return;
    }
    if (str_starts(law, "EU-"))
        law += 3;
    str_copy(to, PLACE_SIZE, str_empty(law) ? "-" : law);
}

size_t place_zones(const char *place, const char *zones[PLACE_ZONES_MAX])
{
    size_t n = 0;
    char country[3] = {0};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!str_equal(parts[i].place, place))
            continue;
        for (; n < 4 && parts[i].zones[n] != NULL; n++)
            zones[n] = parts[i].zones[n];
        return n;
    }
    memcpy(country, place, strnlen(place, 2));
    const char *const *all = zone_country(str_equal(country, "UK") ? "GB" : country);
    for (; all != NULL && n < PLACE_ZONES_MAX && all[n] != NULL; n++)
        zones[n] = all[n];
    return n;
}
