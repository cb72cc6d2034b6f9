/* bench_law.c - how long the law takes: a million people told apart one by one, and one incident
 * over every place. Prints two numbers: seconds for the people, milliseconds for an evaluation. */
/* System. */
#include <stdio.h>
#include <string.h>
#include <time.h>

/* This module. */
#include "service/law/law.h"

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double people(const struct law_rules *rules, const struct law_facts *facts, long n)
{
    char places[64][8];
    size_t n_places = 0;
    unsigned long notices = 0;
    for (size_t i = 0; i < law_rules_count(rules) && n_places < 64; i++)
        snprintf(places[n_places++], sizeof places[0], "%.7s", law_rule_id(law_rules_at(rules, i)));
    double begun = now();
    for (long i = 0; i < n; i++) {
        const struct law_rule *rule = law_rules_find(rules, places[(size_t)i % n_places]);
        const struct law_person person = {.consented = i & 1};
        const char *why;
        for (int method = 0; method < LAW_METHODS_N; method++)
            notices += law_method_counts(rule, facts, (enum law_method)method, &person, &why) ==
                       LAW_COUNTS_NOTICE;
    }
    double took = now() - begun;
    return notices == 0 ? -1 : took;
}

static double incident(const struct law_rules *rules, struct law_facts *facts)
{
    static struct law_people groups[128];
    facts->people = groups;
    for (size_t i = 0; i < law_rules_count(rules); i++)
        groups[facts->n_people++] = (struct law_people){
            law_rule_id(law_rules_at(rules, i)), 1000, 900, 400, 1000, 500, 200, 0, -1};
    double begun = now();
    for (int i = 0; i < 20; i++) {
        struct arena *arena = arena_create(64 << 20);
        struct law_result result;
        if (!law_evaluate(rules, facts, arena, &result))
            return -1;
        law_result_free(&result);
        arena_destroy(&arena);
    }
    return (now() - begun) / 20 * 1000;
}

int main(int argc, char **argv)
{
    struct law_rules *rules = NULL;
    struct error error = {0};
    struct law_facts facts = {.risk = LAW_RISK_HIGH};
    if (argc != 2 || law_rules_load(argv[1], NULL, 0, &rules, &error) != RESULT_OK) {
        fprintf(stderr, "%s: %s\n", error.field, error.text);
        return 1;
    }
    facts.data = UINT64_C(1) << law_data_find("name") | UINT64_C(1) << law_data_find("ssn");
    facts.discovered = (struct law_time){.kind = LAW_DATE, .day = 20500};
    double seconds = people(rules, &facts, 1000000);
    printf("%.4f %.4f\n", seconds, incident(rules, &facts));
    law_rules_destroy(&rules);
    return 0;
}
