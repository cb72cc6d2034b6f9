/* proof.c - the proof of all receipts at once: the nodes of the tree which, put between the leaves
 * that are exported, make the root of the checkpoint. A gap between leaves is cut into the largest
 * full subtrees (RFC 6962 section 2.1), so a run of a thousand receipts costs about as many nodes
 * as one receipt does. */
/* System. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/tlog.h"

/* This module. */
#include "service/evidence/walk.h"

static void add_node(struct evidence_export *evidence, unsigned level, uint64_t index)
{
    if (evidence->n_nodes == evidence->nodes_capacity) {
        evidence->nodes_capacity = evidence->nodes_capacity * 2 + 256;
        evidence->nodes =
            mem_resize(evidence->nodes, evidence->nodes_capacity, sizeof(*evidence->nodes));
    }
    evidence->nodes[evidence->n_nodes++] = (struct proof_node){level, index};
}

/* The full, aligned subtrees of [from, to), from the left. */
static void add_gap(struct evidence_export *evidence, uint64_t from, uint64_t to)
{
    while (from < to) {
        unsigned level = from == 0 ? 62 : (unsigned)__builtin_ctzll(from);
        while ((UINT64_C(1) << level) > to - from)
            level--;
        add_node(evidence, level, from >> level);
        from += UINT64_C(1) << level;
    }
}

static int span_compare(const void *a, const void *b)
{
    const struct log_span *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

void proof_plan(struct evidence_export *evidence)
{
    uint64_t at = 0;
    if (evidence->n_spans > 0)
        qsort(evidence->spans, evidence->n_spans, sizeof(*evidence->spans), span_compare);
    for (size_t i = 0; i < evidence->n_spans; i++) {
        add_gap(evidence, at, evidence->spans[i].first);
        at = evidence->spans[i].first + evidence->spans[i].n;
    }
    add_gap(evidence, at, evidence->log.size);
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
        buf_printf(&line, "{\"hash\":\"%s\",\"index\":%" PRIu64 ",\"level\":%u}\n", text,
                   node->index, node->level);
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
