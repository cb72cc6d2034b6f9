/* log.c - the receipt log over HTTP: checkpoint, tiles and entries as C2SP's tlog-tiles has them,
 * the verifier keys, and proofs. Happy path: one question to the running log, its bytes as they
 * are. Failure modes: what the log does not have (yet) is 404; a receipt that is not signed for yet
 * is 503 with Retry-After; damage is 500. Tiles and entries never change once given away, so caches
 * may keep them for ever; the checkpoint moves every second. */

/* System. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/store_log.h"
#include "tocsin/tlog.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"
#include "service/receipts/receipt_log.h"

enum { PROOF_MAX = 1 << 20, SLOTS = 1000 };
static const char text_type[] = "text/plain; charset=utf-8";
static const char short_time[] = "max-age=1";
static const char for_ever[] = "public, max-age=31536000, immutable";
static const char for_ever_private[] = "private, max-age=31536000, immutable";

struct log_call {
    struct receipt_log_question question; /* first */
    struct call *call;
    const char *receipt; /* as asked */
};

static struct log_call *begin(struct call *call, void (*cb)(struct receipt_log_question *question))
{
    struct log_call *it = arena_new(call->arena, struct log_call);
    if (call->api->config.log == NULL || it == NULL) {
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL, "This server keeps no log.");
        return NULL;
    }
    it->call = call;
    it->question.log = call->api->config.log;
    it->question.arena = call->arena;
    it->question.cb = cb;
    return it;
}

static struct log_call *of(struct receipt_log_question *question)
{
    return container_of(question, struct log_call, question);
}

static void reply(struct call *call, const char *type, const char *cache, struct slice bytes)
{
    call_reply(call, &(struct call_reply){.status = 200,
                                          .type = type,
                                          .bytes = bytes.data,
                                          .length = bytes.length,
                                          .fields = &(struct http_field){"Cache-Control", cache},
                                          .n_fields = 1});
}

/* True: the question failed, and the call has ended. */
static bool failed(struct receipt_log_question *question)
{
    static const struct http_field soon = {"Retry-After", "1"};
    struct call *call = of(question)->call;
    if (question->result == RESULT_OK)
        return false;
    if (question->result == RESULT_UNAVAILABLE) {
        http_problem(call->http, &(struct http_problem){.slug = HTTP_PROBLEM_UNAVAILABLE,
                                                        .detail = question->error.text,
                                                        .fields = &soon,
                                                        .n_fields = 1});
        call_end(call);
    } else if (question->result == RESULT_INVALID) {
        call_problem(call, HTTP_PROBLEM_INTERNAL, NULL, question->error.text);
    } else {
        call_error(call, &question->error);
    }
    return true;
}

/* "/log/shards/{shard}/...": a log that has ended; without it the one that grows. False: answered.
 */
static bool read_shard(struct call *call, unsigned *to)
{
    const char *text = http_request_param(call->http, "shard");
    uint64_t shard = 0;
    if (text == NULL)
        return true;
    if (!parse_u64(text, &shard) || shard == 0 || shard > UINT16_MAX || text[0] == '0') {
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "There is no such log; GET /v1/log/shards lists those that have ended.");
        return false;
    }
    *to = (unsigned)shard;
    return true;
}

/* ---- Checkpoint and keys. ---- */
static void checkpoint_got(struct receipt_log_question *question)
{
    if (!failed(question))
        reply(of(question)->call, text_type, short_time, question->bytes);
}

void log_checkpoint_get(struct call *call)
{
    struct log_call *it = begin(call, checkpoint_got);
    if (it != NULL && read_shard(call, &it->question.shard))
        receipt_log_checkpoint(&it->question);
}

void log_key_get(struct call *call)
{
    struct buf keys;
    buf_init(&keys, PROOF_MAX);
    if (call->api->config.log != NULL)
        receipt_log_keys(call->api->config.log, &keys);
    if (keys.length == 0)
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "The log has no key, so its checkpoints are not signed; configure "
                     "log.key_file.");
    else
        reply(call, text_type, short_time, (struct slice){keys.data, keys.length});
    buf_free(&keys);
}

/* ---- Tiles and entries. ---- */
static void tile_got(struct receipt_log_question *question)
{
    if (!failed(question))
        reply(of(question)->call, "application/octet-stream", for_ever, question->bytes);
}

