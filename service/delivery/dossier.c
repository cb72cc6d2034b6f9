/* dossier.c - opens an incident: row -> key -> document -> policy; notices are compiled when first
 * asked for.
 *
 * Failure modes: NOT_FOUND; DENIED: the key is wrapped by another master key or erased; INVALID:
 * damaged. */
/* System. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/plan/facts.h"
#include "service/delivery/plan/notice_values.h"

enum { NOTICES_MAX = 32 };

/* The words of the set are shared json-c objects, which may not be read by two threads at once: one
 * compiles at a time. */
static pthread_mutex_t compile_lock = PTHREAD_MUTEX_INITIALIZER;

struct dossier_notices {
    pthread_mutex_t lock;
    const struct notice_set *set; /* installed, or: */
    struct notice_set *kept;      /* as they were released; NULL: those are what is installed */
    struct json_object *values;
    char locales[NOTICES_MAX][72]; /* of the text, and of the facts that go into it */
    struct json_object *facts[NOTICES_MAX];
    struct notice *notices[NOTICES_MAX];
    struct error errors[NOTICES_MAX];
    size_t n;
};

static void notices_create(struct dossier *dossier, const struct delivery *delivery)
{
    struct dossier_notices *notices = mem_new(struct dossier_notices);
    pthread_mutex_init(&notices->lock, NULL);
    notices->set = delivery->config.notices;
    notices->values = notice_values_of_incident(dossier->document);
    dossier->notices = notices;
}

static void notices_destroy(struct dossier_notices *notices)
{
    if (notices == NULL)
        return;
    for (size_t i = 0; i < notices->n; i++) {
        notice_destroy(&notices->notices[i]);
        json_object_put(notices->facts[i]);
    }
    json_object_put(notices->values);
    notice_set_destroy(&notices->kept);
    pthread_mutex_destroy(&notices->lock);
    mem_free(notices);
}

/* Under the lock. The index of the notice for this locale; -1: none of this kind. */
static int notice_index(struct dossier *dossier, const char *locale)
{
    struct dossier_notices *notices = dossier->notices;
    struct notice_source source;
    char key[sizeof(notices->locales[0])];
    if (notice_set_find(notices->set, dossier->policy.kind, str_or(locale, "en"), &source) !=
        RESULT_OK)
        return -1;
    const struct facts_choice choice = {.facts = json_get(dossier->document, "facts"),
                                        .own = json_get(dossier->spec, "facts"),
                                        .locale = str_or(locale, "en"),
                                        .text_locale = source.locale};
    snprintf(key, sizeof(key), "%s/%s/%s", source.locale, facts_key(choice.facts, &choice),
             facts_key(choice.own, &choice));
    for (size_t i = 0; i < notices->n; i++)
        if (str_equal(notices->locales[i], key))
            return (int)i;
    if (notices->n == NOTICES_MAX)
        return -1;
    size_t i = notices->n++;
    source.facts = notices->facts[i] = facts_choose(&choice);
    source.values = notices->values;
    str_copy(notices->locales[i], sizeof(notices->locales[i]), key);
    pthread_mutex_lock(&compile_lock);
    notice_compile(&source, &notices->notices[i], &notices->errors[i]);
    pthread_mutex_unlock(&compile_lock);
    return (int)i;
}

const struct notice *dossier_notice(struct dossier *dossier, const char *locale)
{
    struct dossier_notices *notices = dossier->notices;
    pthread_mutex_lock(&notices->lock);
    int i = notice_index(dossier, locale);
    const struct notice *notice = i < 0 ? NULL : notices->notices[i];
    pthread_mutex_unlock(&notices->lock);
    return notice;
}

/* The languages in which somebody may be told: those of the texts, then those of the facts. */
static const char *locale_at(const struct dossier *dossier, size_t i)
{
    const struct dossier_notices *notices = dossier->notices;
    size_t n = 0;
    while (notice_set_locale(notices->set, dossier->policy.kind, n) != NULL)
        n++;
    if (i < n || n == 0)
        return notice_set_locale(notices->set, dossier->policy.kind, i);
    i -= n;
    struct json_object *facts = json_get(dossier->document, "facts");
    const char *locale = facts_locale(facts, i);
    return locale != NULL
               ? locale
               : facts_locale(json_get(dossier->spec, "facts"), i - facts_locales(facts));
}

