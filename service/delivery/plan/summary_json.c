/* summary_json.c - the words of a summary. What is not configured (prices, rates) is null: shown as
 * unknown, never guessed. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/sm.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/binding.h"
#include "service/delivery/plan/difference.h"
#include "service/delivery/plan/summary_private.h"

enum { HTML_BYTES_MAX = 6 << 20, REASONS_MAX = 50 };

static void put_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, text == NULL ? NULL : json_object_new_string(text));
}

static void put_int(struct json_object *to, const char *name, int64_t value)
{
    json_object_object_add(to, name, json_object_new_int64(value));
}

static void put_bool(struct json_object *to, const char *name, bool value)
{
    json_object_object_add(to, name, json_object_new_boolean(value));
}

static void put_time(struct json_object *to, const char *name, time_ms at)
{
    char text[TIME_TEXT_SIZE];
    put_text(to, name, at == TIME_NONE ? NULL : time_format(text, at));
}

static void put_id(struct json_object *to, const char *name, const char *prefix, id value)
{
    char text[ID_TEXT_SIZE];
    put_text(to, name, value == 0 ? NULL : id_format(text, prefix, value));
}

/* ---- Cohorts and variants. ---- */

static struct json_object *cohorts(struct summary_work *it)
{
    struct json_object *array = json_object_new_array();
    counts_sort(&it->cohorts);
    for (size_t i = 0; i < it->cohorts.n; i++) {
        const char *key = it->cohorts.items[i].key;
        size_t place = strcspn(key, "|"), locale = strcspn(key + place + 1, "|");
        struct json_object *item = json_object_new_object();
        json_object_object_add(item, "jurisdiction", json_object_new_string_len(key, (int)place));
        json_object_object_add(item, "locale",
                               json_object_new_string_len(key + place + 1, (int)locale));
        put_text(item, "channel", key + place + locale + 2);
        put_int(item, "people", it->cohorts.items[i].n);
        json_object_array_add(array, item);
    }
    return array;
}

static struct json_object *data_types(uint64_t bits)
{
    struct json_object *array = json_object_new_array();
    for (int i = 0; i < DATA_TYPES_N; i++)
        if (bits >> i & 1)
            json_object_array_add(array, json_object_new_string(data_type_name((enum data_type)i)));
    return array;
}

static struct json_object *variant_json(struct summary_work *it, const struct count *count,
                                        size_t *html_left)
{
    const struct policy *policy = &it->dossier->policy;
    struct variant variant;
    struct json_object *item = json_object_new_object();
    put_text(item, "key", count->key);
    put_int(item, "people", count->n);
    put_int(item, "first", count->first);
    if (variant_parse(&variant, policy, count->key)) {
        put_text(item, "channel", policy->channels[variant.channel].channel);
        put_text(item, "group", variant.group);
        put_text(item, "locale", variant.locale);
        json_object_object_add(item, "data_types", data_types(variant.data_types));
        put_bool(item, "minor", variant.flags & RECIPIENT_MINOR);
        put_bool(item, "deceased", variant.flags & RECIPIENT_DECEASED);
        put_bool(item, "discreet", variant.flags & RECIPIENT_DISCREET);
        put_bool(item, "former_user", variant.flags & RECIPIENT_FORMER_USER);
    }
    const char *html = json_get_string(count->user, "html");
    size_t length = html == NULL ? 0 : strlen(html);
    if (length > *html_left) /* it is had one by one */
        put_text(count->user, "html", NULL);
    else
        *html_left -= length;
    json_object_object_add(item, "sample", json_object_get(count->user));
    return item;
}

static struct json_object *variants(struct summary_work *it)
{
    struct json_object *array = json_object_new_array();
    size_t html_left = HTML_BYTES_MAX;
    counts_sort(&it->variants);
    for (size_t i = 0; i < it->variants.n; i++)
        json_object_array_add(array, variant_json(it, &it->variants.items[i], &html_left));
    return array;
}

/* ---- Warnings. ---- */

static void warn(struct json_object *to, const char *kind, int64_t people, const char *text)
{
    if (people == 0)
        return;
    struct json_object *item = json_object_new_object();
    put_text(item, "kind", kind);
    put_int(item, "people", people);
    put_text(item, "text", text);
    json_object_array_add(to, item);
}

