/* cmd_plan.c - plan, duty, obligations: what the law asks of an incident, and what was done. */

/* System. */
#include <errno.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/calendar.h"
#include "service/ctl/commands.h"

static const char *word(struct json_object *json, const char *member)
{
    return str_or(json_get_string(json, member), "");
}

static size_t length_of(struct json_object *list)
{
    return list == NULL ? 0 : json_object_array_length(list);
}

/* ---- The table. ---- */

static void print_duty(struct json_object *o)
{
    const char *due = json_get_string(o, "due"), *state = word(o, "state");
    const bool done = json_get_bool(o, "done", false);
    printf("  %-26s %-11s ",
           due != NULL                       ? due
           : json_get_bool(o, "held", false) ? "held"
                                             : "no fixed day",
           json_get_bool(o, "late", false) ? "LATE"
           : done                          ? "done"
                                           : state);
    printf("%-24s ", word(o, "key"));
    print_safe(stdout, word(o, "name"));
    printf(" (%lld people)\n", (long long)json_get_int(o, "people", 0));
    printf("      ");
    print_safe(stdout, word(o, "standard"));
    printf("\n      why: ");
    print_safe(stdout, word(o, "why"));
    printf(" (%s)\n", word(o, "citation"));
}

static void print_duties(struct json_object *list, bool required)
{
    size_t n = 0;
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (json_get_bool(o, "required", false) != required)
            continue;
        n++;
        if (required) {
            print_duty(o);
            continue;
        }
        printf("  %-24s ", word(o, "key"));
        print_safe(stdout, word(o, "why"));
        printf("\n");
    }
    if (n == 0)
        printf("  none\n");
}

static void print_waiting(struct json_object *list)
{
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *w = json_object_array_get_idx(list, i);
        printf("  %-8s %lld people until %s is told (%s): tocsin duty ID %s --done-at TIME\n",
               word(w, "jurisdiction"), (long long)json_get_int(w, "people", 0),
               word(w, "waits_for"), word(w, "citation"), word(w, "duty"));
    }
    if (length_of(list) == 0)
        printf("  nobody\n");
}

static void print_channels(struct json_object *channels)
{
    if (channels == NULL)
        return;
    json_object_object_foreach(channels, place, list)
    {
        for (size_t i = 0; i < length_of(list); i++) {
            struct json_object *c = json_object_array_get_idx(list, i);
            const int64_t people = json_get_int(c, "people", -1);
            printf("  %-8s %-7s %-11s %-10s ", i == 0 ? place : "", word(c, "channel"),
                   word(c, "counts_as"), word(c, "for"));
            if (people >= 0)
                printf("%8lld ", (long long)people);
            else
                printf("%8s ", "-");
            print_safe(stdout, word(c, "why"));
            printf("\n");
        }
    }
}

static void print_steps(struct json_object *list)
{
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *s = json_object_array_get_idx(list, i);
        printf("  %3lld. %-8s %s: ", (long long)json_get_int(s, "step", 0), word(s, "jurisdiction"),
               word(s, "do"));
        print_safe(stdout, word(s, "name"));
        printf("%s%s\n", json_get_string(s, "by") != NULL ? ", by " : "", word(s, "by"));
    }
}

static void print_questions(struct json_object *plan)
{
    struct json_object *list = json_get(plan, "questions"), *none = json_get(plan, "no_record");
    const int64_t unknown = json_get_int(plan, "people_unknown", 0);
    for (size_t i = 0; i < length_of(list); i++) {
        struct json_object *q = json_object_array_get_idx(list, i);
        printf("  %s (%s; for %s)\n", word(q, "question"), word(q, "fact"), word(q, "matters_for"));
    }
    for (size_t i = 0; i < length_of(none); i++)
        printf("  %s: no record of its law; its people are told by the default ladder\n",
               json_object_get_string(json_object_array_get_idx(none, i)));
    if (unknown > 0)
        printf("  %lld people without a jurisdiction: told by the default ladder\n",
               (long long)unknown);
    if (length_of(list) == 0 && length_of(none) == 0 && unknown == 0)
        printf("  nothing\n");
}

