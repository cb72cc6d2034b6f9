/* configured.c - does the configuration still mean what it meant at the last start? Happy path:
 * what of it decides who is told how, by whom it must be approved and how long it is kept is
 * written canonically; its digest is compared with the last one in one transaction with the receipt
 * `configured`. Failure modes: the store's. Secrets and rates are no policy and are not in it. */
/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/configured.h"
#include "service/delivery/delivery_private.h"
#include "service/law/law.h"

static void add_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, json_object_new_string(str_or(text, "")));
}

static struct json_object *names_json(const char *const *names, size_t n)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(array, json_object_new_string(names[i]));
    return array;
}

static void add_digest(struct json_object *to, const char *name, const char *text)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_TEXT_SIZE];
    if (text == NULL)
        return;
    sha256(digest, text, strlen(text));
    hex_encode(hex, digest, DIGEST_SIZE);
    add_text(to, name, hex);
}

static struct json_object *channel_json(const struct delivery_channel *channel)
{
    struct json_object *json = json_object_new_object();
    add_text(json, "channel", channel->driver->facts.channel);
    add_text(json, "provider", channel->driver->facts.provider);
    add_digest(json, "settings", channel->settings);
    add_text(json, "settles", evidence_name(channel->settles));
    add_text(json, "sufficient", evidence_name(channel->sufficient));
    json_object_object_add(json, "wait_ms", json_object_new_int64(channel->wait_ms));
    return json;
}

struct json_object *configured_policy(const struct delivery_config *config)
{
    struct json_object *json = json_object_new_object(), *channels = json_object_new_array();
    for (size_t i = 0; i < config->n_channels; i++)
        json_object_array_add(channels, channel_json(&config->channels[i]));
    json_object_object_add(json, "approvals_required",
                           json_object_new_int64(config->approvals_required));
    json_object_object_add(json, "beside", names_json(config->beside, config->n_beside));
    add_digest(json, "brakes", config->brakes);
    json_object_object_add(json, "break_glass", json_object_new_boolean(config->break_glass));
    json_object_object_add(json, "channels", channels);
    json_object_object_add(json, "consent_required",
                           json_object_new_boolean(config->consent_required));
    json_object_object_add(json, "ladder", names_json(config->ladder, config->n_ladder));
    json_object_object_add(json, "retention_months",
                           json_object_new_int64(config->retention_months));
    json_object_object_add(json, "retry_limit", json_object_new_int64(config->retry_limit));
    if (config->rules != NULL) {
        char digest[DIGEST_TEXT_SIZE];
        hex_encode(digest, law_rules_digest(config->rules), DIGEST_SIZE);
        add_text(json, "rules", digest);
        add_text(json, "rules_enforced", config->law_enforced ? "yes" : "no");
    }
    return json;
}

static void on_compared(struct store_request *request)
{
    struct configured *it = container_of(request, struct configured, store.request);
    receipt_batch_free(&it->receipts);
    it->cb(it, request->result, &request->error);
}

void configured_check(struct delivery *delivery, struct configured *it)
{
    struct json_object *facts = json_object_new_object();
    struct json_object *policy = configured_policy(&delivery->config);
    char hex[DIGEST_TEXT_SIZE];
    struct buf text;
    buf_init(&text, SIZE_MAX);
    require(json_write(&text, policy));
    sha256(it->digest, text.data, text.length);
    buf_free(&text);
    hex_encode(hex, it->digest, DIGEST_SIZE);
    json_object_object_add(facts, "digest", json_object_new_string(hex));
    json_object_object_add(facts, "policy", policy);
    const struct receipt receipt = {.kind = RECEIPT_CONFIGURED,
                                    .at = delivery_now(delivery),
                                    .outcome = -1,
                                    .reason = "policy",
                                    .facts = facts};
    receipt_batch_init(&it->receipts, 0, 0, 0);
    receipt_batch_add(&it->receipts, &delivery->vault.service, &receipt);
    receipt_batch_finish(&it->receipts);
    json_object_put(facts);
    it->store = (struct store_configured){.request = {.cb = on_compared},
                                          .name = "policy",
                                          .value = {it->digest, DIGEST_SIZE},
                                          .receipts = &it->receipts};
    store_configured(delivery->config.store, &it->store);
}
