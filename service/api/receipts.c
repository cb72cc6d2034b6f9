/* receipts.c - GET /v1/receipts: a page as JSON, or everything as a stream of NDJSON or CSV.
 *
 * A stream reads a page of the store, hands it to the socket, reads the next: memory is one page
 * whatever the length. When something fails on the way the connection is cut, so that nobody takes
 * a part for the whole. A stream that opens people's details is itself a fact: EXPORTED is on disk
 * before its first byte. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/cursor.h"
#include "service/api/receipts_text.h"
#include "service/api/resources.h"

enum { PAGE = 100, PAGE_MAX = 1000, STREAM_PAGE = 500, PAGE_ARENA = 16 << 20 };

struct export
{
    struct call *call;
    enum accept_type type;
    struct delivery_receipts page;
    struct delivery_note note;
    struct json_object *note_facts;
    int64_t limit; /* 0: to the end */
    struct buf text;
    size_t sent;
    bool fetching, done, failed, ended, streaming;
};

static void export_free(struct export *it)
{
    struct call *call = it->call;
    arena_destroy(&it->page.request.arena);
    json_object_put(it->note_facts);
    buf_wipe(&it->text);
    call_end(call);
}

static void fetch(struct export *it)
{
    it->fetching = true;
    it->page.request.arena = arena_create(PAGE_ARENA);
    delivery_receipts(it->call->api->config.delivery, &it->page);
}

/* ---- Text of a page. ---- */

static const char *next_of(const struct export *it, char text[CURSOR_TEXT_SIZE])
{
    const struct cursor next = {it->page.next_order, it->page.next_slot};
    return it->page.more ? cursor_format(text, &next) : NULL;
}

static bool add_items(struct export *it)
{
    for (size_t i = 0; i < it->page.n; i++)
        receipts_text_add(&it->text, it->type, &it->page.items[i], i == 0);
    return !it->text.failed;
}

static void add_escaped(struct buf *to, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || strchr("-._~", c))
            buf_putc(to, (char)c);
        else
            buf_printf(to, "%%%02X", c);
    }
}

/* "</v1/receipts?after=...>; rel="next"", in the call's arena; NULL when there is no more. */
static const char *next_link(struct export *it)
{
    static const char *const names[] = {"incident", "recipient", "limit"};
    char cursor[CURSOR_TEXT_SIZE];
    struct buf link;
    if (!next_of(it, cursor))
        return NULL;
    buf_init(&link, 4096);
    buf_printf(&link, "</v1/receipts?after=%s", cursor);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = http_request_query(it->call->http, names[i]);
        if (value) {
            buf_printf(&link, "&%s=", names[i]);
            add_escaped(&link, value);
        }
    }
    buf_puts(&link, ">; rel=\"next\"");
    const char *copy = link.failed ? NULL : arena_strdup(it->call->arena, link.data);
    buf_free(&link);
    return copy;
}

/* ---- One page. ---- */

static const char *type_name(enum accept_type type)
{
    if (type == ACCEPT_CSV)
        return "text/csv; charset=utf-8";
    return type == ACCEPT_NDJSON ? "application/x-ndjson" : "application/json";
}

static void reply_page(struct export *it)
{
    char cursor[CURSOR_TEXT_SIZE];
    receipts_text_begin(&it->text, it->type);
    add_items(it);
    receipts_text_end(&it->text, it->type, next_of(it, cursor));
    const char *link = next_link(it);
    if (it->text.failed)
        http_problem(it->call->http,
                     &(struct http_problem){.slug = HTTP_PROBLEM_INTERNAL,
                                            .detail = "The page is too large; ask with a smaller "
                                                      "limit."});
    else
        http_reply(it->call->http,
                   &(struct http_reply){.status = 200,
                                        .type = type_name(it->type),
                                        .bytes = it->text.data,
                                        .length = it->text.length,
                                        .ownership = HTTP_BYTES_COPY,
                                        .fields = &(struct http_field){"Link", link},
                                        .n_fields = link != NULL});
    export_free(it);
}

/* ---- A stream. ---- */

