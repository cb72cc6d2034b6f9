/* http_client.c - outgoing HTTP. Happy path: a pooled easy handle takes the request, curl runs it
 * on the loop, the callback comes, the handle returns to the pool. Failure modes: what ends without
 * curl (refused, canceled) goes through the list `ended` and one hop, so that no callback ever
 * comes from inside a call.
 *
 * A transfer is never freed before its client: http_fetch_cancel may meet a stale pointer and must
 * find it out. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/loop/curl_glue.h"
#include "service/loop/http_transfer.h"
#include "service/loop/loop_private.h"

enum { HEADERS_MAX = 65536, RESPONSE_DEFAULT = 65536, BODY_KEEP = 65536 };

struct http_client {
    struct loop *loop;
    struct curl_glue *glue;
    char *ca_file;
    struct list idle, running, ended; /* struct http_transfer */
    struct loop_hop hop;              /* for `ended` */
    bool hop_posted, closing;
};

static struct http_transfer *transfer_of(struct list *node)
{
    return node != NULL ? container_of(node, struct http_transfer, node) : NULL;
}

static struct http_transfer *transfer_take(struct http_client *client)
{
    struct http_transfer *transfer = transfer_of(list_pop(&client->idle));
    if (transfer != NULL)
        return transfer;
    transfer = mem_new(struct http_transfer);
    list_init(&transfer->node);
    transfer->client = client;
    transfer->easy = curl_easy_init();
    require(transfer->easy != NULL);
    buf_init(&transfer->headers, HEADERS_MAX);
    buf_init(&transfer->body, 0);
    http_request_defaults(transfer, client->ca_file);
    return transfer;
}

static void transfer_give_back(struct http_transfer *transfer)
{
    http_request_clear(transfer);
    if (transfer->body.capacity > BODY_KEEP)
        buf_wipe(&transfer->body);
    list_append(&transfer->client->idle, &transfer->node);
}

/* The result fields are filled. */
static void transfer_finish(struct http_transfer *transfer)
{
    struct http_fetch *fetch = transfer->fetch;
    list_remove(&transfer->node);
    transfer->client->loop->events++;
    fetch->cb(fetch); /* `fetch` may be gone, or running again in another transfer */
    transfer->fetch = NULL;
    transfer_give_back(transfer);
}

static void on_done(CURL *easy, CURLcode code)
{
    struct http_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    http_response_fill(transfer, code, clock_now(loop_clock(transfer->client->loop)));
    transfer->in_curl = false;
    transfer_finish(transfer);
}

/* Ended without curl's doing; the callback comes with the hop. */
static void transfer_end(struct http_transfer *transfer, enum result result)
{
    struct http_client *client = transfer->client;
    http_response_fill(transfer, CURLE_ABORTED_BY_CALLBACK, 0);
    transfer->fetch->result = result;
    if (transfer->in_curl)
        curl_glue_remove(client->glue, transfer->easy);
    transfer->in_curl = false;
    list_remove(&transfer->node);
    list_append(&client->ended, &transfer->node);
    if (!client->hop_posted) {
        client->hop_posted = true;
        loop_post(client->loop, &client->hop);
    }
}

static void on_hop(struct loop_hop *hop)
{
    struct http_client *client = container_of(hop, struct http_client, hop);
    struct list round;
    list_init(&round);
    client->hop_posted = false;
    list_splice(&round, &client->ended);
    while (!list_empty(&round))
        transfer_finish(transfer_of(round.next));
}

struct http_client *http_client_create(struct loop *loop, const struct http_client_config *config)
{
    struct http_client *client = mem_new(struct http_client);
    struct curl_glue_config limits = {
        .connections = 256, .host_connections = 64, .on_done = on_done};
    if (config != NULL && config->connections > 0)
        limits.connections = (long)config->connections;
    if (config != NULL && config->host_connections > 0)
        limits.host_connections = (long)config->host_connections;
    if (config != NULL && config->ca_file != NULL)
        client->ca_file = mem_strdup(config->ca_file);
    client->loop = loop;
    client->hop.cb = on_hop;
    list_init(&client->hop.node);
    list_init(&client->idle);
    list_init(&client->running);
    list_init(&client->ended);
    client->glue = curl_glue_create(loop, &limits);
    return client;
}

void http_fetch_start(struct http_client *client, struct http_fetch *fetch)
{
    struct http_transfer *transfer = transfer_take(client);
    http_response_reset(transfer);
    transfer->body.limit = fetch->response_limit > 0 ? fetch->response_limit : RESPONSE_DEFAULT;
    transfer->fetch = fetch;
    fetch->private_state = transfer;
    list_append(&client->running, &transfer->node);
    enum result result = client->closing ? RESULT_CLOSING : http_request_set(transfer, fetch);
    if (result == RESULT_OK) {
        transfer->in_curl = curl_glue_add(client->glue, transfer->easy);
        result = transfer->in_curl ? RESULT_OK : RESULT_UNAVAILABLE;
    }
    if (result != RESULT_OK)
        transfer_end(transfer, result);
}

void http_fetch_cancel(struct http_client *client, struct http_fetch *fetch)
{
    struct http_transfer *transfer = fetch->private_state;
    if (transfer == NULL || transfer->fetch != fetch || !transfer->in_curl)
        return;
    require(transfer->client == client);
    transfer_end(transfer, RESULT_CANCELED);
}

const char *http_fetch_header(const struct http_fetch *fetch, const char *name)
{
    const struct http_transfer *transfer = fetch->private_state;
    return transfer != NULL ? http_response_header(transfer, name) : NULL;
}

static void transfer_free(struct http_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    http_request_free(transfer);
    buf_wipe(&transfer->headers);
    buf_wipe(&transfer->body);
    mem_free(transfer);
}

void http_client_destroy(struct http_client **client)
{
    struct http_client *it = *client;
    if (it == NULL)
        return;
    it->closing = true;
    while (!list_empty(&it->running))
        transfer_end(transfer_of(it->running.next), RESULT_CANCELED);
    while (!list_empty(&it->ended))
        transfer_finish(transfer_of(it->ended.next));
    hops_withdraw(it->loop, &it->hop);
    for (struct list *node; (node = list_pop(&it->idle)) != NULL;)
        transfer_free(transfer_of(node));
    curl_glue_destroy(&it->glue);
    mem_free(it->ca_file);
    mem_free(it);
    *client = NULL;
}
