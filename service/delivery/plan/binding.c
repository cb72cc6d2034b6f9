/* binding.c - see the header. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/binding.h"
#include "service/law/law.h"

enum { LINKS_MAX = 200, LINK_MAX = 2048 };
static const char bound[] = "approval";

static void add_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, text == NULL ? NULL : json_object_new_string(text));
}

static void add_int(struct json_object *to, const char *name, int64_t value)
{
    json_object_object_add(to, name, json_object_new_int64(value));
}

/* Text that is JSON already; null when there is none. */
static struct json_object *parsed(const char *text)
{
    struct json_object *json = NULL;
    if (text != NULL && json_read(text, strlen(text), &json, NULL) != RESULT_OK)
        json = NULL;
    return json;
}

/* ---- Links: every http(s) address in the texts. ---- */

struct links {
    char *items[LINKS_MAX];
    size_t n;
};

static void links_add(struct links *links, const char *at, size_t length)
{
    while (length > 0 && strchr(".,;:!?", at[length - 1]) != NULL)
        length--;
    for (size_t i = 0; i < links->n; i++)
        if (strlen(links->items[i]) == length && memcmp(links->items[i], at, length) == 0)
            return;
    if (links->n < LINKS_MAX && length <= LINK_MAX)
        links->items[links->n++] = mem_strndup(at, length);
}