/* "gzip" or "*" among the codings, not with q=0 (RFC 9110 section 12.5.3). */
static bool accepts_gzip(const struct call *call)
{
    const char *accept = http_request_header(call->http, "Accept-Encoding");
    const char *at = accept == NULL ? NULL : strcasestr(accept, "gzip");
    if (at == NULL)
        return false;
    at += strlen("gzip");
    at += strspn(at, " \t");
    return *at != ';' || strncasecmp(at + 1 + strspn(at + 1, " \t"), "q=0", 3) != 0 ||
           strspn(strchr(at, '=') + 1, "0.") != strcspn(strchr(at, '=') + 1, ", \t");
}

static void entries_got(struct receipt_log_question *question)
{
    static const struct http_field fields[] = {{"Cache-Control", for_ever_private},
                                               {"Vary", "Accept-Encoding"},
                                               {"Content-Encoding", "gzip"}};
    if (failed(question))
        return;
    struct call *call = of(question)->call;
    struct buf packed;
    buf_init(&packed, SIZE_MAX);
    const bool gzip = accepts_gzip(call) && receipt_log_gzip(question->bytes, &packed);
    call_reply(call, &(struct call_reply){.status = 200,
                                          .type = "application/octet-stream",
                                          .bytes = gzip ? packed.data : question->bytes.data,
                                          .length = gzip ? packed.length : question->bytes.length,
                                          .fields = fields,
                                          .n_fields = gzip ? 3 : 2});
    buf_free(&packed);
}

static void get_tile(struct call *call, bool entries)
{
    const char *path = http_request_param(call->http, "path");
    char whole[TILE_PATH_SIZE + 16];
    int level = 0;
    struct log_call *it = begin(call, entries ? entries_got : tile_got);
    if (it == NULL || !read_shard(call, &it->question.shard))
        return;
    size_t prefix = entries ? strlen("entries/") : 0;
    memcpy(whole, "entries/", prefix);
    if (!str_copy(whole + prefix, sizeof whole - prefix, path) ||
        !tile_path_parse(whole, &level, &it->question.index, &it->question.width) ||
        level >= TILE_LEVELS || it->question.index > MERKLE_SIZE_MAX / TILE_HASHES ||
        (level < 0) != entries) {
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "This names no tile; tiles are named as c2sp.org/tlog-tiles says.");
        return;
    }
    it->question.level = entries ? 0 : (unsigned)level;
    if (entries)
        receipt_log_entries(&it->question);
    else
        receipt_log_tile(&it->question);
}

void log_tile_get(struct call *call)
{
    get_tile(call, false);
}

void log_entries_get(struct call *call)
{
    get_tile(call, true);
}

/* ---- Proofs. ---- */
static void out_hash(struct json_object *to, const char *name, const struct merkle_hash *hash)
{
    char text[64];
    base64_encode(text, hash->bytes, DIGEST_SIZE);
    out_text(to, name, text);
}

static void out_path(struct json_object *to, const struct merkle_proof *path)
{
    struct json_object *hashes = json_object_new_array();
    char text[64];
    for (unsigned i = 0; i < path->n; i++) {
        base64_encode(text, path->hashes[i].bytes, DIGEST_SIZE);
        json_object_array_add(hashes, json_object_new_string(text));
    }
    json_object_object_add(to, "hashes", hashes);
}

/* Plain text is asked for by name; everything else gets JSON. */
static bool wants_text(const struct call *call)
{
    const char *accept = http_request_header(call->http, "Accept");
    return accept != NULL && strcasestr(accept, "text/plain") != NULL &&
           strcasestr(accept, "application/json") == NULL;
}

static void reply_proof_text(struct receipt_log_question *question)
{
    const struct tlog_proof proof = {
        .index = question->leaf_index, .path = question->path, .checkpoint = question->bytes};
    struct buf text;
    buf_init(&text, PROOF_MAX);
    tlog_proof_format(&text, &proof);
    reply(of(question)->call, text_type, "no-store", (struct slice){text.data, text.length});
    buf_free(&text);
}

