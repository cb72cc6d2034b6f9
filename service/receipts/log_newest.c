/* log_newest.c - see the header. Happy path: our head, then each file, then each witness: nobody
 * has seen more than there is, and what they have seen has the root that it had. A witness is asked
 * by the newest checkpoint that is signed already (c2sp.org/tlog-witness): 409 names the size it
 * saw. Failure modes: a witness that is silent or does not know us says nothing. */
/* System. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/receipts/log_newest.h"
#include "service/receipts/receipt_log_private.h"

enum { ARENA_MAX = 16 << 20, FETCH_MS = 5000, REPLY_MAX = 16384 };

static void finish(struct log_newest_compare *it, enum result result)
{
    it->result = result;
    if (it->behind || it->forked)
        log_error("log_rolled_back", LOG_INT("ours", it->ours), LOG_INT("seen", it->seen),
                  LOG_TEXT("other_tree", it->forked ? "yes" : "no"));
    arena_destroy(&it->arena);
    buf_free(&it->body);
    mem_free(it->url);
    it->cb(it);
}

static void failed(struct log_newest_compare *it, const struct store_request *request)
{
    it->error = request->error;
    finish(it, request->result);
}

static void saw(struct log_newest_compare *it, uint64_t size, const char *source)
{
    if (it->forked || (it->source != NULL && size <= it->seen))
        return;
    it->seen = size;
    it->source = source;
    it->behind = size > it->ours;
}

/* ---- 3 witnesses ---- */

static void ask_witness(struct log_newest_compare *it);

/* 409 has the size on a line of its own. */
static bool size_of(const char *text, uint64_t *ret_size)
{
    char digits[24];
    const size_t n = strspn(text, "0123456789");
    if (n == 0 || n >= sizeof(digits) || strspn(text + n, "\r\n") != strlen(text + n))
        return false;
    memcpy(digits, text, n);
    digits[n] = 0;
    return parse_u64(digits, ret_size);
}

static void on_witness(struct http_fetch *fetch)
{
    struct log_newest_compare *it = container_of(fetch, struct log_newest_compare, fetch);
    const char *url = it->witnesses[it->at].url;
    uint64_t size;
    if (fetch->result == RESULT_OK && fetch->status == 409 && size_of(fetch->response, &size))
        saw(it, size, url);
    else if (fetch->result == RESULT_OK && fetch->status == 200)
        saw(it, it->newest.checkpoint.size, url);
    else
        log_warn("witness_not_compared", LOG_INT("status", fetch->status));
    it->at++;
    ask_witness(it);
}

static void ask_witness(struct log_newest_compare *it)
{
    static const struct http_header type = {"Content-Type", "text/plain; charset=utf-8"};
    if (it->at == it->n_witnesses) {
        finish(it, RESULT_OK);
        return;
    }
    struct buf url;
    buf_init(&url, SIZE_MAX);
    buf_printf(&url, "%s/add-checkpoint", it->witnesses[it->at].url);
    mem_free(it->url);
    it->url = buf_take(&url);
    buf_clear(&it->body);
    buf_printf(&it->body, "old %" PRIu64 "\n\n%s", it->newest.checkpoint.size,
               it->newest.checkpoint.note);
    it->fetch = (struct http_fetch){.method = "POST",
                                    .url = it->url,
                                    .headers = &type,
                                    .n_headers = 1,
                                    .body = it->body.data,
                                    .body_length = it->body.length,
                                    .timeout_ms = FETCH_MS,
                                    .response_limit = REPLY_MAX,
                                    .cb = on_witness};
    http_fetch_start(it->client, &it->fetch);
}

static void on_newest(struct store_request *request)
{
    struct log_newest_compare *it =
        container_of(request, struct log_newest_compare, newest.request);
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        failed(it, request);
        return;
    }
    it->at = 0;
    if (request->result == RESULT_NOT_FOUND) /* nothing to ask by */
        it->n_witnesses = 0;
    ask_witness(it);
}

/* ---- 2 files ---- */

static void next_file(struct log_newest_compare *it);

