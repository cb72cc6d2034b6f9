/* plan_json.c - what a plan says: duties by due date with their keys and states, who waits for
 * whom, the order of steps, people by jurisdiction and channel, and what is missing. Pure. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/duty/plan_private.h"

static const char *const addressees[] = {"people", "regulator", "cra", "media", "third_party"};

const char *duty_addressee_name(int addressee)
{
    return addressee >= 0 && addressee <= LAW_TO_THIRD_PARTY ? addressees[addressee] : "unknown";
}

static void put_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, text == NULL ? NULL : json_object_new_string(text));
}

static void put_int(struct json_object *to, const char *name, int64_t number)
{
    json_object_object_add(to, name, json_object_new_int64(number));
}

/* ---- Keys and rows. ---- */

/* Place, addressee, code; a number where a place has several: the rules' order, which is stable. */
static const char *key_make(struct legal_plan *it, size_t i)
{
    const struct law_obligation *o = &it->law.obligations[i];
    unsigned same = 1;
    for (size_t k = 0; k < i; k++) {
        const struct law_obligation *other = &it->law.obligations[k];
        same += other->to == o->to && str_equal(other->jurisdiction, o->jurisdiction) &&
                (o->code == NULL ? other->code == NULL : str_equal(o->code, other->code));
    }
    const char *dot = o->code == NULL ? "" : ".";
    if (same == 1)
        return arena_printf(it->arena, "%s.%s%s%s", o->jurisdiction, addressees[o->to], dot,
                            str_or(o->code, ""));
    return arena_printf(it->arena, "%s.%s%s%s.%u", o->jurisdiction, addressees[o->to], dot,
                        str_or(o->code, ""), same);
}

/* A day is over at another moment in each place: noon UTC lies in it almost everywhere. */
static time_ms due_of(const struct law_time *due)
{
    const int64_t half_day = 43200;
    if (due->kind == LAW_NEVER)
        return TIME_NONE;
    return (due->kind == LAW_DATE ? due->day * 86400 + half_day : due->seconds) * 1000;
}

static const char *body_make(struct legal_plan *it, const struct law_obligation *o)
{
    char due[LAW_TIME_TEXT];
    struct json_object *json = json_object_new_object();
    put_text(json, "name", o->name);
    put_text(json, "to", addressees[o->to]);
    put_text(json, "standard", o->standard);
    put_text(json, "citation", o->citation);
    put_text(json, "due", o->due.kind == LAW_NEVER ? NULL : law_time_write(due, &o->due));
    const char *text =
        arena_strdup(it->arena, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
    json_object_put(json);
    return text;
}

bool plan_rows(struct legal_plan *it)
{
    const size_t n = it->law.n_obligations;
    it->keys = arena_alloc(it->arena, (n + 1) * sizeof(*it->keys));
    it->rows = arena_alloc(it->arena, (n + 1) * sizeof(*it->rows));
    if (it->keys == NULL || it->rows == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct law_obligation *o = &it->law.obligations[i];
        it->keys[i] = key_make(it, i);
        if (it->keys[i] == NULL)
            return false;
        if (!o->required || o->to == LAW_TO_PEOPLE)
            continue;
        struct duty_row *row = &it->rows[it->put.n++];
        *row = (struct duty_row){.key = it->keys[i],
                                 .jurisdiction = o->jurisdiction,
                                 .addressee = (int)o->to,
                                 .blocks = o->blocks_people,
                                 .due_at = due_of(&o->due),
                                 .body = body_make(it, o)};
        if (row->body == NULL)
            return false;
    }
    return true;
}

const struct duty_row *plan_before(const struct legal_plan *it, size_t i)
{
    for (size_t k = 0; k < it->before.n; k++)
        if (str_equal(it->before.rows[k].key, it->keys[i]))
            return &it->before.rows[k];
    return NULL;
}

static bool decided(const struct legal_plan *it, size_t i)
{
    const struct duty_row *row = plan_before(it, i);
    return row != NULL && (row->state == DUTY_DONE || row->state == DUTY_OVERRIDDEN);
}

bool plan_waits(const struct legal_plan *it, size_t i)
{
    return it->law.obligations[i].blocks_people && !decided(it, i);
}

/* ---- Duties, by due date. ---- */

static const struct legal_plan *sorting; /* qsort has no context; the loop's only */

static int by_due(const void *a, const void *b)
{
    const size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const struct law_obligation *x = &sorting->law.obligations[i],
                                *y = &sorting->law.obligations[k];
    if (x->required != y->required)
        return x->required ? -1 : 1;
    if ((x->due.kind == LAW_NEVER) != (y->due.kind == LAW_NEVER))
        return x->due.kind == LAW_NEVER ? 1 : -1;
    int order = x->due.kind == LAW_NEVER ? 0 : law_time_compare(&x->due, &y->due);
    return order != 0 ? order : i < k ? -1 : i > k;
}

static size_t *sorted(struct legal_plan *it)
{
    size_t *order = arena_alloc(it->arena, (it->law.n_obligations + 1) * sizeof(*order));
    for (size_t i = 0; order != NULL && i < it->law.n_obligations; i++)
        order[i] = i;
    sorting = it;
    if (order != NULL && it->law.n_obligations > 0)
        qsort(order, it->law.n_obligations, sizeof(*order), by_due);
    return order;
}

static void obligation_more(struct legal_plan *it, struct json_object *json, size_t i)
{
    char text[TIME_TEXT_SIZE];
    const struct duty_row *row = plan_before(it, i);
    const bool known = row != NULL && row->state != DUTY_GONE;
    put_text(json, "key", it->keys[i]);
    put_text(json, "state", known ? sm_name(&duty_states, row->state) : "open");
    if (known && row->state == DUTY_DONE) {
        put_text(json, "done_at", time_format(text, row->told_at));
        json_object_object_add(json, "done", json_object_new_boolean(true));
    }
}

/* ---- Who waits. ---- */

static int64_t people_in(const struct legal_plan *it, const char *jurisdiction)
{
    const struct census *census = &it->census.census;
    for (size_t i = 0; i < census->n; i++)
        if (str_equal(census->places[i].jurisdiction, jurisdiction))
            return census->places[i].n;
    return 0;
}

static struct json_object *waiting(struct legal_plan *it)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < it->law.n_obligations; i++) {
        const struct law_obligation *o = &it->law.obligations[i];
        if (!plan_waits(it, i))
            continue;
        struct json_object *json = json_object_new_object();
        put_text(json, "jurisdiction", o->jurisdiction);
        put_int(json, "people", people_in(it, o->jurisdiction));
        put_text(json, "waits_for", o->name);
        put_text(json, "duty", it->keys[i]);
        put_text(json, "citation", o->citation);
        json_object_array_add(list, json);
    }
    return list;
}