enum result dossier_check(struct dossier *dossier, struct error *error)
{
    struct dossier_notices *notices = dossier->notices;
    const char *locale;
    enum result result = RESULT_OK;
    size_t seen = 0;
    pthread_mutex_lock(&notices->lock);
    while (result == RESULT_OK && (locale = locale_at(dossier, seen)) != NULL) {
        int i = notice_index(dossier, locale);
        if (i < 0 || notices->notices[i] == NULL) {
            if (i >= 0 && error != NULL)
                *error = notices->errors[i];
            error_wrap(error, "notice %s", locale);
            result = RESULT_INVALID;
        }
        seen++;
    }
    pthread_mutex_unlock(&notices->lock);
    if (result == RESULT_OK && seen == 0)
        return error_set(error, RESULT_INVALID, "/kind",
                         "There is no notice text of this kind; ask the operator to install one.");
    return result;
}

bool dossier_source(struct dossier *dossier, size_t i, struct notice_source *ret_source)
{
    struct dossier_notices *notices = dossier->notices;
    struct notice_source source;
    const char *locale = notice_set_locale(notices->set, dossier->policy.kind, i);
    if (locale == NULL ||
        notice_set_find(notices->set, dossier->policy.kind, locale, &source) != RESULT_OK)
        return false;
    pthread_mutex_lock(&notices->lock);
    int index = notice_index(dossier, locale);
    source.facts = index < 0 ? NULL : notices->facts[index];
    source.values = notices->values;
    pthread_mutex_unlock(&notices->lock);
    *ret_source = source;
    return true;
}

void dossier_pack(struct dossier *dossier, struct buf *to)
{
    dossier_words_lock(true);
    require(notice_set_pack(dossier->notices->set, dossier->policy.kind, to));
    dossier_words_lock(false);
}

/* ---- Texts that were released. ---- */

/* Are they what is installed now? One digest a kind, made once: a set never changes. */
static bool is_installed(struct delivery *delivery, struct dossier *dossier)
{
    struct installed_notices *known = delivery->installed;
    unsigned i = 0;
    while (i < INSTALLED_KINDS && known[i].kind[0] != 0 &&
           !str_equal(known[i].kind, dossier->policy.kind))
        i++;
    if (i == INSTALLED_KINDS)
        i = 0;
    if (!str_equal(known[i].kind, dossier->policy.kind)) {
        uint8_t digest[DIGEST_SIZE];
        struct buf packed;
        buf_init(&packed, SIZE_MAX);
        dossier_pack(dossier, &packed);
        sha256(digest, packed.data, packed.length);
        hex_encode(known[i].digest, digest, DIGEST_SIZE);
        str_copy(known[i].kind, sizeof(known[i].kind), dossier->policy.kind);
        buf_free(&packed);
    }
    return str_equal(known[i].digest, dossier->policy.notices);
}

static void on_text(struct store_request *request)
{
    struct store_notice_text *text = container_of(request, struct store_notice_text, request);
    struct dossier_load *req = container_of(text, struct dossier_load, text);
    struct dossier_notices *notices = req->dossier->notices;
    if (request->result == RESULT_OK &&
        notice_set_unpack(text->body.data, text->body.length, &notices->kept) == RESULT_OK)
        notices->set = notices->kept;
    else
        log_error("released_text_lost", LOG_INT("incident", req->incident));
    req->request.cb(&req->request);
}

/* True: they are on their way. */
static bool ask_text(struct dossier_load *req)
{
    struct dossier *dossier = req->dossier;
    if (dossier == NULL || dossier->policy.notices[0] == 0 || is_installed(req->delivery, dossier))
        return false;
    req->text = (struct store_notice_text){.request = {.cb = on_text, .arena = dossier->arena},
                                           .digest = dossier->policy.notices};
    store_notice_text_get(req->delivery->config.store, &req->text);
    return true;
}

