/* rules.c - the rule set in memory: loading the folder and its overlays, looking records up. */
/* System. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

enum { FILE_MAX = 1 << 20, RULES_MAX = 1024, ARENA_MAX = 32 << 20, PATH_SIZE = 1024 };

/* The documents by id, before they are compiled. */
struct loading {
    struct json_object *documents; /* id -> record */
    struct error *error;
};

static enum result file_read(const char *path, struct json_object **ret, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, RESULT_NOT_FOUND, path, "It cannot be read (%s); check the path.",
                         strerror(errno));
    char *text = mem_alloc(FILE_MAX + 1, 1);
    size_t n = fread(text, 1, FILE_MAX + 1, file);
    fclose(file);
    enum result result = n > FILE_MAX ? error_set(error, RESULT_TOO_LARGE, path,
                                                  "A rule file has at most 1 MiB; split it.")
                                      : json_read(text, n, ret, error);
    if (result == RESULT_INVALID)
        error_wrap(error, "%s", path);
    mem_free(text);
    return result;
}

/* Members of the overlay take the place of those that are there. */
static void merge(struct json_object *documents, const char *id, struct json_object *record)
{
    struct json_object *old = json_get(documents, id);
    if (old == NULL) {
        json_object_object_add(documents, id, json_object_get(record));
        return;
    }
    json_object_object_foreach(record, key, value)
    {
        if (value == NULL)
            json_object_object_del(old, key);
        else
            json_object_object_add(old, key, json_object_get(value));
    }
}

static enum result record_load(struct loading *loading, const char *path)
{
    struct json_object *json = NULL;
    enum result result = file_read(path, &json, loading->error);
    if (result != RESULT_OK)
        return result;
    const char *id = json_get_string(json, "id");
    if (str_empty(id) || strlen(id) > 32)
        result = error_set(loading->error, RESULT_INVALID, path,
                           "A record needs its id, such as US-CA; add it.");
    else
        merge(loading->documents, id, json);
    json_object_put(json);
    return result;
}

static int is_json(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 5 && str_equal(entry->d_name + n - 5, ".json");
}

static enum result folder_load(struct loading *loading, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct dirent **entries;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int n = scandir(path, &entries, is_json, alphasort);
    if (n < 0)
        return error_set(loading->error, RESULT_NOT_FOUND, path,
                         "The folder of rules cannot be read (%s); check `rules` in the "
                         "configuration.",
                         strerror(errno));
    enum result result = RESULT_OK;
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", folder, name, entries[i]->d_name);
        if (result == RESULT_OK)
            result = record_load(loading, path);
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int by_id(const void *a, const void *b)
{
    const struct law_rule *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static enum result compile(struct law_rules *rules, struct loading *loading)
{
    size_t n = (size_t)json_object_object_length(loading->documents);
    if (n > RULES_MAX)
        return error_set(loading->error, RESULT_TOO_LARGE, NULL,
                         "A rule set has at most %d records.", RULES_MAX);
    rules->rules = arena_alloc(rules->arena, (n + 1) * sizeof(*rules->rules));
    require(rules->rules != NULL);
    json_object_object_foreach(loading->documents, id, record)
    {
        (void)id;
        struct law_rule *rule = &rules->rules[rules->n];
        if (!rule_read(rule, record, rules->arena, loading->error))
            return RESULT_INVALID;
        rule->json = json_object_get(record);
        rules->n++;
    }
    qsort(rules->rules, rules->n, sizeof(*rules->rules), by_id);
    return RESULT_OK;
}

static void digest(struct law_rules *rules)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    struct sha256_stream *stream = sha256_begin();
    require(json_write(&text, rules->set) && json_write(&text, rules->holidays));
    for (size_t i = 0; i < rules->n; i++)
        require(json_write(&text, rules->rules[i].json));
    sha256_add(stream, text.data, text.length);
    sha256_end(&stream, rules->digest);
    buf_free(&text);
}

static enum result set_load(struct law_rules *rules, const char *folder, struct error *error)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/set.json", folder);
    enum result result = file_read(path, &rules->set, error);
    if (result != RESULT_OK)
        return result;
    rules->version = json_get_string(rules->set, "version");
    rules->review_days = json_get_int(rules->set, "review_again_after_days", 90);
    if (rules->version == NULL)
        return error_set(error, RESULT_INVALID, "set.json.version", "A rule set has a version.");
    snprintf(path, sizeof path, "%s/holidays.json", folder);
    return file_read(path, &rules->holidays, error);
}