static void links_find(struct links *links, const char *text)
{
    const char *at = text;
    while ((at = strstr(at, "http")) != NULL) {
        size_t scheme = str_starts(at, "https://") ? 8 : str_starts(at, "http://") ? 7 : 0;
        size_t length = scheme + strcspn(at + scheme, " \t\r\n\"'<>()[]{}\\|");
        if (scheme > 0 && length > scheme)
            links_add(links, at, length);
        at += scheme > 0 ? length : 4;
    }
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static struct json_object *links_json(struct links *links)
{
    struct json_object *array = json_object_new_array();
    qsort(links->items, links->n, sizeof(*links->items), by_text);
    for (size_t i = 0; i < links->n; i++) {
        json_object_array_add(array, json_object_new_string(links->items[i]));
        mem_free(links->items[i]);
    }
    return array;
}

/* ---- The members. ---- */

static struct json_object *texts(struct dossier *dossier, struct links *links)
{
    struct json_object *all = json_object_new_object();
    struct notice_source source;
    for (size_t i = 0; dossier_source(dossier, i, &source); i++) {
        char hex[DIGEST_TEXT_SIZE];
        const struct notice *notice = dossier_notice(dossier, source.locale);
        if (notice == NULL)
            continue;
        struct json_object *text = json_object_new_object();
        hex_encode(hex, notice_digest(notice), DIGEST_SIZE);
        add_text(text, "digest", hex);
        add_text(text, "source", source.text);
        json_object_object_add(all, source.locale, text);
        links_find(links, source.text);
    }
    return all;
}

static struct json_object *roster(const struct incident_row *row)
{
    struct json_object *json = json_object_new_object();
    add_int(json, "accepted", row->accepted);
    add_int(json, "blocks", row->blocks);
    add_int(json, "duplicates", row->duplicates);
    add_int(json, "rejected", row->rejected);
    return json;
}

static struct json_object *plan(const struct dossier *dossier)
{
    struct policy policy = dossier->policy;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    policy.approval[0] = 0;
    policy_write(&text, &policy);
    struct json_object *json = parsed(text.data);
    json_object_object_del(json, "approval");
    buf_free(&text);
    return json;
}

/* Providers, rates and senders of the channels that the wave uses. */
static void channels(struct delivery *delivery, const struct policy *policy,
                     struct json_object *binding)
{
    struct json_object *providers = json_object_new_object();
    struct json_object *rates = json_object_new_object(), *senders = json_object_new_object();
    for (unsigned i = 0; i < policy->n_channels; i++) {
        const struct policy_channel *c = &policy->channels[i];
        if (c->live < 0)
            continue;
        const struct delivery_channel *live = &delivery->config.channels[c->live];
        struct json_object *rate = json_object_new_object();
        add_int(rate, "per_hour", (int64_t)(live->rate * 3600));
        add_int(rate, "window", live->window);
        json_object_object_add(rates, c->channel, rate);
        add_text(providers, c->channel, live->driver->facts.provider);
        json_object_object_add(senders, c->channel, parsed(live->settings));
    }
    json_object_object_add(binding, "providers", providers);
    json_object_object_add(binding, "rates", rates);
    json_object_object_add(binding, "sender", senders);
}

/* The document without what is never sent: a note among ourselves decides nothing. */
static struct json_object *content_of(const struct dossier *dossier)
{
    struct json_object *said = json_object_new_object();
    json_object_object_foreach(dossier->document, name, value)
    {
        if (!str_equal(name, "internal_notes"))
            json_object_object_add(said, name, json_object_get(value));
    }
    return said;
}

static struct json_object *wave_json(const struct dossier *dossier, const struct wave_row *wave)
{
    char text[ID_TEXT_SIZE];
    struct json_object *json = json_object_new_object();
    add_text(json, "incident", id_format(text, "inc", dossier->row.id));
    add_int(json, "kind", wave->kind);
    add_int(json, "ordinal", wave->ordinal);
    add_int(json, "notice_version", dossier->notice);
    if (wave->not_before != TIME_NONE)
        add_int(json, "not_before", wave->not_before);
    json_object_object_add(json, "caps", parsed(wave->caps));
    json_object_object_add(json, "spec", json_object_get(dossier->spec));
    return json;
}

static struct json_object *retry(const struct delivery_config *config)
{
    struct json_object *json = json_object_new_object();
    add_int(json, "base_ms", config->retry_base_ms);
    add_int(json, "limit", config->retry_limit);
    add_int(json, "max_ms", config->retry_max_ms);
    return json;
}

/* Which rules of law, and whether they bind. */
static struct json_object *rules(const struct delivery_config *config)
{
    char digest[DIGEST_TEXT_SIZE];
    if (config->rules == NULL)
        return NULL;
    struct json_object *json = json_object_new_object();
    hex_encode(digest, law_rules_digest(config->rules), DIGEST_SIZE);
    add_text(json, "digest", digest);
    json_object_object_add(json, "enforced", json_object_new_boolean(config->law_enforced));
    add_text(json, "version", law_rules_version(config->rules));
    return json;
}

struct json_object *binding_make(struct delivery *delivery, struct dossier *dossier,
                                 const struct wave_row *wave)
{
    const struct delivery_config *config = &delivery->config;
    struct json_object *json = json_object_new_object();
    struct links links = {.n = 0};
    struct buf content;
    add_text(json, "format", "tocsin-approval/2");
    add_int(json, "approvals_required", config->approvals_required);
    json_object_object_add(json, "brakes", parsed(config->brakes));
    json_object_object_add(json, "content", content_of(dossier));
    json_object_object_add(json, "plan", plan(dossier));
    json_object_object_add(json, "retry", retry(config));
    json_object_object_add(json, "roster", roster(&dossier->row));
    json_object_object_add(json, "rules", rules(config));
    json_object_object_add(json, "texts", texts(dossier, &links));
    json_object_object_add(json, "wave", wave_json(dossier, wave));
    channels(delivery, &dossier->policy, json);
    buf_init(&content, SIZE_MAX);
    json_write(&content, dossier->document);
    links_find(&links, content.data);
    buf_wipe(&content);
    links_find(&links, str_or(config->public_url, ""));
    json_object_object_add(json, "links", links_json(&links));
    return json;
}

void binding_hash(struct json_object *binding, char hex[DIGEST_TEXT_SIZE],
                  uint8_t digest[DIGEST_SIZE])
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    require(json_write(&text, binding));
    sha256(digest, text.data, text.length);
    hex_encode(hex, digest, DIGEST_SIZE);
    buf_wipe(&text);
}

void binding_seal(struct json_object *binding, const struct seal_key *key, struct buf *to)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    require(json_write(&text, binding));
    require(seal_add(to, key, bound, text.data, text.length));
    buf_wipe(&text);
}

struct json_object *binding_open(struct blob sealed, const struct seal_key *key)
{
    struct json_object *json = NULL;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    if (sealed.length == 0 || !seal_open(&text, key, bound, sealed.data, sealed.length) ||
        json_read(text.data, text.length, &json, NULL) != RESULT_OK)
        json = NULL;
    buf_wipe(&text);
    return json;
}
