/* proof.c - the proof of all receipts at once: the nodes of the tree which, put between the leaves
 * that are exported, make the root of the checkpoint. A gap between leaves is cut into the largest
 * full subtrees (RFC 6962 section 2.1), so a run of a thousand receipts costs about as many nodes
 * as one receipt does. */
/* System. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/tlog.h"

/* This module. */
#include "service/evidence/walk.h"
#include "service/receipts/receipt_leaves.h"

uint64_t proof_size(const struct evidence_export *evidence, unsigned shard)
{
    if (shard == evidence->log.shard)
        return evidence->log.size;
    return shard >= 1 && shard <= evidence->ended.n ? evidence->ended.rows[shard - 1].size : 0;
}

static void add_node(struct evidence_export *evidence, struct proof_node node)
{
    if (evidence->n_nodes == evidence->nodes_capacity) {
        evidence->nodes_capacity = evidence->nodes_capacity * 2 + 256;
        evidence->nodes =
            mem_resize(evidence->nodes, evidence->nodes_capacity, sizeof(*evidence->nodes));
    }
    evidence->nodes[evidence->n_nodes++] = node;
}

/* The full, aligned subtrees of [from, to), from the left. */
static void add_gap(struct evidence_export *evidence, unsigned shard, uint64_t from, uint64_t to)
{
    while (from < to) {
        unsigned level = from == 0 ? 62 : (unsigned)__builtin_ctzll(from);
        while ((UINT64_C(1) << level) > to - from)
            level--;
        add_node(evidence, (struct proof_node){shard, level, from >> level});
        from += UINT64_C(1) << level;
    }
}

static int span_compare(const void *a, const void *b)
{
    const struct log_span *x = a, *y = b;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static void add_span(struct evidence_export *evidence, struct log_span span)
{
    if (evidence->n_spans == evidence->spans_capacity) {
        evidence->spans_capacity = evidence->spans_capacity * 2 + 256;
        evidence->spans =
            mem_resize(evidence->spans, evidence->spans_capacity, sizeof(*evidence->spans));
    }
    evidence->spans[evidence->n_spans++] = span;
}

void proof_span(struct evidence_export *evidence, unsigned shard, uint64_t first, unsigned n)
{
    if (first != UINT64_MAX)
        add_span(evidence, (struct log_span){shard, first, n});
}

/* The oldest log that a receipt of this export stands in. */
static unsigned first_shard(const struct evidence_export *evidence)
{
    unsigned shard = evidence->log.shard;
    for (size_t i = 0; i < evidence->n_spans; i++)
        if (evidence->spans[i].shard < shard)
            shard = evidence->spans[i].shard;
    return shard;
}

/* {"checkpoint","leaf","shard"}: the last checkpoint of a log, and the first entry of the next,
 * which carries it. So the newest key vouches for all of them. */
static void write_shard(struct evidence_export *evidence, const struct log_shard_row *row,
                        struct spool *to)
{
    struct json_object *note = json_object_new_string(row->note);
    struct buf leaf, line;
    buf_init(&leaf, UINT16_MAX + 1);
    buf_init(&line, SIZE_MAX);
    if (!receipt_leaf_read(row->leaves.data, row->leaves.length, 1, 0, &leaf))
        evidence->failed = true;
    buf_puts(&line, "{\"checkpoint\":");
    require(json_write(&line, note));
    buf_printf(&line, ",\"leaf\":%s,\"shard\":%u}\n", leaf.length > 0 ? leaf.data : "null",
               row->shard);
    spool_add(to, line.data, line.length);
    buf_free(&line);
    buf_free(&leaf);
    json_object_put(note);
}

static void plan_shards(struct evidence_export *evidence, unsigned first)
{
    struct spool *lines = NULL;
    for (unsigned shard = first; shard < evidence->log.shard; shard++) {
        if (lines == NULL)
            lines = bundle_add(&evidence->bundle, "log/shards.ndjson");
        write_shard(evidence, &evidence->ended.rows[shard - 1], lines);
        add_span(evidence, (struct log_span){shard + 1, 0, 1});
    }
}

void proof_plan(struct evidence_export *evidence)
{
    const unsigned first = first_shard(evidence);
    size_t i = 0;
    plan_shards(evidence, first);
    if (evidence->n_spans > 0)
        qsort(evidence->spans, evidence->n_spans, sizeof(*evidence->spans), span_compare);
    for (unsigned shard = first; shard <= evidence->log.shard; shard++) {
        uint64_t at = 0;
        for (; i < evidence->n_spans && evidence->spans[i].shard == shard; i++) {
            add_gap(evidence, shard, at, evidence->spans[i].first);
            at = evidence->spans[i].first + evidence->spans[i].n;
        }
        add_gap(evidence, shard, at, proof_size(evidence, shard));
    }
}

/* MTH of hashes[0 .. 2^height). */
static void fold(struct merkle_hash *to, const uint8_t *hashes, unsigned height)
{
    struct merkle_hash left, right;
    if (height == 0) {
        memcpy(to->bytes, hashes, DIGEST_SIZE);
        return;
    }
    fold(&left, hashes, height - 1);
    fold(&right, hashes + (DIGEST_SIZE << (height - 1)), height - 1);
    merkle_node(to, &left, &right);
}

static void proof_work(struct lane_job *job, unsigned thread)
{
    struct evidence_export *evidence = container_of(job, struct evidence_export, job);
    struct buf line;
    (void)thread;
    buf_init(&line, 1024);
    for (size_t i = 0; i < evidence->tiles.n; i++) {
        const struct proof_node *node = &evidence->nodes[evidence->node_at + i];
        const struct blob hashes = evidence->tiles.tiles[i].hashes;
        const unsigned height = node->level % 8;
        const uint64_t first = (node->index << height) & 255; /* within the tile */
        struct merkle_hash hash;
        char text[48];
        if (hashes.length < (first + (UINT64_C(1) << height)) * DIGEST_SIZE) {
            evidence->failed = true;
            break;
        }
        fold(&hash, (const uint8_t *)hashes.data + first * DIGEST_SIZE, height);
        base64_encode(text, hash.bytes, DIGEST_SIZE);
        buf_clear(&line);
        buf_printf(&line, "{\"hash\":\"%s\",\"index\":%" PRIu64 ",\"level\":%u", text, node->index,
                   node->level);
        if (node->shard != evidence->log.shard)
            buf_printf(&line, ",\"shard\":%u", node->shard);
        buf_puts(&line, "}\n");
        spool_add(evidence->proofs, line.data, line.length);
    }
    buf_free(&line);
}

static void proof_written(struct evidence_export *evidence)
{
    evidence->node_at += evidence->tiles.n;
    walk_proofs_next(evidence);
}

void proof_write(struct evidence_export *evidence)
{
    walk_job(evidence, proof_work, proof_written);
}
