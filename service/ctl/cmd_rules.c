/* cmd_rules.c - rules list, show, check, diff: the law as data, read by people. No server. */

/* System. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/clock.h"

/* This module. */
#include "service/ctl/rules_files.h"

enum ctl_exit rules_open_folder(const char *folder, const char *overlay,
                                struct law_rules **ret_rules)
{
    struct error error = {0};
    enum result result = law_rules_load(folder, &overlay, overlay != NULL, ret_rules, &error);
    if (result == RESULT_OK)
        return CTL_OK;
    return complain(result == RESULT_INVALID ? CTL_REFUSED : CTL_LOCAL, "%s: %s", error.field,
                    error.text);
}

enum ctl_exit rules_open(const struct ctl *ctl, struct law_rules **ret_rules)
{
    const char *folder = ctl_option(ctl, "rules");
    if (folder == NULL)
        folder = str_or(getenv("TOCSIN_RULES"), TOCSIN_RULES_DIR);
    return rules_open_folder(folder, ctl_option(ctl, "overlay"), ret_rules);
}

struct law_time rules_today(void)
{
    char text[DAY_TEXT_SIZE];
    struct law_time today;
    require(law_time_read(day_format(text, clock_now(clock_system())), &today));
    return today;
}

static const char *due_text(struct json_object *record, char *to, size_t size)
{
    struct json_object *clock = json_get(json_get(record, "people"), "clock");
    to[0] = 0;
    if (json_get(record, "people") == NULL)
        snprintf(to, size, "-");
    else if (clock == NULL)
        snprintf(to, size, "no number");
    else
        snprintf(to, size, "%lld %s", (long long)json_get_int(clock, "n", 0),
                 str_or(json_get_string(clock, "unit"), ""));
    return to;
}

static struct json_object *row_of(const struct law_rules *rules, const struct law_rule *rule,
                                  const struct law_time *today)
{
    struct json_object *record = law_rule_json(rule), *row = json_object_new_object();
    struct json_object *methods = json_get(record, "methods");
    char due[64];
    json_object_object_add(row, "id", json_object_new_string(law_rule_id(rule)));
    json_object_object_add(row, "name", json_object_get(json_get(record, "name")));
    json_object_object_add(row, "people",
                           json_object_new_string(due_text(record, due, sizeof due)));
    json_object_object_add(row, "email", json_object_get(json_get(methods, "email")));
    json_object_object_add(row, "status", json_object_get(json_get(record, "status")));
    json_object_object_add(row, "confidence", json_object_get(json_get(record, "confidence")));
    json_object_object_add(row, "reviewed", json_object_get(json_get(record, "reviewed")));
    json_object_object_add(row, "review_due",
                           json_object_new_boolean(law_rule_stale(rules, rule, today)));
    return row;
}

enum ctl_exit run_rules_list(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "ID"},
                                            {"name", "NAME"},
                                            {"people", "PEOPLE IN"},
                                            {"email", "EMAIL"},
                                            {"status", "STATUS"},
                                            {"confidence", "CONFIDENCE"},
                                            {"reviewed", "REVIEWED"}};
    struct law_rules *rules = NULL;
    struct law_time today = rules_today();
    size_t stale = 0;
    enum ctl_exit code = rules_open(ctl, &rules);
    if (code != CTL_OK)
        return code;
    struct json_object *items = json_object_new_array();
    for (size_t i = 0; i < law_rules_count(rules); i++) {
        json_object_array_add(items, row_of(rules, law_rules_at(rules, i), &today));
        stale += law_rule_stale(rules, law_rules_at(rules, i), &today);
    }
    if (ctl->json)
        puts(json_object_to_json_string_ext(items, JSON_C_TO_STRING_NOSLASHESCAPE));
    else
        print_table(items, columns, sizeof columns / sizeof *columns);
    if (!ctl->json)
        printf("\nversion %s; defaults, have counsel review them\n", law_rules_version(rules));
    if (stale > 0)
        fprintf(stderr, "tocsin: %zu records are past their review; have them looked at\n", stale);
    json_object_put(items);
    law_rules_destroy(&rules);
    return CTL_OK;
}

static enum ctl_exit no_such(const char *id)
{
    return complain(CTL_REFUSED, "there is no record %s; see tocsin rules list", id);
}