static void on_tiles(struct store_request *request)
{
    struct log_newest_compare *it = container_of(request, struct log_newest_compare, tiles.request);
    struct merkle_reader reader = tile_reader(it->set);
    struct merkle_hash root;
    if (request->result != RESULT_OK) {
        failed(it, request);
        return;
    }
    it->set->listing = false;
    if (!log_tiles_take(it->set, it->tiles.tiles) || !merkle_root(&reader, it->set->size, &root) ||
        !merkle_equal(&root, &it->root)) {
        it->forked = true;
        it->seen = it->set->size;
        it->source = it->files[it->at].path;
    }
    it->at++;
    next_file(it);
}

/* Is the tree that was seen the beginning of the one that is here? */
static void check_root(struct log_newest_compare *it, const struct checkpoint *seen)
{
    struct merkle_reader reader;
    struct merkle_hash ignored;
    it->root = seen->root;
    it->set = arena_new(it->arena, struct tile_set);
    require(it->set != NULL);
    *it->set = (struct tile_set){.size = seen->size, .listing = true};
    reader = tile_reader(it->set);
    require(merkle_root(&reader, seen->size, &ignored));
    it->tiles = (struct store_log_tiles){
        .request = {.cb = on_tiles, .arena = it->arena},
        .tiles = arena_alloc(it->arena, (it->set->n + 1) * sizeof(struct log_tile))};
    it->tiles.n = log_tiles_wanted(it->set, it->tiles.tiles);
    store_log_tiles(it->store, &it->tiles);
}

static bool read_note(const char *path, struct buf *to)
{
    char block[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        buf_add(to, block, n);
    fclose(file);
    return !to->failed && to->length > 0;
}

static bool open_note(const struct log_newest_compare *it, struct slice bytes,
                      struct checkpoint *ret_seen)
{
    struct error error;
    for (size_t i = 0; i < it->n_signers; i++)
        if (checkpoint_open(bytes, &it->signers[i].verifier, ret_seen, &error))
            return true;
    return false;
}

static void next_file(struct log_newest_compare *it)
{
    while (it->at < it->n_files) {
        const struct log_newest_file *file = &it->files[it->at];
        struct checkpoint seen;
        struct buf bytes;
        buf_init(&bytes, NOTE_BYTES_MAX);
        const bool there = read_note(file->path, &bytes);
        const bool good = there && open_note(it, (struct slice){bytes.data, bytes.length}, &seen);
        buf_free(&bytes);
        if (!good && file->must) {
            error_set(&it->error, RESULT_INVALID, "newest-checkpoint",
                      "%s is no checkpoint of this log and its keys: give the newest that was kept",
                      file->path);
            finish(it, RESULT_INVALID);
            return;
        }
        if (there && !good)
            log_warn("checkpoint_not_ours", LOG_INT("file", (int64_t)it->at));
        if (good)
            saw(it, seen.size, file->path);
        if (good && seen.size > 0 && seen.size <= it->ours) {
            check_root(it, &seen);
            return;
        }
        it->at++;
    }
    it->newest = (struct store_log_checkpoint){.request = {.cb = on_newest, .arena = it->arena},
                                               .size = UINT64_MAX};
    store_log_checkpoint(it->store, &it->newest);
}

/* ---- 1 our head ---- */

static void on_head(struct store_request *request)
{
    struct log_newest_compare *it = container_of(request, struct log_newest_compare, head.request);
    if (request->result != RESULT_OK) {
        failed(it, request);
        return;
    }
    it->ours = it->head.head.size;
    if (it->n_signers == 0)
        finish(it, RESULT_OK);
    else
        next_file(it);
}

void log_newest_compare(struct log_newest_compare *it)
{
    it->arena = arena_create(ARENA_MAX);
    it->at = 0;
    it->seen = 0;
    it->behind = it->forked = false;
    it->source = NULL;
    it->url = NULL;
    buf_init(&it->body, SIZE_MAX);
    it->head = (struct store_log_head){.request = {.cb = on_head, .arena = it->arena}};
    store_log_head(it->store, &it->head);
}

/* ---- Kept. ---- */

bool log_newest_keep(const char *path, struct slice note)
{
    struct buf fresh;
    buf_init(&fresh, SIZE_MAX);
    buf_printf(&fresh, "%s.new", path);
    FILE *file = fopen(fresh.data, "we");
    bool ok = file != NULL && fwrite(note.data, 1, note.length, file) == note.length;
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    ok = ok && rename(fresh.data, path) == 0;
    if (!ok)
        log_warn("checkpoint_not_kept", LOG_INT("errno", errno));
    buf_free(&fresh);
    return ok;
}
