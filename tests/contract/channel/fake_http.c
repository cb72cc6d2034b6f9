/* fake_http.c - see fake_http.h. Keeps the promises of http_client.h: one callback, on the loop,
 * never inside start. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "fake_http.h"

struct fake_http fake_http;
static struct loop *the_loop;

struct fake_fetch {
    struct loop_hop hop;
    struct http_fetch *fetch;
    enum fake_http_mode mode;
    const char *body;
    bool posted, canceled;
};

void fake_http_reset(struct loop *loop)
{
    memset(&fake_http, 0, sizeof fake_http);
    the_loop = loop;
}

static void fetch_end(struct loop_hop *hop)
{
    struct fake_fetch *fake = container_of(hop, struct fake_fetch, hop);
    struct http_fetch *fetch = fake->fetch;
    bool answer = fake->mode == FAKE_ANSWER && !fake->canceled;

    fetch->result = answer                       ? RESULT_OK
                    : fake->canceled             ? RESULT_CANCELED
                    : fake->mode == FAKE_SILENCE ? RESULT_TIMEOUT
                                                 : RESULT_IO;
    fetch->sent =
        fake->mode == FAKE_ANSWER || fake->mode == FAKE_HOLD_SENT || fake->mode == FAKE_SILENCE;
    fetch->status = answer ? fake_http.status : 0;
    fetch->response = answer ? fake->body : "";
    fetch->response_length = strlen(fetch->response);
    fetch->retry_after_ms = -1;
    fetch->private_state = NULL;
    fake_http.open--;
    mem_free(fake);
    fetch->cb(fetch);
}

static void fetch_post(struct fake_fetch *fake)
{
    fake->posted = true;
    fake->hop.cb = fetch_end;
    loop_post(the_loop, &fake->hop);
}

void http_fetch_start(struct http_client *client, struct http_fetch *fetch)
{
    struct fake_fetch *fake = mem_new(struct fake_fetch);

    (void)client;
    fake->fetch = fetch;
    fake->mode = fake_http.mode;
    fake->body = fake_http.body;
    fetch->private_state = fake;
    fake_http.open++;
    if (str_equal(fetch->method, "POST")) {
        fake_http.posts++;
    } else {
        bool undo = str_equal(fetch->method, "DELETE");
        fake_http.deletes += undo;
        fake_http.gets += !undo;
        fake->mode = FAKE_ANSWER;
        fake->body = undo ? fake_http.undo_body : fake_http.found_body;
        fake_http.status = 200;
    }
    if (fake->mode != FAKE_HOLD && fake->mode != FAKE_HOLD_SENT)
        fetch_post(fake);
}

void http_fetch_cancel(struct http_client *client, struct http_fetch *fetch)
{
    struct fake_fetch *fake = fetch->private_state;

    (void)client;
    if (fake->posted)
        return;
    fake->canceled = true;
    fetch_post(fake);
}