enum ctl_exit run_rules_show(struct ctl *ctl)
{
    struct law_rules *rules = NULL;
    enum ctl_exit code = rules_open(ctl, &rules);
    if (code != CTL_OK)
        return code;
    const struct law_rule *rule = law_rules_get(rules, ctl->words[0]);
    struct law_time today = rules_today();
    if (rule == NULL)
        code = no_such(ctl->words[0]);
    else if (ctl->json)
        puts(json_object_to_json_string_ext(law_rule_json(rule), JSON_C_TO_STRING_NOSLASHESCAPE));
    else
        print_value(law_rule_json(rule), 0);
    if (rule != NULL && law_rule_stale(rules, rule, &today))
        fprintf(stderr, "tocsin: this record is past its review; have it looked at\n");
    law_rules_destroy(&rules);
    return code;
}

enum ctl_exit run_rules_check(struct ctl *ctl)
{
    const char *folder =
        str_or(ctl_option(ctl, "rules"), str_or(getenv("TOCSIN_RULES"), TOCSIN_RULES_DIR));
    struct law_rules *rules = NULL;
    enum ctl_exit code = rules_open_folder(folder, ctl->words[0], &rules);
    if (code != CTL_OK)
        return code;
    char digest[DIGEST_TEXT_SIZE];
    hex_encode(digest, law_rules_digest(rules), DIGEST_SIZE);
    printf("%s fits; with it the rules have the digest %s\n", ctl->words[0], digest);
    law_rules_destroy(&rules);
    return CTL_OK;
}

/* ---- diff ---- */

static const char *text_of(struct json_object *value)
{
    return value == NULL ? "(nothing)"
                         : json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* Members of the two, path by path. Returns how many differ. */
static unsigned diff_members(const char *path, struct json_object *a, struct json_object *b)
{
    char inner[512];
    unsigned n = 0;
    if (json_object_equal(a, b))
        return 0;
    if (!json_object_is_type(a, json_type_object) || !json_object_is_type(b, json_type_object)) {
        printf("%s\n  - %s\n", path,
               text_of(a)); /* the text is the object's own until asked again */
        printf("  + %s\n", text_of(b));
        return 1;
    }
    json_object_object_foreach(a, key, value)
    {
        snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", key);
        n += diff_members(inner, value, json_get(b, key));
    }
    json_object_object_foreach(b, other, added)
    {
        snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", other);
        if (json_get(a, other) == NULL)
            n += diff_members(inner, NULL, added);
    }
    return n;
}

static unsigned diff_sets(const struct law_rules *a, const struct law_rules *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < law_rules_count(a); i++) {
        const struct law_rule *old = law_rules_at(a, i);
        const struct law_rule *now = law_rules_get(b, law_rule_id(old));
        n += diff_members(law_rule_id(old), law_rule_json(old),
                          now == NULL ? NULL : law_rule_json(now));
    }
    for (size_t i = 0; i < law_rules_count(b); i++) {
        const struct law_rule *now = law_rules_at(b, i);
        if (law_rules_get(a, law_rule_id(now)) == NULL)
            n += diff_members(law_rule_id(now), NULL, law_rule_json(now));
    }
    return n;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static enum ctl_exit diff_records(struct ctl *ctl)
{
    struct law_rules *rules = NULL;
    enum ctl_exit code = rules_open(ctl, &rules);
    if (code != CTL_OK)
        return code;
    const struct law_rule *a = law_rules_get(rules, ctl->words[0]);
    const struct law_rule *b = law_rules_get(rules, ctl->words[1]);
    if (a == NULL || b == NULL)
        code = no_such(a == NULL ? ctl->words[0] : ctl->words[1]);
    else if (diff_members("", law_rule_json(a), law_rule_json(b)) > 0)
        code = CTL_REFUSED;
    law_rules_destroy(&rules);
    return code;
}

enum ctl_exit run_rules_diff(struct ctl *ctl)
{
    struct law_rules *a = NULL, *b = NULL;
    if (!is_folder(ctl->words[0]) || !is_folder(ctl->words[1]))
        return diff_records(ctl);
    enum ctl_exit code = rules_open_folder(ctl->words[0], NULL, &a);
    if (code == CTL_OK)
        code = rules_open_folder(ctl->words[1], NULL, &b);
    if (code == CTL_OK && diff_sets(a, b) > 0)
        code = CTL_REFUSED; /* as diff(1) does */
    law_rules_destroy(&a);
    law_rules_destroy(&b);
    return code;
}
