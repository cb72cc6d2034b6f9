/* callbacks.c - do providers' reports reach us? Each provider's report is made by ourselves and
 * sent to the public URL.
 *
 * Happy path: signed as the provider signs, about a token that is nobody's; it has come back when
 * the engine has seen that token. Where only the provider can sign, an unsigned one must be refused
 * by us, and by nobody on the way. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/probe/probe.h"
#include "service/preflight/run.h"

enum { FETCH_MS = 10000 };

struct calling {
    struct list node; /* of run.fetches */
    struct http_fetch fetch;
    struct run *run;
    struct check *check;
    size_t channel;
    bool is_signed;
    uint64_t refused; /* before */
    struct http_header headers[6];
};

static void judge_answer(struct calling *it, const struct http_fetch *fetch)
{
    const struct delivery *delivery = it->run->config->delivery;
    const int status = (int)fetch->status;
    if (it->is_signed && delivery_probe_seen(delivery, it->channel, it->run->number))
        check_say(it->check, CHECK_OK, "A signed report came back through the public URL.");
    else if (it->is_signed && (status == 400 || status == 401 || status == 403))
        check_say(it->check, CHECK_FAILED,
                  "A signed report was refused with %d: a proxy changes it, or public_url is not "
                  "the URL that providers sign for.",
                  status);
    else if (!it->is_signed && delivery_probe_refused(delivery, it->channel) > it->refused)
        check_say(it->check, CHECK_OK,
                  "Reports reach us through the public URL; that the provider's secret is right "
                  "shows only with its first report.");
    else
        check_say(it->check, CHECK_FAILED,
                  "Something else answered with %d: see where public_url leads, and that a proxy "
                  "lets /v1/reports through.",
                  status);
}

static void on_answer(struct http_fetch *fetch)
{
    struct calling *it = container_of(fetch, struct calling, fetch);
    struct run *run = it->run;
    if (fetch->result == RESULT_CANCELED)
        check_say(it->check, CHECK_NOT_CHECKED, "It was cut short: try again.");
    else if (fetch->result != RESULT_OK)
        check_say(it->check, CHECK_FAILED,
                  "The public URL cannot be reached from here (%s): look at its name, its "
                  "certificate and the proxy before it.",
                  result_name(fetch->result));
    else
        judge_answer(it, fetch);
    list_remove(&it->node);
    mem_free(it);
    run_release(run);
}

static void fill(struct calling *it, const char *url, const struct channel_sample *sample)
{
    const char *query = str_or(it->is_signed ? sample->query : NULL, "");
    const char *type = str_or(it->is_signed ? sample->type : NULL, "application/json");
    size_t n = 0;
    it->headers[n++] = (struct http_header){"Content-Type", type};
    for (size_t i = 0; it->is_signed && i < sample->n_headers; i++)
        it->headers[n++] = (struct http_header){sample->headers[i].name, sample->headers[i].value};
    it->fetch = (struct http_fetch){.method = "POST",
                                    .url = arena_printf(it->run->arena, "%s%s", url, query),
                                    .headers = it->headers,
                                    .n_headers = n,
                                    .body = it->is_signed ? sample->body : "{}",
                                    .body_length = it->is_signed ? sample->body_length : 2,
                                    .timeout_ms = FETCH_MS,
                                    .connect_timeout_ms = FETCH_MS / 2,
                                    .cb = on_answer};
}

static void call_one(struct run *run, size_t channel)
{
    struct delivery *delivery = run->config->delivery;
    const struct channel_facts *facts = &delivery_probe_channel(delivery, channel)->driver->facts;
    const char *name = arena_printf(run->arena, "%s/%s", facts->channel, facts->provider);
    const char *url =
        arena_printf(run->arena, "%s/v1/reports/%s", run->config->public_url, str_or(name, ""));
    struct check *check = check_add(run, "callback", str_or(name, "?"));
    if (url == NULL)
        return;
    struct delivery_probe_sample sample = {
        .channel = channel, .run = run->number, .url = url, .arena = run->arena};
    struct calling *it = mem_new(struct calling);
    it->run = run;
    it->check = check;
    it->channel = channel;
    it->is_signed = delivery_probe_sign(delivery, &sample);
    it->refused = delivery_probe_refused(delivery, channel);
    fill(it, url, &sample.sample);
    list_append(&run->fetches, &it->node);
    run_hold(run);
    http_fetch_start(run->config->http, &it->fetch);
}

void callbacks_begin(struct run *run)
{
    if (str_empty(run->config->public_url)) {
        check_say(check_add(run, "callback", "public_url"), CHECK_WARNING,
                  "There is no public_url, so no provider can report: set it.");
        return;
    }
    for (size_t i = 0; i < delivery_probe_channels(run->config->delivery); i++)
        if (delivery_probe_listens(run->config->delivery, i))
            call_one(run, i);
}

void callbacks_cancel(struct run *run)
{
    for (struct list *node = run->fetches.next; node != &run->fetches; node = node->next) {
        struct calling *it = container_of(node, struct calling, node);
        http_fetch_cancel(run->config->http, &it->fetch);
    }
}