static void proof_got(struct receipt_log_question *question)
{
    struct log_call *it = of(question);
    if (failed(question))
        return;
    if (wants_text(it->call)) {
        reply_proof_text(question);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_text(json, "receipt_id", it->receipt);
    out_text(json, "leaf", question->leaf.data);
    out_int(json, "index", (int64_t)question->leaf_index);
    out_int(json, "size", (int64_t)question->size);
    out_hash(json, "root", &question->root);
    out_path(json, &question->path);
    out_text(json, "checkpoint", question->bytes.data);
    out_int(json, "shard", question->shard);
    call_reply_json(it->call, 200, json);
}

/* "rct_<13>.<slot>". */
static bool read_receipt_id(const char *text, id *ret_batch, unsigned *ret_slot)
{
    const char *dot = text ? strchr(text, '.') : NULL;
    char batch[ID_TEXT_SIZE];
    uint64_t slot = 0;
    if (dot == NULL || (size_t)(dot - text) >= sizeof batch || !parse_u64(dot + 1, &slot) ||
        slot >= SLOTS)
        return false;
    memcpy(batch, text, (size_t)(dot - text));
    batch[dot - text] = 0;
    *ret_batch = id_parse(batch, "rct");
    *ret_slot = (unsigned)slot;
    return *ret_batch != 0;
}

void receipt_proof_get(struct call *call)
{
    struct log_call *it = begin(call, proof_got);
    if (it == NULL)
        return;
    it->receipt = http_request_param(call->http, "id");
    if (read_receipt_id(it->receipt, &it->question.batch, &it->question.slot))
        receipt_log_proof(&it->question);
    else
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "There is no such receipt; list them with GET /v1/receipts.");
}

static void consistency_got(struct receipt_log_question *question)
{
    struct log_call *it = of(question);
    if (question->result == RESULT_INVALID && question->path.n == 0) {
        call_problem(it->call, HTTP_PROBLEM_INVALID_PARAMETER, "to", question->error.text);
        return;
    }
    if (failed(question))
        return;
    struct json_object *json = json_object_new_object();
    out_int(json, "from", (int64_t)question->from);
    out_int(json, "to", (int64_t)question->to);
    out_path(json, &question->path);
    call_reply_json(it->call, 200, json);
}

void log_consistency_get(struct call *call)
{
    int64_t from = 0, to = 0, shard = 0;
    if (!call_query_number(call, "shard", UINT16_MAX, &shard) ||
        !call_query_number(call, "from", INT64_MAX >> 2, &from) ||
        !call_query_number(call, "to", INT64_MAX >> 2, &to))
        return;
    struct log_call *it = begin(call, consistency_got);
    if (it == NULL)
        return;
    it->question.shard = (unsigned)shard;
    it->question.from = (uint64_t)from;
    it->question.to = (uint64_t)to;
    receipt_log_consistency(&it->question);
}

/* ---- Logs that have ended. ---- */
struct shards_call {
    struct call *call;
    struct store_log_shards shards;
};

static struct json_object *shard_json(const struct log_shard_row *row)
{
    struct json_object *json = json_object_new_object();
    char text[64], begun[ID_TEXT_SIZE + 2];
    snprintf(begun, sizeof(begun), "%s.0", id_format(text, "rct", row->begun));
    out_text(json, "begun", begun);
    out_text(json, "checkpoint", row->note);
    out_time(json, "ended_at", row->ended_at);
    out_text(json, "origin", row->origin);
    out_text(json, "reason", row->reason);
    base64_encode(text, row->root, DIGEST_SIZE);
    out_text(json, "root", text);
    out_int(json, "shard", row->shard);
    out_int(json, "size", (int64_t)row->size);
    return json;
}

static void shards_listed(struct store_request *request)
{
    struct store_log_shards *list = container_of(request, struct store_log_shards, request);
    struct shards_call *it = container_of(list, struct shards_call, shards);
    struct json_object *json = json_object_new_object(), *array = json_object_new_array();
    for (size_t i = 0; request->result == RESULT_OK && i < list->n; i++)
        json_object_array_add(array, shard_json(&list->rows[i]));
    json_object_object_add(json, "shards", array);
    if (request->result == RESULT_OK) {
        call_reply_json(it->call, 200, json);
        return;
    }
    json_object_put(json);
    call_error(it->call, &request->error);
}

void log_shards_get(struct call *call)
{
    struct shards_call *it = arena_new(call->arena, struct shards_call);
    require(it != NULL);
    it->call = call;
    it->shards = (struct store_log_shards){.request = {.cb = shards_listed, .arena = call->arena}};
    store_log_shards(call->api->config.store, &it->shards);
}