static void print_plan(struct json_object *plan)
{
    printf("Duties by due date\n");
    print_duties(json_get(plan, "obligations"), true);
    printf("\nPeople who wait; the others go\n");
    print_waiting(json_get(plan, "waiting"));
    printf("\nOrder of steps\n");
    print_steps(json_get(plan, "steps"));
    printf("\nChannels\n");
    print_channels(json_get(plan, "channels"));
    printf("\nMissing to comply\n");
    print_questions(plan);
    printf("\nNot due, and why\n");
    print_duties(json_get(plan, "obligations"), false);
    printf("\nRules %s, %.16s. %s\n", word(plan, "rules_version"), word(plan, "rules_digest"),
           word(plan, "notice"));
}

/* ---- The calendar. ---- */

static enum ctl_exit write_calendar(struct json_object *plan, const char *file)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    bool good = calendar_write(&text, plan);
    FILE *to = good ? fopen(file, "we") : NULL;
    good = to != NULL && fwrite(text.data, 1, text.length, to) == text.length;
    if (to != NULL)
        good = fclose(to) == 0 && good;
    buf_free(&text);
    return good ? CTL_OK : complain(CTL_LOCAL, "%s cannot be written: %s", file, strerror(errno));
}

enum ctl_exit run_plan(struct ctl *ctl)
{
    const char *file = ctl_option(ctl, "ics");
    const bool as_json = ctl->json;
    struct json_object *plan = NULL;
    struct buf path;
    incident_path(&path, ctl->words[0], "/plan");
    ctl->json = as_json && file == NULL;
    enum ctl_exit code = ask_json(
        ctl,
        &(struct api_request){.method = "POST", .path = path.data, .body = "{}", .body_length = 2},
        &plan);
    ctl->json = as_json;
    if (code == CTL_OK && file != NULL)
        code = write_calendar(plan, file);
    if (code == CTL_OK && plan != NULL && as_json)
        puts(json_object_to_json_string_ext(plan, JSON_C_TO_STRING_NOSLASHESCAPE));
    else if (code == CTL_OK && plan != NULL)
        print_plan(plan);
    json_object_put(plan);
    buf_free(&path);
    return code;
}

/* ---- One duty, and all that are open. ---- */

static void add_option(struct ctl *ctl, struct json_object *to, const char *option,
                       const char *member)
{
    const char *text = ctl_option(ctl, option);
    if (text != NULL)
        json_object_object_add(to, member, json_object_new_string(text));
}

enum ctl_exit run_duty(struct ctl *ctl)
{
    struct json_object *json = json_object_new_object(), *answer = NULL;
    struct buf path, body;
    add_option(ctl, json, "done-at", "done_at");
    add_option(ctl, json, "reference", "reference");
    add_option(ctl, json, "attachment", "attachment_digest");
    add_option(ctl, json, "note", "note");
    if (ctl_option(ctl, "override") != NULL)
        json_object_object_add(json, "override", json_object_new_boolean(true));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    incident_path(&path, ctl->words[0], "/duties/");
    path_add(&path, ctl->words[1]);
    enum ctl_exit code = ask_json(
        ctl,
        &(struct api_request){
            .method = "POST", .path = path.data, .body = body.data, .body_length = body.length},
        &answer);
    if (answer != NULL)
        print_value(answer, 0);
    json_object_put(answer);
    json_object_put(json);
    buf_free(&path);
    buf_free(&body);
    return code;
}

enum ctl_exit run_obligations(struct ctl *ctl)
{
    static const struct column columns[] = {{"due", "DUE"},           {"incident", "INCIDENT"},
                                            {"key", "DUTY"},          {"people_wait", "WAIT"},
                                            {"seconds_left", "LEFT"}, {"name", "WHO"}};
    return print_pages(ctl, "/v1/obligations?limit=2000",
                       &(struct pages){.columns = columns, .n = 6});
}