void dossier_words_lock(bool lock)
{
    if (lock)
        pthread_mutex_lock(&compile_lock);
    else
        pthread_mutex_unlock(&compile_lock);
}

void dossier_drivers(struct delivery *delivery, const struct policy *policy,
                     const struct channel_driver *drivers[POLICY_CHANNELS_MAX])
{
    for (unsigned i = 0; i < POLICY_CHANNELS_MAX; i++) {
        int live = i < policy->n_channels ? policy->channels[i].live : -1;
        drivers[i] = live < 0 ? NULL : delivery->config.channels[live].driver;
    }
}

enum result dossier_policy(struct delivery *delivery, const struct wave_row *wave,
                           struct policy *ret)
{
    return policy_read(ret, wave->policy, &delivery->config);
}

/* Opens sealed JSON of this incident. */
static bool open_json(const struct dossier *dossier, const char *what, struct blob sealed,
                      struct json_object **ret_json)
{
    struct buf plain;
    char bound[64], incident[ID_TEXT_SIZE];
    buf_init(&plain, SIZE_MAX);
    snprintf(bound, sizeof(bound), "%s:%s", what, id_format(incident, "inc", dossier->row.id));
    bool ok = seal_open(&plain, &dossier->key, bound, sealed.data, sealed.length) &&
              json_read(plain.data, plain.length, ret_json, NULL) == RESULT_OK;
    buf_wipe(&plain);
    return ok;
}

static enum result open_document(struct delivery *delivery, struct dossier *dossier,
                                 struct error *error)
{
    const struct blob spec = dossier->wave == NULL ? (struct blob){NULL, 0} : dossier->wave->spec;
    if (dossier->row.key.length == 0)
        return error_set(error, RESULT_DENIED, NULL,
                         "This incident was erased when the time to keep it was over; its receipts "
                         "are kept: read those.");
    if (!vault_unwrap(&delivery->vault, dossier->row.key, &dossier->key))
        return error_set(
            error, RESULT_DENIED, NULL,
            "This incident's key does not open: another master key is configured; check "
            "the master key.");
    if (!open_json(dossier, "incident", dossier->row.document, &dossier->document) ||
        (spec.length > 0 && !open_json(dossier, "wave", spec, &dossier->spec)))
        return error_set(error, RESULT_INVALID, NULL,
                         "The stored incident is damaged; restore the store from a backup.");
    return RESULT_OK;
}

/* What the document says of the people changes with it; the channels stay, chunks name them by
 * index. */
static enum result policy_go_on(struct dossier *dossier, const struct delivery_config *config,
                                struct error *error)
{
    struct policy fresh;
    enum result result = policy_make(&fresh, config, dossier->document, error);
    if (result != RESULT_OK)
        return result;
    dossier->policy.data_types = fresh.data_types;
    dossier->policy.furnished_mailbox = fresh.furnished_mailbox;
    dossier->policy.consent_required = fresh.consent_required;
    return RESULT_OK;
}

/* A wave may go over some of the incident's channels only. */
static enum result policy_fresh(struct delivery *delivery, struct dossier *dossier,
                                struct error *error)
{
    struct json_object *channels = json_get(dossier->spec, "channels"), *document, *caps = NULL;
    const char *text = dossier->wave == NULL ? NULL : dossier->wave->caps;
    if (text != NULL && json_read(text, strlen(text), &caps, NULL) != RESULT_OK)
        return error_set(error, RESULT_INVALID, "/caps", "The stored caps are damaged.");
    if (channels == NULL && caps == NULL)
        return policy_make(&dossier->policy, &delivery->config, dossier->document, error);
    document = json_object_new_object();
    json_object_object_foreach(dossier->document, name, value)
    {
        json_object_object_add(document, name, json_object_get(value));
    }
    if (channels != NULL)
        json_object_object_add(document, "channels", json_object_get(channels));
    if (caps != NULL) /* a wave's own brakes, in the place of the incident's */
        json_object_object_add(document, "brakes", caps);
    enum result result = policy_make(&dossier->policy, &delivery->config, document, error);
    json_object_put(document);
    return result;
}

