/* tile.c - tiles: their names, widths, what is hashed out of them, and the edge that grows. Happy
 * path: appending fills tiles of level 0; a full tile's hash is one hash of the level above.
 * Failure modes: a path that is not exactly as the specification writes it, a tile that is not
 * loaded or is narrower than the tree needs. */
/* System. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/result.h"

/* Interfaces. */
#include "tocsin/tlog.h"

enum { BITS = 8, INDEX_GROUPS = 7 };

/* ---- Names (tlog-tiles, "Merkle Tree"). ---- */
void tile_path(char to[TILE_PATH_SIZE], int level, uint64_t index, unsigned width)
{
    unsigned groups[INDEX_GROUPS], n = 0;
    int at = level < 0 ? snprintf(to, TILE_PATH_SIZE, "entries/")
                       : snprintf(to, TILE_PATH_SIZE, "%d/", level);
    do {
        groups[n++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index > 0 && n < INDEX_GROUPS);
    while (n-- > 0)
        at += snprintf(to + at, TILE_PATH_SIZE - (size_t)at, n > 0 ? "x%03u/" : "%03u", groups[n]);
    if (width < TILE_HASHES)
        snprintf(to + at, TILE_PATH_SIZE - (size_t)at, ".p/%u", width);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Up to three digits without a leading zero. */
static bool read_small(const char **at, unsigned *ret_value)
{
    const char *text = *at;
    unsigned value = 0, digits = 0;
    for (; is_digit(text[digits]) && digits < 3; digits++)
        value = value * 10 + (unsigned)(text[digits] - '0');
    if (digits == 0 || is_digit(text[digits]) || (digits > 1 && text[0] == '0'))
        return false;
    *at = text + digits;
    *ret_value = value;
    return true;
}

/* "x001/x234/067": groups of three digits, all but the last marked; no leading group of zeros. */
static bool read_index(const char **at, uint64_t *ret_index)
{
    const char *text = *at;
    uint64_t index = 0;
    for (unsigned n = 0; n < INDEX_GROUPS; n++) {
        bool more = *text == 'x';
        text += more;
        if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2]) ||
            index > MERKLE_SIZE_MAX / 1000)
            return false;
        unsigned group = (unsigned)((text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0');
        index = index * 1000 + group;
        text += 3;
        if (n == 0 && more && group == 0)
            return false;
        if (more && *text++ != '/')
            return false;
        if (!more) {
            *at = text;
            *ret_index = index;
            return true;
        }
    }
    return false;
}

bool tile_path_parse(const char *path, int *ret_level, uint64_t *ret_index, unsigned *ret_width)
{
    unsigned level = 0, width = TILE_HASHES;
    uint64_t index;
    bool entries = str_starts(path, "entries/");
    const char *at = path + (entries ? strlen("entries/") : 0);
    if (!entries && (!read_small(&at, &level) || level > 63 || *at++ != '/'))
        return false;
    if (!read_index(&at, &index))
        return false;
    if (str_starts(at, ".p/")) {
        at += 3;
        if (!read_small(&at, &width) || width == 0 || width >= TILE_HASHES)
            return false;
    }
    if (*at != 0)
        return false;
    *ret_level = entries ? -1 : (int)level;
    *ret_index = index;
    *ret_width = width;
    return true;
}

unsigned tile_width(unsigned level, uint64_t index, uint64_t size)
{
    if (level >= TILE_LEVELS || index > (UINT64_MAX >> BITS))
        return 0;
    uint64_t hashes = size >> (BITS * level), first = index << BITS;
    if (hashes <= first)
        return 0;
    return hashes - first >= TILE_HASHES ? TILE_HASHES : (unsigned)(hashes - first);
}

/* ---- Reading. ---- */
/* The hash over 2^height hashes. */
static void fold(const struct merkle_hash *hashes, unsigned height, struct merkle_hash *to)
{
    struct merkle_hash work[TILE_HASHES / 2];
    unsigned n = 1u << height;
    if (height == 0) {
        *to = hashes[0];
        return;
    }
    for (unsigned i = 0; i < n / 2; i++)
        merkle_node(&work[i], &hashes[2 * i], &hashes[2 * i + 1]);
    for (n /= 2; n > 1; n /= 2)
        for (unsigned i = 0; i < n / 2; i++)
            merkle_node(&work[i], &work[2 * i], &work[2 * i + 1]);
    *to = work[0];
}

static const struct tile *find(struct tile_set *set, unsigned level, uint64_t index)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->tiles[i].level == level && set->tiles[i].index == index)
            return &set->tiles[i];
    if (!set->listing || set->n == TILE_SET_MAX)
        return NULL;
    struct tile *tile = &set->tiles[set->n++];
    *tile =
        (struct tile){.level = level, .index = index, .width = tile_width(level, index, set->size)};
    return tile;
}

static bool read_hash(void *context, unsigned level, uint64_t index, struct merkle_hash *to)
{
    struct tile_set *set = context;
    unsigned height = level % BITS;
    const struct tile *tile = find(set, level / BITS, index >> (BITS - height));
    unsigned first = (unsigned)((index << height) & (TILE_HASHES - 1));
    if (tile == NULL || first + (1u << height) > tile->width)
        return false;
    if (tile->hashes != NULL)
        fold(tile->hashes + first, height, to);
    else
        memset(to, 0, sizeof(*to));
    return tile->hashes != NULL || set->listing;
}

struct merkle_reader tile_reader(struct tile_set *set)
{
    return (struct merkle_reader){.read = read_hash, .context = set};
}

/* ---- Growing. ---- */
unsigned tile_edge_width(const struct tile_edge *edge, unsigned level)
{
    return (unsigned)(edge->size >> (BITS * level)) & (TILE_HASHES - 1);
}

uint64_t tile_edge_index(const struct tile_edge *edge, unsigned level)
{
    return edge->size >> (BITS * level) >> BITS; /* in two steps: 64 is too much for one */
}

void tile_edge_add(struct tile_edge *edge, const struct merkle_hash *leaf,
                   void (*full)(void *context, const struct tile *tile), void *context)
{
    struct merkle_hash hash = *leaf;
    for (unsigned level = 0;; level++) {
        require(level < TILE_LEVELS);
        unsigned at = tile_edge_width(edge, level);
        edge->hashes[level][at] = hash;
        if (at + 1 < TILE_HASHES)
            break;
        const struct tile tile = {.level = level,
                                  .index = tile_edge_index(edge, level),
                                  .width = TILE_HASHES,
                                  .hashes = edge->hashes[level]};
        full(context, &tile);
        fold(edge->hashes[level], BITS, &hash);
    }
    edge->size++;
}

void tile_edge_root(const struct tile_edge *edge, struct merkle_hash *to)
{
    struct merkle_hash hash;
    bool any = false;
    merkle_empty(to);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        unsigned end = tile_edge_width(edge, level);
        for (unsigned height = 0; height < BITS; height++) { /* from the right: smallest first */
            if ((end >> height & 1) == 0)
                continue;
            end -= 1u << height;
            fold(edge->hashes[level] + end, height, &hash);
            if (any)
                merkle_node(to, &hash, to);
            else
                *to = hash;
            any = true;
        }
    }
}
