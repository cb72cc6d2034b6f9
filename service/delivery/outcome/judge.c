/* judge.c - see the header. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/places.h"
#include "service/delivery/outcome/judge.h"

/* Big receivers that are throttled one by one; everybody else is "other". */
static const char *const big_domains[] = {
    "gmail.com",  "yahoo.com",   "hotmail.com", "outlook.com", "aol.com",
    "icloud.com", "comcast.net", "msn.com",     "live.com",    "att.net",
    "gmx.de",     "web.de",      "t-online.de", "orange.fr",   "free.fr",
    "gmx.net",    "me.com",      "verizon.net", "proton.me",   "googlemail.com",
};

static const char *receiving_domain(const char *email)
{
    const char *at = email == NULL ? NULL : strrchr(email, '@');
    if (at == NULL)
        return "-";
    for (size_t i = 0; i < sizeof(big_domains) / sizeof(big_domains[0]); i++)
        if (str_equal_nocase(at + 1, big_domains[i]))
            return big_domains[i];
    return "other";
}

const char *cohort_make(struct arena *arena, const struct channel_driver *driver,
                        const struct recipient *r)
{
    const char *domain = driver->facts.address == ADDRESS_EMAIL ? receiving_domain(r->email) : "-";
    char place[PLACE_SIZE] = "";
    if (driver->facts.quiet_hours)
        place_of(place, r);
    const char *cohort = arena_printf(arena, "%s|%s|%s%s%s", str_or(r->jurisdiction, "-"),
                                      str_or(r->locale, "-"), domain, place[0] ? "|" : "", place);
    return str_or(cohort, "-|-|-");
}

struct json_object *ladder_reasons(const struct ladder *ladder, const struct policy *policy)
{
    struct json_object *reasons = json_object_new_object();
    struct json_object *facts = json_object_new_object();
    for (unsigned i = 0; i < policy->n_channels; i++)
        if (ladder->reason[i] != NULL)
            json_object_object_add(reasons, policy->channels[i].channel,
                                   json_object_new_string(ladder->reason[i]));
    json_object_object_add(facts, "reasons", reasons);
    return facts;
}