static long pull(void *context, char *to, size_t size)
{
    struct export *it = context;
    if (it->sent < it->text.length) {
        size_t n = it->text.length - it->sent;
        n = n < size ? n : size;
        memcpy(to, it->text.data + it->sent, n);
        it->sent += n;
        return (long)n;
    }
    if (it->failed)
        return HTTP_STREAM_FAIL;
    if (it->done)
        return HTTP_STREAM_END;
    if (!it->fetching)
        fetch(it);
    return HTTP_STREAM_WAIT;
}

static void stream_end(void *context, bool complete)
{
    struct export *it = context;
    (void)complete;
    it->ended = true;
    if (!it->fetching)
        export_free(it);
}

/* The page's text replaces the one before, which is sent by now. */
static void take_page(struct export *it)
{
    if (it->sent == it->text.length) {
        buf_clear(&it->text);
        it->sent = 0;
    }
    it->failed = it->page.request.result != RESULT_OK || !add_items(it);
    it->done = !it->page.more;
    it->page.after_order = it->page.next_order;
    it->page.after_slot = it->page.next_slot;
    arena_destroy(&it->page.request.arena);
}

static void start_stream(struct export *it)
{
    receipts_text_begin(&it->text, it->type);
    take_page(it);
    it->streaming = true;
    http_reply_stream(it->call->http,
                      &(struct http_reply){.status = 200, .type = type_name(it->type)},
                      &(struct http_reply_source){.pull = pull, .end = stream_end, .context = it});
}

static void page_read(struct delivery_request *request)
{
    struct export *it = container_of(request, struct export, page.request);
    it->fetching = false;
    if (it->ended) {
        export_free(it);
    } else if (it->streaming) {
        take_page(it);
        http_resume(it->call->http);
    } else if (request->result != RESULT_OK) {
        http_problem_error(it->call->http, &request->error);
        export_free(it);
    } else if (it->type == ACCEPT_JSON || it->limit) {
        reply_page(it);
    } else {
        start_stream(it);
    }
}

/* ---- The way in. ---- */

static void noted(struct delivery_request *request)
{
    struct export *it = container_of(request, struct export, note.request);
    if (request->result == RESULT_OK) {
        fetch(it);
        return;
    }
    http_problem_error(it->call->http, &request->error);
    export_free(it);
}

static void note_export(struct export *it)
{
    it->note_facts = json_object_new_object();
    out_text(it->note_facts, "what", "receipts");
    out_bool(it->note_facts, "one_person", it->page.recipient_id != NULL);
    it->note = (struct delivery_note){.request = {.cb = noted, .arena = it->call->arena},
                                      .receipt = {.kind = RECEIPT_EXPORTED,
                                                  .at = call_now(it->call),
                                                  .incident = it->page.incident,
                                                  .outcome = -1,
                                                  .actor = call_actor(it->call),
                                                  .facts = it->note_facts}};
    delivery_note(it->call->api->config.delivery, &it->note);
}

static bool check_recipient(struct call *call, id incident)
{
    const char *recipient = http_request_query(call->http, "recipient");
    if (!recipient || incident)
        return true;
    call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "recipient",
                 "A recipient's id belongs to an incident; add incident=<id>.");
    return false;
}

void receipts_get(struct call *call)
{
    id incident = 0;
    int64_t limit = 0;
    struct cursor after = {0};
    enum accept_type type = ACCEPT_JSON;
    if (!call_query_id(call, "incident", "inc", &incident) ||
        !call_query_number(call, "limit", PAGE_MAX, &limit) || !call_query_cursor(call, &after) ||
        !check_recipient(call, incident) ||
        !call_accept(call, ACCEPT_JSON | ACCEPT_NDJSON | ACCEPT_CSV, &type))
        return;
    struct export *it = arena_new(call->arena, struct export);
    it->call = call;
    it->type = type;
    it->limit = limit;
    buf_init(&it->text, PAGE_ARENA);
    it->page =
        (struct delivery_receipts){.request.cb = page_read,
                                   .incident = incident,
                                   .recipient_id = http_request_query(call->http, "recipient"),
                                   .details = (call->roles & (ROLE_COMPLIANCE | ROLE_ADMIN)) != 0,
                                   .after_order = after.order,
                                   .after_slot = after.slot,
                                   .limit = limit                 ? (unsigned)limit
                                            : type == ACCEPT_JSON ? PAGE
                                                                  : STREAM_PAGE};
    if (it->page.details && type != ACCEPT_JSON)
        note_export(it);
    else
        fetch(it);
}
