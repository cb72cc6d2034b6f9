/* cmd_law.c - law evaluate: facts and counts in, a table that a person can read out. No server. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/rules_files.h"

enum { ARENA_MAX = 64 << 20 };

static const char *word(struct json_object *json, const char *member)
{
    return str_or(json_get_string(json, member), "");
}

static void print_duty(struct json_object *o)
{
    struct json_object *order = json_get(o, "order");
    const char *due = json_get_string(o, "due");
    printf("  %-12s %-11s %-26s ", word(o, "jurisdiction"), word(o, "to"),
           due != NULL                       ? due
           : json_get_bool(o, "held", false) ? "held"
                                             : "no fixed day");
    print_safe(stdout, word(o, "name"));
    putchar('\n');
    printf("      %s", json_get_bool(o, "late", false) ? "LATE; " : "");
    print_safe(stdout, word(o, "standard"));
    putchar('\n');
    for (size_t i = 0; i < json_object_array_length(order); i++)
        printf("      first: %s\n", json_object_get_string(json_object_array_get_idx(order, i)));
    printf("      why: %s (%s)\n", word(o, "why"), word(o, "citation"));
    if (json_get_string(o, "condition") != NULL)
        printf("      condition: %s\n", word(o, "condition"));
}

static void print_duties(struct json_object *list, bool required)
{
    size_t n = 0;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (json_get_bool(o, "required", false) != required)
            continue;
        n++;
        if (required)
            print_duty(o);
        else
            printf("  %-12s %-11s %s: %s\n", word(o, "jurisdiction"), word(o, "to"),
                   word(o, "name"), word(o, "why"));
    }
    if (n == 0)
        printf("  none\n");
}

static void print_channels(struct json_object *channels)
{
    json_object_object_foreach(channels, place, list)
    {
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            struct json_object *c = json_object_array_get_idx(list, i);
            printf("  %-12s %-7s %-11s %-10s %s\n", i == 0 ? place : "", word(c, "channel"),
                   word(c, "counts_as"), word(c, "for"), word(c, "why"));
        }
    }
}

static void print_questions(struct json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *q = json_object_array_get_idx(list, i);
        printf("  %s (%s; for %s)\n", word(q, "question"), word(q, "fact"), word(q, "matters_for"));
    }
    if (json_object_array_length(list) == 0)
        printf("  none\n");
}

static void print_answer(struct json_object *out)
{
    struct json_object *waiting = json_get(out, "waiting");
    printf("Duties\n");
    print_duties(json_get(out, "obligations"), true);
    printf("\nNot due, and why\n");
    print_duties(json_get(out, "obligations"), false);
    printf("\nChannels\n");
    print_channels(json_get(out, "channels"));
    if (json_object_array_length(waiting) > 0)
        printf("\nPeople who wait\n");
    for (size_t i = 0; i < json_object_array_length(waiting); i++) {
        struct json_object *w = json_object_array_get_idx(waiting, i);
        printf("  %-12s until %s is told\n", word(w, "jurisdiction"), word(w, "waits_for"));
    }
    printf("\nQuestions\n");
    print_questions(json_get(out, "questions"));
    printf("\nRules %s. %s\n", word(out, "rules_version"), word(out, "notice"));
}

static enum ctl_exit evaluate(const struct ctl *ctl, const struct law_rules *rules,
                              struct json_object *in)
{
    struct arena *arena = arena_create(ARENA_MAX);
    struct law_facts facts;
    struct law_result result;
    struct error error = {0};
    enum ctl_exit code = CTL_OK;
    if (law_facts_read(in, arena, &facts, &error) != RESULT_OK) {
        code = complain(CTL_REFUSED, "%s: %s", error.field, error.text);
    } else if (!law_evaluate(rules, &facts, arena, &result)) {
        code = complain(CTL_REFUSED, "the scenario is too large; ask for fewer places at once");
    } else {
        struct json_object *out = law_result_json(rules, &result);
        if (ctl->json)
            puts(json_object_to_json_string_ext(out, JSON_C_TO_STRING_NOSLASHESCAPE));
        else
            print_answer(out);
        json_object_put(out);
        law_result_free(&result);
    }
    arena_destroy(&arena);
    return code;
}

enum ctl_exit run_law_evaluate(struct ctl *ctl)
{
    struct law_rules *rules = NULL;
    struct json_object *in = NULL;
    struct buf text;
    enum ctl_exit code = read_json_file(ctl->words[0], &text);
    if (code != CTL_OK)
        return code;
    if (json_read(text.data, text.length, &in, NULL) != RESULT_OK)
        code = complain(CTL_LOCAL, "%s is no JSON", ctl->words[0]);
    if (code == CTL_OK)
        code = rules_open(ctl, &rules);
    if (code == CTL_OK)
        code = evaluate(ctl, rules, in);
    json_object_put(in);
    law_rules_destroy(&rules);
    buf_free(&text);
    return code;
}