enum result law_rules_load(const char *folder, const char *const *overlays, size_t n_overlays,
                           struct law_rules **ret_rules, struct error *error)
{
    struct law_rules *rules = mem_new(struct law_rules);
    struct loading loading = {.documents = json_object_new_object(), .error = error};
    rules->arena = arena_create(ARENA_MAX);
    enum result result = set_load(rules, folder, error);
    if (result == RESULT_OK)
        result = folder_load(&loading, folder, "us");
    if (result == RESULT_OK)
        result = folder_load(&loading, folder, "world");
    for (size_t i = 0; result == RESULT_OK && i < n_overlays; i++)
        result = record_load(&loading, overlays[i]);
    if (result == RESULT_OK)
        result = compile(rules, &loading);
    json_object_put(loading.documents);
    if (result != RESULT_OK) {
        law_rules_destroy(&rules);
        return result;
    }
    digest(rules);
    *ret_rules = rules;
    return RESULT_OK;
}

void law_rules_destroy(struct law_rules **place)
{
    struct law_rules *rules = *place;
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->n; i++)
        json_object_put(rules->rules[i].json);
    json_object_put(rules->set);
    json_object_put(rules->holidays);
    arena_destroy(&rules->arena);
    mem_free(rules);
    *place = NULL;
}

/* ---- Looking up. ---- */

const char *law_rules_version(const struct law_rules *rules)
{
    return rules->version;
}

const uint8_t *law_rules_digest(const struct law_rules *rules)
{
    return rules->digest;
}

size_t law_rules_count(const struct law_rules *rules)
{
    return rules->n;
}

const struct law_rule *law_rules_at(const struct law_rules *rules, size_t i)
{
    return i < rules->n ? &rules->rules[i] : NULL;
}

const struct law_rule *law_rules_get(const struct law_rules *rules, const char *id)
{
    const struct law_rule key = {.id = id};
    return id == NULL ? NULL : bsearch(&key, rules->rules, rules->n, sizeof key, by_id);
}

static bool has_member(const struct law_rule *rule, const char *code)
{
    for (size_t i = 0; rule != NULL && i < rule->n_members; i++)
        if (str_equal(rule->members[i].code, code))
            return true;
    return false;
}

const struct law_rule *law_rules_find(const struct law_rules *rules, const char *jurisdiction)
{
    const struct law_rule *eu = law_rules_get(rules, "EU");
    const struct law_rule *rule = law_rules_get(rules, jurisdiction);
    char country[33];
    if (rule != NULL)
        return rule->sector != NULL || rule->consent_only ? NULL : rule;
    if (!str_copy(country, sizeof country, jurisdiction))
        return NULL;
    if (str_starts(country, "EU-"))
        return has_member(eu, country + 3) ? eu : law_rules_get(rules, country + 3);
    char *dash = strchr(country, '-');
    if (dash != NULL)
        *dash = 0;
    if (has_member(eu, country))
        return eu;
    return str_equal(country, "US") ? NULL : law_rules_get(rules, country);
}

struct json_object *law_rule_json(const struct law_rule *rule)
{
    return rule->json;
}

const char *law_rule_id(const struct law_rule *rule)
{
    return rule->id;
}

bool law_rule_stale(const struct law_rules *rules, const struct law_rule *rule,
                    const struct law_time *today)
{
    struct law_time reviewed;
    return law_time_read(rule->reviewed, &reviewed) && today->kind != LAW_NEVER &&
           today->day - reviewed.day > rules->review_days;
}