static enum result dossier_open(struct delivery *delivery, struct dossier *dossier, bool goes_on,
                                struct error *error)
{
    enum result result = open_document(delivery, dossier, error);
    if (result != RESULT_OK)
        return result;
    if (dossier->wave != NULL && dossier->wave->policy.length > 0) {
        result = policy_read(&dossier->policy, dossier->wave->policy, &delivery->config);
        if (result == RESULT_OK && goes_on)
            result = policy_go_on(dossier, &delivery->config, error);
    } else {
        result = policy_fresh(delivery, dossier, error);
    }
    dossier_drivers(delivery, &dossier->policy, dossier->drivers);
    notices_create(dossier, delivery);
    return result;
}

static enum result choose_wave(const struct dossier_load *req, struct dossier *dossier)
{
    const int ordinal = req->ordinal > 0 ? req->ordinal : 1;
    for (size_t i = 0; i < dossier->n_waves; i++) {
        const struct wave_row *wave = &dossier->waves[i];
        if (req->wave != 0 ? wave->id == req->wave : wave->ordinal == ordinal)
            dossier->wave = wave;
    }
    dossier->notice = dossier->row.notice;
    if (dossier->wave != NULL && dossier->wave->notice != 0 && !req->newest && !req->goes_on)
        dossier->notice = dossier->wave->notice;
    if (req->notice > 0)
        dossier->notice = req->notice;
    return dossier->wave != NULL || (req->wave == 0 && req->ordinal == 0) ? RESULT_OK
                                                                          : RESULT_NOT_FOUND;
}

static void dossier_loaded(struct store_request *request)
{
    struct store_incident_get *get = container_of(request, struct store_incident_get, request);
    struct dossier_load *req = container_of(get, struct dossier_load, get);
    struct dossier *dossier = mem_new(struct dossier);
    dossier->arena = request->arena;
    dossier->row = get->row;
    dossier->waves = get->waves;
    dossier->n_waves = get->n_waves;
    req->request.result = request->result;
    req->request.error = request->error;
    if (request->result == RESULT_NOT_FOUND)
        error_set(&req->request.error, RESULT_NOT_FOUND, NULL,
                  "There is no such incident; list them with GET /v1/incidents.");
    if (request->result == RESULT_OK && choose_wave(req, dossier) != RESULT_OK)
        req->request.result =
            error_set(&req->request.error, RESULT_NOT_FOUND, "wave",
                      "This incident has no such wave; list them with GET .../waves.");
    if (req->request.result == RESULT_OK)
        req->request.result =
            dossier_open(req->delivery, dossier, req->goes_on, &req->request.error);
    if (req->request.result != RESULT_OK)
        dossier_destroy(&dossier);
    req->dossier = dossier;
    if (!ask_text(req))
        req->request.cb(&req->request);
}

void dossier_load(struct delivery *delivery, struct dossier_load *req)
{
    req->delivery = delivery;
    req->dossier = NULL;
    memset(&req->get, 0, sizeof(req->get));
    req->get.request.cb = dossier_loaded;
    req->get.request.arena =
        arena_create(64 << 20) /* a row and a policy for each written notice too */;
    req->get.incident = req->incident;
    req->get.notice = req->newest || req->goes_on ? -1 : req->notice;
    req->get.wave = req->wave;
    req->get.ordinal = req->wave == 0 && req->ordinal == 0 ? 1 : req->ordinal;
    store_incident_get(delivery->config.store, &req->get);
}

void dossier_destroy(struct dossier **dossier)
{
    struct dossier *d = *dossier;
    if (d == NULL)
        return;
    notices_destroy(d->notices);
    json_object_put(d->document);
    json_object_put(d->spec);
    seal_key_wipe(&d->key);
    arena_destroy(&d->arena);
    mem_free(d);
    *dossier = NULL;
}
