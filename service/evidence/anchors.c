/* anchors.c - timestamps of the log's checkpoints (RFC 3161), each with the proof that the log of
 * this export is the one that was stamped, grown on: log/anchors.ndjson. Those of the first days
 * say when the notices left, the newest ones that nothing was changed since. On the loop. */
/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/tlog.h"

/* This module. */
#include "service/evidence/walk.h"

enum { FIRST_MOST = 100, NEWEST_MOST = 20 };

struct anchor_walk {
    struct evidence_export *evidence;
    struct store_log_anchors list;
    size_t at;
    struct tile_set set;
    struct log_tile tiles[TILE_SET_MAX];
    struct store_log_tiles load;
};

static void next_anchor(struct anchor_walk *walk);

static void add_text(struct json_object *json, const char *name, const char *text)
{
    json_object_object_add(json, name, json_object_new_string(text));
}

static struct json_object *hashes_json(const struct merkle_proof *proof)
{
    struct json_object *array = json_object_new_array();
    char text[48];
    for (unsigned i = 0; i < proof->n; i++) {
        base64_encode(text, proof->hashes[i].bytes, DIGEST_SIZE);
        json_object_array_add(array, json_object_new_string(text));
    }
    return array;
}

static void write_line(struct evidence_export *evidence, const struct log_anchor_row *row,
                       const struct merkle_proof *growth)
{
    struct json_object *json = json_object_new_object();
    char *token = mem_alloc(row->proof.length / 3 * 4 + 8, 1), at[TIME_TEXT_SIZE];
    struct buf line;
    base64_encode(token, row->proof.data, row->proof.length);
    add_text(json, "at", time_format(at, row->at));
    json_object_object_add(json, "growth", hashes_json(growth));
    add_text(json, "name", row->name);
    add_text(json, "note", row->note);
    json_object_object_add(json, "size", json_object_new_int64((int64_t)row->size));
    add_text(json, "token", token);
    buf_init(&line, SIZE_MAX);
    require(json_write(&line, json));
    buf_putc(&line, '\n');
    if (evidence->anchors == NULL)
        evidence->anchors = bundle_add(&evidence->bundle, "log/anchors.ndjson");
    spool_add(evidence->anchors, line.data, line.length);
    evidence->n_anchors++;
    buf_free(&line);
    mem_free(token);
    json_object_put(json);
}

/* ---- Growth from the stamped tree to this export's. ---- */
static bool take_tiles(struct anchor_walk *walk)
{
    for (size_t i = 0; i < walk->set.n; i++) {
        if (walk->tiles[i].hashes.length < walk->set.tiles[i].width * sizeof(struct merkle_hash))
            return false;
        walk->set.tiles[i].hashes = walk->tiles[i].hashes.data;
    }
    walk->set.listing = false;
    return true;
}

static void on_tiles(struct store_request *request)
{
    struct anchor_walk *walk = container_of(request, struct anchor_walk, load.request);
    struct evidence_export *evidence = walk->evidence;
    const struct merkle_reader reader = tile_reader(&walk->set);
    struct merkle_proof growth;
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK || !take_tiles(walk) ||
        !merkle_consistency(&reader, walk->list.rows[walk->at].size, evidence->log.size, &growth)) {
        walk_fail(evidence, "anchors", RESULT_INVALID);
        return;
    }
    write_line(evidence, &walk->list.rows[walk->at], &growth);
    walk->at++;
    next_anchor(walk);
}

static void load_tiles(struct anchor_walk *walk)
{
    const struct merkle_reader reader = tile_reader(&walk->set);
    struct merkle_proof ignored;
    memset(&walk->set, 0, sizeof(walk->set));
    walk->set.size = walk->evidence->log.size;
    walk->set.listing = true;
    require(merkle_consistency(&reader, walk->list.rows[walk->at].size, walk->set.size, &ignored));
    for (size_t i = 0; i < walk->set.n; i++)
        walk->tiles[i] =
            (struct log_tile){.level = walk->set.tiles[i].level, .index = walk->set.tiles[i].index};
    memset(&walk->load, 0, sizeof(walk->load));
    walk->load.request.cb = on_tiles;
    walk->load.request.arena = walk->evidence->page;
    walk->load.tiles = walk->tiles;
    walk->load.n = walk->set.n;
    walk->evidence->busy = true;
    store_log_tiles(walk->evidence->desk->config.store, &walk->load);
}

/* ---- Which. ---- */
static void list_anchors(struct anchor_walk *walk, uint64_t after, bool newest);

static void next_anchor(struct anchor_walk *walk)
{
    const struct store_log_anchors *list = &walk->list;
    if (walk->at < list->n)
        load_tiles(walk);
    else if (!list->newest && list->n == FIRST_MOST)
        list_anchors(walk, list->rows[list->n - 1].size, true);
    else
        walk_people(walk->evidence);
}

static void on_anchors(struct store_request *request)
{
    struct anchor_walk *walk = container_of(request, struct anchor_walk, list.request);
    if (!walk_goes_on(walk->evidence))
        return;
    if (request->result != RESULT_OK)
        walk_fail(walk->evidence, "anchors", request->result);
    else
        next_anchor(walk);
}

static void list_anchors(struct anchor_walk *walk, uint64_t after, bool newest)
{
    walk->at = 0;
    walk->list =
        (struct store_log_anchors){.request = {.cb = on_anchors, .arena = walk->evidence->page},
                                   .kind = LOG_ANCHOR_TIMESTAMP,
                                   .after = after,
                                   .most = walk->evidence->log.size,
                                   .newest = newest,
                                   .limit = newest ? NEWEST_MOST : FIRST_MOST};
    walk->evidence->busy = true;
    store_log_anchors(walk->evidence->desk->config.store, &walk->list);
}

void walk_anchors(struct evidence_export *evidence)
{
    if (!evidence->log.there || evidence->n_spans == 0) {
        walk_people(evidence);
        return;
    }
    walk_new_page(evidence);
    struct anchor_walk *walk = arena_new(evidence->page, struct anchor_walk);
    require(walk != NULL);
    walk->evidence = evidence;
    size_t i = 0; /* spans are in order since the proofs */
    while (i < evidence->n_spans && evidence->spans[i].shard != evidence->log.shard)
        i++;
    list_anchors(walk, i < evidence->n_spans ? evidence->spans[i].first : 0, false);
}
