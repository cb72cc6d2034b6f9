/* audit_tree.c - the trees: all receipts and the nodes between them make the root that the log's
 * checkpoint signs. Where older logs ended, the first entry of each next one carries the last
 * checkpoint of the one before, so that the newest key vouches for all. Failure modes: holes,
 * doubles, another root; a chain that is broken. */
/* System. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/audit.h"

/* 0 stands for the newest log, behind all others. */
static unsigned order_of(unsigned shard)
{
    return shard - 1;
}

static int leaf_compare(const void *a, const void *b)
{
    const struct audit_leaf *x = a, *y = b;
    if (x->shard != y->shard)
        return order_of(x->shard) < order_of(y->shard) ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int node_compare(const void *a, const void *b)
{
    const struct audit_node *x = a, *y = b;
    if (x->shard != y->shard)
        return order_of(x->shard) < order_of(y->shard) ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* Full subtrees from the left; two of one height become one. */
struct forest {
    struct merkle_hash hashes[64];
    unsigned levels[64];
    unsigned n;
    uint64_t size;
};

static bool forest_add(struct forest *forest, unsigned level, const struct merkle_hash *hash)
{
    if (forest->n == 64 || (forest->n > 0 && forest->levels[forest->n - 1] < level) ||
        (forest->size & ((UINT64_C(1) << level) - 1)) != 0)
        return false;
    forest->levels[forest->n] = level;
    forest->hashes[forest->n++] = *hash;
    forest->size += UINT64_C(1) << level;
    while (forest->n > 1 && forest->levels[forest->n - 1] == forest->levels[forest->n - 2]) {
        struct merkle_hash *left = &forest->hashes[forest->n - 2];
        merkle_node(left, left, &forest->hashes[forest->n - 1]);
        forest->levels[forest->n - 2]++;
        forest->n--;
    }
    return true;
}

static void forest_root(const struct forest *forest, struct merkle_hash *root)
{
    if (forest->n == 0) {
        merkle_empty(root);
        return;
    }
    *root = forest->hashes[forest->n - 1];
    for (unsigned i = forest->n - 1; i > 0; i--)
        merkle_node(root, &forest->hashes[i - 1], root);
}

/* What is left to be put into trees, in the order of logs and indexes. */
struct rest {
    size_t leaf, node;
};

static bool grow(struct audit *audit, struct rest *rest, const struct audit_shard *shard,
                 struct forest *forest)
{
    while (forest->size < shard->size) {
        const struct audit_leaf *leaf = &audit->leaves[rest->leaf];
        const struct audit_node *node = &audit->nodes[rest->node];
        const uint64_t at = forest->size;
        bool good = false;
        if (rest->leaf < audit->n_leaves && leaf->shard == shard->number && leaf->index == at) {
            good = forest_add(forest, 0, &leaf->hash);
            rest->leaf++;
        } else if (rest->node < audit->n_nodes && node->shard == shard->number &&
                   node->from == at) {
            good = forest_add(forest, node->level, &node->hash);
            rest->node++;
        }
        if (!good)
            return audit_wrong(audit, "log/nodes.ndjson: the tree has a hole at leaf %" PRIu64, at);
    }
    return forest->size == shard->size ||
           audit_wrong(audit, "a receipt or a node lies outside the log's tree, or twice in it");
}

static bool check_tree(struct audit *audit, struct rest *rest, const struct audit_shard *shard)
{
    struct forest forest = {.n = 0};
    struct merkle_hash root;
    if (!grow(audit, rest, shard, &forest))
        return false;
    forest_root(&forest, &root);
    return merkle_equal(&root, &shard->root) ||
           audit_wrong(audit,
                       "the receipts do not make the tree that %s signs: a receipt, an "
                       "index or a node was changed",
                       shard->number == 0 ? "log/checkpoint" : "an ended log's last checkpoint");
}

static bool check_trees(struct audit *audit, const struct checkpoint *newest)
{
    const struct audit_shard last = {.size = newest->size, .root = newest->root};
    struct rest rest = {0, 0};
    if (audit->n_leaves > 0)
        qsort(audit->leaves, audit->n_leaves, sizeof(*audit->leaves), leaf_compare);
    if (audit->n_nodes > 0)
        qsort(audit->nodes, audit->n_nodes, sizeof(*audit->nodes), node_compare);
    for (size_t i = 0; i < audit->n_shards; i++)
        if (!check_tree(audit, &rest, &audit->shards[i]))
            return false;
    if (!check_tree(audit, &rest, &last))
        return false;
    return (rest.leaf == audit->n_leaves && rest.node == audit->n_nodes) ||
           audit_wrong(audit, "a receipt or a node lies outside the log's tree, or twice in it");
}

/* ---- Logs that have ended. ---- */
/* {"checkpoint":text,"leaf":{...},"shard":1}: the leaf, the next log's first, says the same text.
 */
bool audit_shard(struct audit *audit, const char *line, size_t length)
{
    static const char leaf_key[] = ",\"leaf\":", shard_key[] = ",\"shard\":";
    struct json_object *json = NULL, *leaf;
    struct audit_shard shard = {0};
    struct checkpoint checkpoint;
    struct note note;
    const char *text, *said, *from = memmem(line, length, leaf_key, sizeof(leaf_key) - 1);
    bool good = json_read(line, length, &json, NULL) == RESULT_OK && from != NULL;
    leaf = json_get(json, "leaf");
    text = json_get_string(json, "checkpoint");
    said = json_get_string(json_get(leaf, "facts"), "checkpoint");
    const int64_t number = json_get_int(json, "shard", 0);
    good = good && text != NULL && str_equal(text, said) && number > 0 && number < UINT16_MAX &&
           str_equal(json_get_string(leaf, "kind"), "log_begun") &&
           note_split(slice_of(text), &note) && checkpoint_parse(note.text, &checkpoint);
    if (good) {
        const char *end = line + length, *to = NULL;
        from += sizeof(leaf_key) - 1;
        for (const char *at = from;
             (at = memmem(at, (size_t)(end - at), shard_key, sizeof(shard_key) - 1)) != NULL; at++)
            to = at; /* the last: inside the leaf it may stand too */
        good = to != NULL;
        shard = (struct audit_shard){(unsigned)number, checkpoint.size, checkpoint.root};
        if (good)
            audit_keep_leaf(audit, shard.number + 1, 0, (struct slice){from, (size_t)(to - from)});
    }
    json_object_put(json);
    if (!good)
        return audit_wrong(audit,
                           "log/shards.ndjson, line %zu: the first entry of the next log "
                           "does not carry this checkpoint",
                           audit->n_shards + 1);
    audit->shards = mem_resize(audit->shards, audit->n_shards + 1, sizeof(*audit->shards));
    audit->shards[audit->n_shards++] = shard;
    return true;
}

/* One after the other up to the newest; what stands in the newest is named by 0 from here on. */
static bool check_chain(struct audit *audit, int64_t newest)
{
    for (size_t i = 0; i < audit->n_shards; i++)
        if ((int64_t)(audit->shards[i].number + (audit->n_shards - i)) != newest)
            return audit_wrong(audit, "log/shards.ndjson: a log is missing between those given");
    for (size_t i = 0; i < audit->n_leaves; i++)
        if (audit->leaves[i].shard == newest)
            audit->leaves[i].shard = 0;
    return true;
}

bool audit_tree(struct audit *audit)
{
    struct json_object *log = json_get(audit->manifest, "log");
    struct checkpoint checkpoint;
    struct note note;
    char hex[DIGEST_TEXT_SIZE];
    const struct slice bytes = {audit->checkpoint.data, audit->checkpoint.length};
    if (log == NULL) {
        if (audit->n_leaves > 0 || audit->n_nodes > 0)
            return audit_wrong(audit, "receipts have places in a log that the manifest does not "
                                      "name");
        return true;
    }
    if (!note_split(bytes, &note) || !checkpoint_parse(note.text, &checkpoint))
        return audit_wrong(audit, "log/checkpoint is not a checkpoint");
    hex_encode(hex, checkpoint.root.bytes, DIGEST_SIZE);
    if ((uint64_t)json_get_int(log, "size", -1) != checkpoint.size ||
        !str_equal(json_get_string(log, "root"), hex))
        return audit_wrong(audit, "log/checkpoint is not the one that the manifest names");
    if ((uint64_t)json_get_int(log, "receipts_outside", -1) != audit->outside)
        return audit_wrong(audit, "the manifest counts other receipts outside the log");
    return audit_note(audit, "log/checkpoint", bytes) &&
           check_chain(audit, json_get_int(log, "shard", 1)) && check_trees(audit, &checkpoint) &&
           audit_anchors(audit, &checkpoint);
}
