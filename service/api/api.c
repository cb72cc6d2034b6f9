/* api.c - the API as a whole: made, told of the server and the engine's state, destroyed. */

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/evidence/evidence.h"
#include "service/receipts/receipt_log.h"

enum { TEXTS_MAX = 65536 };

static const char *copy_text(struct api *api, const char *text)
{
    return text ? arena_strdup(api->texts, text) : NULL;
}

static void copy_config(struct api *api, const struct api_config *config)
{
    api->config = *config;
    api->config.public_url = copy_text(api, config->public_url);
    api->config.version = copy_text(api, str_or(config->version, TOCSIN_VERSION));
    api->config.data_dir = copy_text(api, config->data_dir);
    const char **names = arena_alloc(api->texts, (config->n_channels + 1) * sizeof *names);
    require(names != NULL);
    for (size_t i = 0; i < config->n_channels; i++)
        names[i] = copy_text(api, config->channels[i]);
    api->config.channels = names;
}

static bool sign_manifest(void *context, struct slice text, struct buf *to)
{
    return receipt_log_sign(context, text, to);
}

static void create_evidence(struct api *api)
{
    struct buf keys;
    api->evidence =
        evidence_desk_create(&(struct evidence_desk_config){.loop = api->config.loop,
                                                            .log = api->config.log,
                                                            .store = api->config.store,
                                                            .delivery = api->config.delivery,
                                                            .directory = api->config.data_dir,
                                                            .version = api->config.version,
                                                            .threads = 1});
    if (api->config.log == NULL || !receipt_log_signs(api->config.log))
        return;
    buf_init(&keys, SIZE_MAX);
    receipt_log_keys(api->config.log, &keys);
    evidence_desk_sign(api->evidence, &(struct evidence_signer){.sign = sign_manifest,
                                                                .context = api->config.log,
                                                                .keys = copy_text(api, keys.data)});
    buf_free(&keys);
}

enum result api_create(const struct api_config *config, struct api **ret_api, struct error *error)
{
    if (!config->delivery || !config->store || !config->loop)
        return error_set(error, RESULT_INVALID, NULL,
                         "the API needs an engine, a store and a loop: give them");
    struct api *api = mem_new(struct api);
    api->texts = arena_create(TEXTS_MAX);
    copy_config(api, config);
    api->access = access_create(config->store, config->loop);
    api->idempotency = idempotency_table_create();
    api->requests = requests_create(&(struct requests_config){.delivery = config->delivery,
                                                              .store = config->store,
                                                              .loop = config->loop,
                                                              .due_ms = config->written_due_ms});
    create_evidence(api);
    *ret_api = api;
    return RESULT_OK;
}

void api_destroy(struct api **api_place)
{
    struct api *api = *api_place;
    if (!api)
        return;
    evidence_desk_destroy(&api->evidence);
    requests_destroy(&api->requests);
    idempotency_table_destroy(&api->idempotency);
    access_destroy(&api->access);
    arena_destroy(&api->texts);
    mem_free(api);
    *api_place = NULL;
}

void api_set_server(struct api *api, const struct http_server *server)
{
    api->server = server;
}

void api_set_state(struct api *api, enum api_state state)
{
    api->state = state;
}