static struct json_object *warnings(struct summary_work *it)
{
    const struct incident_row *row = &it->dossier->row;
    struct json_object *array = json_object_new_array();
    warn(array, "unreachable", it->fates[FATE_UNREACHABLE],
         "people cannot be reached over any channel; they would not be told.");
    warn(array, "withheld", it->fates[FATE_WITHHELD],
         "people are withheld, because the text would have a hole for them.");
    warn(array, "unopened", it->unopened,
         "people were erased, or their stored bytes do not open; nobody can tell them.");
    warn(array, "rejected", row->rejected,
         "rows of the roster were rejected; look at them and send them again corrected.");
    warn(array, "duplicates", row->duplicates, "rows of the roster repeat a person.");
    warn(array, "test", row->test,
         "This is a test incident: only addresses marked for tests are sent to.");
    warn(array, "samples_left_out", it->samples_left_out,
         "variants have no sample here, because there are so many; look at theirs one by one.");
    warn(array, "cohorts_left_out", it->cohorts.left_out + it->variants.left_out,
         "ways of people are not in the tables below, because there are so many.");
    return array;
}

static struct json_object *lint(struct summary_work *it)
{
    struct json_object *array = json_object_new_array();
    struct notice_source source;
    struct lint_report report;
    for (size_t i = 0; dossier_source(it->dossier, i, &source); i++) {
        notice_lint(dossier_notice(it->dossier, source.locale), &report);
        for (size_t k = 0; k < report.n; k++) {
            struct json_object *item = json_object_new_object();
            put_bool(item, "error", report.findings[k].error);
            put_text(item, "locale", source.locale);
            put_text(item, "rule", report.findings[k].rule);
            put_text(item, "text", report.findings[k].text);
            json_object_array_add(array, item);
        }
    }
    return array;
}

static struct json_object *reasons(struct summary_work *it)
{
    struct json_object *array = json_object_new_array();
    counts_sort(&it->reasons);
    for (size_t i = 0; i < it->reasons.n && i < REASONS_MAX; i++) {
        struct json_object *item = json_object_new_object();
        put_text(item, "reason", it->reasons.items[i].key);
        put_int(item, "people", it->reasons.items[i].n);
        json_object_array_add(array, item);
    }
    return array;
}

/* ---- Approvals and differences. ---- */

static struct json_object *approvals(struct summary_work *it)
{
    struct json_object *json = json_object_new_object(), *given = json_object_new_array();
    int64_t valid = 0;
    for (size_t i = 0; i < it->approvals.n; i++) {
        const struct approval_row *row = &it->approvals.rows[i];
        bool counts = row->valid && memcmp(row->hash, it->hash, DIGEST_SIZE) == 0;
        struct json_object *item = json_object_new_object();
        put_time(item, "at", row->at);
        put_text(item, "name", row->name);
        put_id(item, "principal", "tok", row->principal);
        put_bool(item, "valid", counts);
        json_object_array_add(given, item);
        valid += counts;
    }
    json_object_object_add(json, "given", given);
    put_int(json, "required", it->delivery->config.approvals_required);
    put_int(json, "valid", valid);
    return json;
}

static struct json_object *changes(struct summary_work *it)
{
    const struct approval_document *last = &it->approvals.document;
    struct json_object *before = binding_open(last->sealed, &it->dossier->key);
    char hash[DIGEST_TEXT_SIZE];
    if (before == NULL)
        return NULL;
    struct json_object *json = json_object_new_object();
    hex_encode(hash, last->hash, DIGEST_SIZE);
    put_time(json, "approved_at", last->at);
    put_text(json, "hash", hash);
    put_int(json, "wave", last->wave);
    json_object_object_add(json, "members", difference_make(before, it->binding));
    json_object_put(before);
    return json;
}

/* ---- Cost and times. ---- */

static struct json_object *costs(struct summary_work *it)
{
    const struct delivery_config *config = &it->delivery->config;
    const struct policy *policy = &it->dossier->policy;
    struct json_object *json = json_object_new_object(), *array = json_object_new_array();
    int64_t first = 0, most = 0;
    bool known = config->currency != NULL;
    for (unsigned i = 0; i < policy->n_channels; i++) {
        const struct delivery_channel *live =
            policy->channels[i].live < 0 ? NULL : &config->channels[policy->channels[i].live];
        bool priced = live != NULL && live->priced && config->currency != NULL;
        struct json_object *item = json_object_new_object();
        int64_t price = priced ? live->price_micro : 0;
        put_text(item, "channel", policy->channels[i].channel);
        put_int(item, "first", it->first[i]);
        put_int(item, "most", it->most[i]);
        json_object_object_add(item, "price_micro", priced ? json_object_new_int64(price) : NULL);
        first += it->first[i] * price;
        most += it->most[i] * price;
        known = known && (priced || it->most[i] == 0);
        json_object_array_add(array, item);
    }
    json_object_object_add(json, "channels", array);
    put_text(json, "currency", config->currency);
    json_object_object_add(json, "first_micro", known ? json_object_new_int64(first) : NULL);
    json_object_object_add(json, "most_micro", known ? json_object_new_int64(most) : NULL);
    return json;
}