/* ---- The order of steps. ---- */

static void step_add(struct json_object *steps, struct legal_plan *it, size_t i)
{
    char due[LAW_TIME_TEXT];
    const struct law_obligation *o = &it->law.obligations[i];
    struct json_object *step = json_object_new_object();
    const bool people = o->to == LAW_TO_PEOPLE;
    put_int(step, "step", (int64_t)json_object_array_length(steps) + 1);
    put_text(step, "do", people ? "tell the people" : "tell");
    put_text(step, "jurisdiction", o->jurisdiction);
    put_text(step, "name", o->name);
    put_text(step, "by", o->due.kind == LAW_NEVER ? NULL : law_time_write(due, &o->due));
    put_text(step, "standard", o->standard);
    put_text(step, "duty", people ? NULL : it->keys[i]);
    json_object_array_add(steps, step);
}

/* What holds people back comes before them; what follows the letters comes after. */
static struct json_object *steps_make(struct legal_plan *it, const size_t *order)
{
    struct json_object *steps = json_object_new_array();
    for (unsigned round = 0; round < 3; round++) {
        for (size_t k = 0; k < it->law.n_obligations; k++) {
            const size_t i = order[k];
            const struct law_obligation *o = &it->law.obligations[i];
            const unsigned mine = o->blocks_people ? 0 : o->to == LAW_TO_PEOPLE ? 1 : 2;
            if (o->required && !o->done && !decided(it, i) && mine == round)
                step_add(steps, it, i);
        }
    }
    return steps;
}

/* ---- The whole. ---- */

static struct json_object *people_json(const struct census *census)
{
    struct json_object *all = json_object_new_object();
    for (size_t i = 0; i < census->n; i++) {
        const struct census_place *place = &census->places[i];
        struct json_object *json = json_object_new_object();
        put_int(json, "people", place->n);
        put_int(json, "email", place->email);
        put_int(json, "email_consented", place->email_consented);
        put_int(json, "postal", place->postal);
        put_int(json, "phone", place->phone);
        put_int(json, "account", place->account);
        put_int(json, "none", place->none);
        json_object_object_add(all, place->jurisdiction, json);
    }
    return all;
}

static void reorder(struct legal_plan *it, struct json_object *json, const size_t *order)
{
    struct json_object *from = json_get(json, "obligations"), *to = json_object_new_array();
    for (size_t k = 0; k < it->law.n_obligations; k++) {
        struct json_object *o = json_object_array_get_idx(from, order[k]);
        obligation_more(it, o, order[k]);
        json_object_array_add(to, json_object_get(o));
    }
    json_object_object_add(json, "obligations", to);
}

const char *plan_write(struct legal_plan *it)
{
    char text[ID_TEXT_SIZE], at[TIME_TEXT_SIZE];
    const size_t *order = sorted(it);
    if (order == NULL)
        return NULL;
    struct json_object *json = law_result_json(it->delivery->config.rules, &it->law);
    reorder(it, json, order);
    put_text(json, "incident", id_format(text, "inc", it->req->incident));
    put_text(json, "made_at", time_format(at, delivery_now(it->delivery)));
    json_object_object_add(json, "facts", json_object_get(json_get(it->document, "incident")));
    json_object_object_add(json, "events", json_object_get(json_get(it->document, "events")));
    json_object_object_add(json, "ignored_sectors", legal_facts_ignored(it->dossier->document));
    json_object_object_add(json, "people", people_json(&it->census.census));
    put_int(json, "people_unknown", it->census.census.unknown + it->census.census.unopened);
    json_object_object_add(json, "waiting", waiting(it));
    json_object_object_add(json, "steps", steps_make(it, order));
    const char *kept = arena_strdup(
        it->req->request.arena, json_object_to_json_string_ext(
                                    json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
    return kept;
}
