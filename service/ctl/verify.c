/* verify.c - fetches checkpoint, tiles and entries and hashes everything again. Happy path: each
 * bundle's entries give the hashes of its level-0 tile, full tiles give those above, the right edge
 * gives the signed root, and on the way the root of the earlier checkpoint appeared. Failure modes:
 * the first difference is named by its path. */

/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* This module. */
#include "service/ctl/verify.h"

enum { BUNDLE_MAX = TILE_HASHES * (2 + UINT16_MAX), PATH_SIZE = TILE_PATH_SIZE + 48 };

static bool wrong(struct verify *verify, const char *where, const char *text)
{
    if (!verify->wrong)
        error_set(verify->error, RESULT_INVALID, where, "%s", text);
    verify->wrong = true;
    return false;
}

static bool get(struct verify *verify, const char *path, struct buf *to)
{
    return verify->fetch(verify->context, path, to) ||
           wrong(verify, path, "it cannot be fetched, so nothing is proved");
}

/* Is the served tile what was hashed? */
static bool same_tile(struct verify *verify, const struct tile *tile)
{
    char name[TILE_PATH_SIZE], path[PATH_SIZE];
    struct buf bytes;
    bool same;

    tile_path(name, (int)tile->level, tile->index, tile->width);
    (void)snprintf(path, sizeof(path), "%s/tile/%s", verify->prefix, name);
    buf_init(&bytes, TILE_HASHES * DIGEST_SIZE);
    same = get(verify, path, &bytes);
    if (same && (bytes.length != tile->width * sizeof(struct merkle_hash) ||
                 memcmp(bytes.data, tile->hashes, bytes.length) != 0))
        same = wrong(verify, path, "this tile is not the hash of what lies below it");
    buf_free(&bytes);
    return same;
}

static void on_full(void *context, const struct tile *tile)
{
    struct verify *verify = context;

    if (!verify->wrong)
        (void)same_tile(verify, tile);
}

/* Adds a leaf; the earlier checkpoint's root must appear when its size is reached. */
static bool add(struct verify *verify, const struct merkle_hash *leaf)
{
    struct merkle_hash root;

    tile_edge_add(&verify->edge, leaf, on_full, verify);
    if (!verify->earlier || verify->edge.size != verify->earlier_size)
        return !verify->wrong;
    tile_edge_root(&verify->edge, &root);
    return merkle_equal(&root, &verify->earlier_root)
               ? !verify->wrong
               : wrong(verify, "checkpoint",
                       "the log does not extend the earlier checkpoint: it was rewritten; keep "
                       "both as evidence");
}

/* ---- Level 0: out of entries, or out of the tile. ---- */
static bool add_entries(struct verify *verify, const char *path, const struct buf *bytes,
                        unsigned width)
{
    struct bytes_reader reader;
    struct merkle_hash leaf;
    unsigned n = 0;

    reader_init(&reader, bytes->data, bytes->length);
    for (; reader.at < reader.end; n++) {
        size_t length = read_u16(&reader);
        const uint8_t *entry = read_bytes(&reader, length);

        if (entry == NULL || n == width)
            return wrong(verify, path, "this bundle is not well-formed");
        if (verify->edge.size == 0)
            (void)buf_add(&verify->first, entry, length);
        merkle_leaf(&leaf, entry, length);
        if (!add(verify, &leaf))
            return false;
    }
    return n == width || wrong(verify, path, "this bundle lacks entries");
}

static bool add_hashes(struct verify *verify, const char *path, const struct buf *bytes,
                       unsigned width)
{
    struct merkle_hash leaf;

    if (bytes->length != width * sizeof(leaf))
        return wrong(verify, path, "this tile has another width than it should");
    for (unsigned i = 0; i < width; i++) {
        memcpy(&leaf, bytes->data + i * sizeof(leaf), sizeof(leaf));
        if (!add(verify, &leaf))
            return false;
    }
    return true;
}

static bool add_bundle(struct verify *verify, uint64_t index)
{
    unsigned width = tile_width(0, index, verify->checkpoint.size);
    char name[TILE_PATH_SIZE], path[PATH_SIZE];
    struct buf bytes;
    bool good;

    tile_path(name, verify->tiles_only ? 0 : -1, index, width);
    (void)snprintf(path, sizeof(path), "%s/tile/%s", verify->prefix, name);
    buf_init(&bytes, BUNDLE_MAX);
    good = get(verify, path, &bytes);
    if (good)
        good = verify->tiles_only ? add_hashes(verify, path, &bytes, width)
                                  : add_entries(verify, path, &bytes, width);
    buf_free(&bytes);
    return good;
}

/* ---- The whole. ---- */
static bool check_edge(struct verify *verify)
{
    struct merkle_hash root;

    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        const struct tile tile = {.level = level,
                                  .index = tile_edge_index(&verify->edge, level),
                                  .width = tile_edge_width(&verify->edge, level),
                                  .hashes = verify->edge.hashes[level]};

        if (tile.width > 0 && !same_tile(verify, &tile))
            return false;
    }
    tile_edge_root(&verify->edge, &root);
    return merkle_equal(&root, &verify->checkpoint.root) ||
           wrong(verify, "checkpoint",
                 "the signed root is not that of the tree that is served: something was changed "
                 "after it was signed");
}

static bool check_checkpoint(struct verify *verify)
{
    struct note note;
    struct slice bytes;

    if (!get(verify, "/log/checkpoint", &verify->note))
        return false;
    bytes = (struct slice){verify->note.data, verify->note.length};
    if (!checkpoint_open(bytes, &verify->key, &verify->checkpoint, verify->error))
        return false;
    if (verify->witnessed &&
        (!note_split(bytes, &note) || note_check(&note, &verify->witness, NULL) != NOTE_VERIFIED))
        return wrong(verify, "checkpoint",
                     "the witness has not cosigned it: wait a few seconds and try again, then ask "
                     "the witness");
    return true;
}

static bool check_earlier(struct verify *verify)
{
    struct merkle_hash empty;

    merkle_empty(&empty);
    if (verify->earlier && verify->earlier_size == 0 &&
        !merkle_equal(&verify->earlier_root, &empty))
        return wrong(verify, "checkpoint", "the earlier checkpoint of an empty log has a root");
    if (verify->earlier && verify->earlier_size > verify->checkpoint.size)
        return wrong(verify, "checkpoint",
                     "the log is shorter than the earlier checkpoint: it was rolled back");
    return true;
}

bool verify_log(struct verify *verify, struct error *error)
{
    verify->error = error;
    memset(&verify->edge, 0, sizeof(verify->edge));
    if (!verify->given && !check_checkpoint(verify))
        return false;
    if (!check_earlier(verify))
        return false;
    for (uint64_t i = 0; i * TILE_HASHES < verify->checkpoint.size; i++)
        if (!add_bundle(verify, i))
            return false;
    return check_edge(verify);
}