static struct json_object *times(struct summary_work *it)
{
    const struct policy *policy = &it->dossier->policy;
    struct json_object *array = json_object_new_array();
    for (unsigned i = 0; i < policy->n_channels; i++) {
        const struct policy_channel *c = &policy->channels[i];
        const struct delivery_channel *live =
            c->live < 0 ? NULL : &it->delivery->config.channels[c->live];
        double rate = live == NULL ? 0 : live->rate > 0 ? live->rate : live->driver->facts.rate;
        struct json_object *item = json_object_new_object();
        put_text(item, "channel", c->channel);
        put_int(item, "messages", it->first[i]);
        json_object_object_add(item, "per_hour",
                               rate > 0 ? json_object_new_int64((int64_t)(rate * 3600)) : NULL);
        json_object_object_add(
            item, "seconds",
            rate > 0 ? json_object_new_int64((int64_t)((double)it->first[i] / rate) + 1) : NULL);
        put_int(item, "next_rung_after_ms", c->wait_ms);
        json_object_array_add(array, item);
    }
    return array;
}

/* ---- The whole. ---- */

static struct json_object *roster(const struct incident_row *row)
{
    struct json_object *json = json_object_new_object();
    put_int(json, "accepted", row->accepted);
    put_int(json, "duplicates", row->duplicates);
    put_int(json, "rejected", row->rejected);
    put_int(json, "version", row->version);
    return json;
}

/* The first wave is for the whole roster; a later one for those whom its audience names. */
static int64_t summary_people(const struct summary_work *it)
{
    if (it->wave->ordinal == 1)
        return it->dossier->row.accepted;
    return it->fates[FATE_GOES] + it->fates[FATE_UNREACHABLE] + it->fates[FATE_WITHHELD] +
           it->unopened;
}

static void put_head(struct json_object *json, struct summary_work *it)
{
    const struct wave_row *wave = it->wave;
    put_id(json, "incident", "inc", it->dossier->row.id);
    put_id(json, "author", "tok", it->dossier->row.author);
    put_text(json, "title", json_get_string(it->dossier->document, "title"));
    put_bool(json, "test", it->dossier->row.test);
    put_int(json, "wave", wave->id);
    put_int(json, "ordinal", wave->ordinal);
    put_text(json, "state", sm_name(&wave_states, wave->state));
    put_text(json, "hash", it->hash_text);
    put_int(json, "people", summary_people(it));
    put_int(json, "goes", it->fates[FATE_GOES]);
    put_int(json, "unreachable", it->fates[FATE_UNREACHABLE] + it->unopened);
    put_int(json, "withheld", it->fates[FATE_WITHHELD]);
}

const char *summary_write(struct summary_work *it)
{
    struct json_object *json = json_object_new_object();
    struct buf text;
    put_head(json, it);
    json_object_object_add(json, "approvals", approvals(it));
    json_object_object_add(json, "changes", changes(it));
    json_object_object_add(json, "cohorts", cohorts(it));
    json_object_object_add(json, "costs", costs(it));
    json_object_object_add(json, "links", json_object_get(json_get(it->binding, "links")));
    json_object_object_add(json, "lint", lint(it));
    json_object_object_add(json, "not_told", json_object_get(it->not_told));
    json_object_object_add(json, "reasons", reasons(it));
    json_object_object_add(json, "roster", roster(&it->dossier->row));
    json_object_object_add(json, "sender", json_object_get(json_get(it->binding, "sender")));
    json_object_object_add(json, "times", times(it));
    json_object_object_add(json, "variants", variants(it));
    json_object_object_add(json, "warnings", warnings(it));
    buf_init(&text, SIZE_MAX);
    const char *kept = json_write(&text, json)
                           ? arena_strndup(it->req->request.arena, text.data, text.length)
                           : NULL;
    buf_wipe(&text);
    json_object_put(json);
    return kept;
}
