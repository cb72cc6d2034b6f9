/* substitute.c - may notice be given by the public way instead, on which ground, and what does it
 * need? The computation is kept, since some states want it demonstrated. Pure. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static void put_text(struct json_object *to, const char *key, const char *text)
{
    json_object_object_add(to, key, text == NULL ? NULL : json_object_new_string(text));
}

/* met: true, false, or null where the figure is not known. */
static void ground_add(struct json_object *list, const char *name, int64_t limit, int64_t value,
                       bool *open)
{
    struct json_object *ground = json_object_new_object();
    bool met = value > limit;
    put_text(ground, "ground", name);
    json_object_object_add(ground, "over", json_object_new_int64(limit));
    json_object_object_add(ground, "value", value < 0 ? NULL : json_object_new_int64(value));
    json_object_object_add(ground, "met", value < 0 ? NULL : json_object_new_boolean(met));
    json_object_array_add(list, ground);
    *open = *open || (value >= 0 && met);
}

/* Whom no channel that counts as notice can reach: told outright, or what the counts leave over. */
static int64_t unreachable(const struct law_case *it)
{
    const struct law_people *group = it->group;
    const struct law_result *result = it->work->result;
    int64_t best = -1;
    if (group->none >= 0)
        return group->none;
    for (size_t i = 0; i < result->n_channels; i++) {
        const struct law_channel *channel = &result->channels[i];
        if (str_equal(channel->jurisdiction, it->jurisdiction) &&
            channel->counts == LAW_COUNTS_NOTICE && channel->n > best)
            best = channel->n;
    }
    return best < 0 ? -1 : best >= group->n ? 0 : group->n - best;
}

static void times_add(struct law_case *it, struct json_object *rule, struct json_object *to)
{
    const struct law_event *posted =
        facts_event(it->work->facts, "website_posted", it->jurisdiction);
    int64_t days = json_get_int(rule, "min_days", 0), months = json_get_int(rule, "min_months", 0);
    char text[LAW_TIME_TEXT];
    int year, month, of_month;
    json_object_object_add(to, "min_days", days == 0 ? NULL : json_object_new_int64(days));
    json_object_object_add(to, "min_months", months == 0 ? NULL : json_object_new_int64(months));
    const struct law_time *from = posted == NULL ? &it->people_due : &posted->at;
    if (from->kind == LAW_NEVER || (days == 0 && months == 0))
        return;
    struct law_time start = {.kind = LAW_DATE, .day = from->day}, until = start;
    calendar_split(start.day, &year, &month, &of_month);
    month += (int)months;
    until.day = months == 0
                    ? start.day + days
                    : calendar_join(year + (month - 1) / 12, (month - 1) % 12 + 1, of_month);
    put_text(to, "from", law_time_write(text, &start));
    put_text(to, "until_at_least", law_time_write(text, &until));
}

void substitute_add(struct law_case *it)
{
    struct json_object *rule = json_get(law_rule_json(it->rule), "substitute");
    struct json_object *to = json_object_new_object(), *grounds = json_object_new_array();
    int64_t nobody = unreachable(it);
    bool open = false;
    if (json_get(rule, "cost_over") != NULL)
        ground_add(grounds, "cost", json_get_int(rule, "cost_over", 0), it->group->cost, &open);
    if (json_get(rule, "people_over") != NULL)
        ground_add(grounds, "people", json_get_int(rule, "people_over", 0), it->group->n, &open);
    bool everybody = open && !json_get_bool(rule, "only_unreachable", false);
    if (json_get_bool(rule, "no_contact", false))
        ground_add(grounds, "no_contact", 0, nobody, &open);
    json_object_object_add(to, "open", json_object_new_boolean(open));
    json_object_object_add(to, "for",
                           json_object_new_int64(!open        ? 0
                                                 : everybody  ? it->group->n
                                                 : nobody > 0 ? nobody
                                                              : 0));
    json_object_object_add(to, "grounds", grounds);
    json_object_object_add(to, "means", json_object_get(json_get(rule, "means")));
    json_object_object_add(to, "any_two",
                           json_object_new_boolean(json_get_bool(rule, "any_two", false)));
    json_object_object_add(to, "when", json_object_get(json_get(rule, "when")));
    put_text(to, "demonstrate_to", json_get_string(rule, "demonstrate_to"));
    put_text(to, "text", json_get_string(rule, "text"));
    times_add(it, rule, to);
    json_object_object_add(it->work->result->substitute, it->jurisdiction, to);
}
