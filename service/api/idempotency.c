/* idempotency.c - the first request with a key has its effect, the others get its answer.
 *
 * The happy path: the key is parsed, entered into the table of keys in flight, looked up in the
 * store; it is new, the resource acts and writes the answer with its effect; the key leaves the
 * table. A crash in between leaves either both effect and answer, or neither. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/idempotency.h"

struct idempotency_table {
    struct list uses;
};

struct idempotency_table *idempotency_table_create(void)
{
    struct idempotency_table *table = mem_new(struct idempotency_table);
    list_init(&table->uses);
    return table;
}

void idempotency_table_destroy(struct idempotency_table **table)
{
    mem_free(*table);
    *table = NULL;
}

static void fingerprint_of(struct call *call, const uint8_t *body, uint8_t ret[DIGEST_SIZE])
{
    const struct http_info *info = http_request_info(call->http);
    uint8_t digest[DIGEST_SIZE];
    if (!body) {
        sha256(digest, call->body.data, call->body.length);
        body = digest;
    }
    idempotency_fingerprint(ret, info->method, info->path, body);
}

/* What the stored answer is bound to: it cannot be moved to another principal or key. */
static const char *bound_of(struct call *call)
{
    return str_or(arena_printf(call->arena, "idempotency:%lld:%s", (long long)call->principal,
                               call->idempotency.key),
                  "idempotency");
}

static bool in_flight(const struct call *call)
{
    list_each(node, &call->api->idempotency->uses)
    {
        const struct call *other = container_of(node, struct call, idempotency.node);
        if (other->principal == call->principal &&
            str_equal(other->idempotency.key, call->idempotency.key))
            return true;
    }
    return false;
}

static void looked_up(struct store_request *request)
{
    struct call *call = container_of(request, struct call, idempotency.find.request);
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        call_error(call, &request->error);
        return;
    }
    call->idempotency.stored = request->result == RESULT_OK;
    call->idempotency.next(call);
}

void idempotency_enter(struct call *call, void (*next)(struct call *call))
{
    struct idempotency_use *use = &call->idempotency;
    const char *header = http_request_header(call->http, "Idempotency-Key");
    if (!header) {
        next(call);
        return;
    }
    if (!idempotency_key_parse(header, use->key)) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "Idempotency-Key",
                     "Idempotency-Key must be one quoted string of 1 to 255 printable characters, "
                     "such as \"7d0c\"; correct it.");
        return;
    }
    if (in_flight(call)) {
        call_problem(call, HTTP_PROBLEM_CONFLICT, "Idempotency-Key",
                     "A request with this key is still under way; wait for its answer, then send "
                     "this one again.");
        return;
    }
    use->used = true;
    use->next = next;
    list_append(&call->api->idempotency->uses, &use->node);
    use->find =
        (struct store_idempotency){.request = {.cb = looked_up, .arena = call->arena},
                                   .record = {.principal = call->principal, .key = use->key}};
    store_idempotency_find(call->api->config.store, &use->find);
}

static void replay_json(struct call *call, const struct buf *body)
{
    const struct idempotency *record = &call->idempotency.find.record;
    struct http_field fields[2] = {{"Idempotency-Replayed", "true"}};
    size_t n = 1;
    if (!str_empty(record->location))
        fields[n++] = (struct http_field){"Location", record->location};
    call_reply(call, &(struct call_reply){.status = record->status,
                                          .type = "application/json",
                                          .bytes = body->data,
                                          .length = body->length,
                                          .fields = fields,
                                          .n_fields = n});
}

void idempotency_replay(struct call *call, const uint8_t body[DIGEST_SIZE])
{
    const struct idempotency *record = &call->idempotency.find.record;
    uint8_t fingerprint[DIGEST_SIZE];
    fingerprint_of(call, body, fingerprint);
    if (!secret_equal(fingerprint, record->fingerprint, DIGEST_SIZE)) {
        call_problem(call, HTTP_PROBLEM_IDEMPOTENCY, "Idempotency-Key",
                     "This key was used with another request; send the same request again, or use "
                     "a new key.");
        return;
    }
    struct seal_key key;
    struct buf text;
    buf_init(&text, 1 << 20);
    delivery_service_key(call->api->config.delivery, "idempotency", &key);
    bool opened = seal_open(&text, &key, bound_of(call), record->reply.data, record->reply.length);
    seal_key_wipe(&key);
    if (opened)
        replay_json(call, &text);
    else
        call_problem(call, HTTP_PROBLEM_INTERNAL, NULL,
                     "The stored answer cannot be opened; was the master key changed? Look at the "
                     "resource itself.");
    buf_wipe(&text);
}

static void guarded(struct call *call)
{
    if (call->idempotency.stored)
        idempotency_replay(call, NULL);
    else
        call->idempotency.fresh(call);
}

void idempotency_guard(struct call *call, void (*next)(struct call *call))
{
    call->idempotency.fresh = next;
    idempotency_enter(call, guarded);
}

const struct idempotency *idempotency_record(struct call *call,
                                             const struct idempotency_reply *reply)
{
    struct idempotency_use *use = &call->idempotency;
    if (!use->used)
        return NULL;
    struct seal_key key;
    struct buf sealed;
    buf_init(&sealed, 1 << 20);
    delivery_service_key(call->api->config.delivery, "idempotency", &key);
    bool good = seal_add(&sealed, &key, bound_of(call), reply->body, reply->length);
    seal_key_wipe(&key);
    char *copy = good ? arena_strndup(call->arena, sealed.data, sealed.length) : NULL;
    use->record = (struct idempotency){.principal = call->principal,
                                       .key = use->key,
                                       .status = reply->status,
                                       .location = reply->location,
                                       .reply = {copy, copy ? sealed.length : 0},
                                       .at = call_now(call)};
    fingerprint_of(call, reply->digest, use->record.fingerprint);
    buf_free(&sealed);
    return &use->record;
}

void idempotency_leave(struct call *call)
{
    if (call->idempotency.used)
        list_remove(&call->idempotency.node);
    call->idempotency.used = false;
}
