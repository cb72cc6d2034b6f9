/* merkle.c - RFC 6962 trees over a reader of full subtrees. Happy path: ranges are cut where the
 * tree is (the largest power of two below their size) and folded from the right. Failure modes: a
 * hash that the reader does not have, sizes past 2^62, a proof with a hash too few or too many. */
/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/tlog.h"

void merkle_leaf(struct merkle_hash *to, const void *entry, size_t length)
{
    uint8_t small[1024];
    if (length < sizeof(small)) { /* one call costs less than a stream */
        small[0] = 0x00;
        if (length > 0)
            memcpy(small + 1, entry, length);
        sha256(to->bytes, small, length + 1);
        return;
    }
    struct sha256_stream *stream = sha256_begin();
    sha256_add(stream, "\x00", 1);
    sha256_add(stream, entry, length);
    sha256_end(&stream, to->bytes);
}

void merkle_node(struct merkle_hash *to, const struct merkle_hash *left,
                 const struct merkle_hash *right)
{
    uint8_t bytes[1 + 2 * DIGEST_SIZE];
    bytes[0] = 0x01;
    memcpy(bytes + 1, left->bytes, DIGEST_SIZE);
    memcpy(bytes + 1 + DIGEST_SIZE, right->bytes, DIGEST_SIZE);
    sha256(to->bytes, bytes, sizeof(bytes));
}

void merkle_empty(struct merkle_hash *to)
{
    sha256(to->bytes, "", 0);
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

/* The exponent of the largest power of two that is at most n (n > 0). */
static unsigned floor_log2(uint64_t n)
{
    return 63 - (unsigned)__builtin_clzll(n);
}

/* Where a tree of n > 1 leaves is cut: the largest power of two strictly below n. */
static uint64_t cut_of(uint64_t n)
{
    return UINT64_C(1) << floor_log2(n - 1);
}

/* MTH(D[from:to]) of a range that is a subtree of the log: full subtrees, folded from the right. */
static bool range_hash(const struct merkle_reader *reader, uint64_t from, uint64_t to,
                       struct merkle_hash *hash)
{
    struct merkle_hash parts[64];
    unsigned n = 0;
    while (from < to) {
        unsigned level = floor_log2(to - from);
        if (!reader->read(reader->context, level, from >> level, &parts[n++]))
            return false;
        from += UINT64_C(1) << level;
    }
    *hash = parts[--n];
    while (n > 0)
        merkle_node(hash, &parts[--n], hash);
    return true;
}

bool merkle_root(const struct merkle_reader *reader, uint64_t size, struct merkle_hash *to)
{
    if (size == 0)
        merkle_empty(to);
    return size == 0 || (size <= MERKLE_SIZE_MAX && range_hash(reader, 0, size, to));
}

/* One step down towards `at`: the half that does not hold it is the sibling. */
struct descent {
    uint64_t from, to, sibling_from, sibling_to;
};
static bool descend(struct descent *at, bool left, uint64_t cut)
{
    at->sibling_from = left ? at->from + cut : at->from;
    at->sibling_to = left ? at->to : at->from + cut;
    if (left)
        at->to = at->from + cut;
    else
        at->from += cut;
    return left;
}

static void reverse(struct merkle_hash *hashes, unsigned n)
{
    for (unsigned i = 0; i < n / 2; i++) {
        struct merkle_hash swap = hashes[i];
        hashes[i] = hashes[n - 1 - i];
        hashes[n - 1 - i] = swap;
    }
}

bool merkle_inclusion(const struct merkle_reader *reader, uint64_t index, uint64_t size,
                      struct merkle_proof *proof)
{
    struct descent at = {0, size, 0, 0};
    proof->n = 0;
    if (index >= size || size > MERKLE_SIZE_MAX)
        return false;
    while (at.to - at.from > 1) {
        uint64_t cut = cut_of(at.to - at.from);
        descend(&at, index < at.from + cut, cut);
        if (!range_hash(reader, at.sibling_from, at.sibling_to, &proof->hashes[proof->n++]))
            return false;
    }
    reverse(proof->hashes, proof->n);
    return true;
}

bool merkle_consistency(const struct merkle_reader *reader, uint64_t from, uint64_t to,
                        struct merkle_proof *proof)
{
    struct descent at = {0, to, 0, 0};
    bool whole = true; /* the old tree is still the left edge: its root is known */
    proof->n = 0;
    if (from > to || to > MERKLE_SIZE_MAX)
        return false;
    if (from == 0 || from == to)
        return true;
    while (at.to != from) {
        uint64_t cut = cut_of(at.to - at.from);
        whole = descend(&at, from <= at.from + cut, cut) && whole;
        if (!range_hash(reader, at.sibling_from, at.sibling_to, &proof->hashes[proof->n++]))
            return false;
    }
    if (!whole && !range_hash(reader, at.from, at.to, &proof->hashes[proof->n++]))
        return false;
    reverse(proof->hashes, proof->n);
    return true;
}

/* RFC 9162 section 2.1.3.2. */
bool merkle_check_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const struct merkle_hash *root)
{
    struct merkle_hash hash = *leaf;
    if (index >= size || size > MERKLE_SIZE_MAX || proof->n > MERKLE_PROOF_MAX)
        return false;
    uint64_t node = index, last = size - 1;
    for (unsigned i = 0; i < proof->n; i++) {
        if (last == 0)
            return false;
        if ((node & 1) == 1 || node == last) {
            merkle_node(&hash, &proof->hashes[i], &hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(&hash, &hash, &proof->hashes[i]);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && merkle_equal(&hash, root);
}

/* RFC 9162 section 2.1.4.2, for 0 < from < to. */
static bool check_growth(const struct merkle_growth *growth, const struct merkle_hash *path,
                         unsigned n)
{
    uint64_t node = growth->from - 1, last = growth->to - 1;
    if (n == 0)
        return false;
    while (node & 1) {
        node >>= 1;
        last >>= 1;
    }
    struct merkle_hash old = path[0], new = path[0];
    for (unsigned i = 1; i < n; i++) {
        if (last == 0)
            return false;
        if ((node & 1) == 1 || node == last) {
            merkle_node(&old, &path[i], &old);
            merkle_node(&new, &path[i], &new);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(&new, &new, &path[i]);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && merkle_equal(&old, &growth->from_root) &&
           merkle_equal(&new, &growth->to_root);
}

bool merkle_check_consistency(const struct merkle_growth *growth, const struct merkle_proof *proof)
{
    struct merkle_hash path[MERKLE_PROOF_MAX + 1], empty;
    unsigned n = 0;
    if (growth->from > growth->to || growth->to > MERKLE_SIZE_MAX || proof->n > MERKLE_PROOF_MAX)
        return false;
    if (growth->from == growth->to)
        return proof->n == 0 && merkle_equal(&growth->from_root, &growth->to_root);
    if (growth->from == 0) {
        merkle_empty(&empty);
        return proof->n == 0 && merkle_equal(&growth->from_root, &empty);
    }
    if ((growth->from & (growth->from - 1)) == 0) /* a full tree: its root is the first hash */
        path[n++] = growth->from_root;
    if (proof->n > 0)
        memcpy(path + n, proof->hashes, proof->n * sizeof(path[0]));
    return check_growth(growth, path, n + proof->n);
}
