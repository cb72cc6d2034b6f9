/* receipt_batch.c - receipts in batches: u16 length and leaf, n times, deflated; beside them u16
 * length and details in the same order. Happy path: init, add up to 1,000, finish, store. Failure
 * modes: damaged bytes read as RESULT_INVALID, also when they would inflate past the bound. */
/* System. */
#include <string.h>

/* Libraries. */
#define ZLIB_CONST /* inputs stay const */
#include <zlib.h>

/* Base. */
#include "base/result.h"

/* This module. */
#include "service/receipts/receipt_leaves.h"
#include "service/receipts/receipt_private.h"

/* Leaves repeat each other: the fastest level and a small window save most of what can be saved. */
enum {
    LEVEL = 1,
    WINDOW_BITS = 13,
    MEMORY_LEVEL = 6,
    RAW_MAX = RECEIPTS_MAX * (65535 + 2),
    INFLATE_STEP = 65536,
    FIRST_ROOM = 4096,
    RESTART = 128,    /* receipts: behind as many the deflated stream can be entered */
    RESTART_ROOM = 16 /* bytes that a restart point may cost */
};

/* What Z_FULL_FLUSH ends with: an empty stored block (RFC 1951 section 3.2.4), and nothing behind
 * it looks back. */
static const unsigned char restart_mark[4] = {0x00, 0x00, 0xff, 0xff};

void receipt_batch_init(struct receipt_batch *batch, id incident, int64_t wave, int64_t chunk)
{
    *batch =
        (struct receipt_batch){.id = id_new(), .incident = incident, .wave = wave, .chunk = chunk};
    buf_init(&batch->leaves, SIZE_MAX);
    buf_init(&batch->details, SIZE_MAX);
}

/* Opens a length-prefixed record; close_record fills the length in. */
static size_t open_record(struct buf *to)
{
    size_t at = to->length;
    buf_add_u16(to, 0);
    return at;
}

static void close_record(struct buf *to, size_t at)
{
    size_t length = to->length - at - 2;
    require(length <= UINT16_MAX);
    to->data[at] = (char)(length >> 8);
    to->data[at + 1] = (char)length;
}

void receipt_batch_add(struct receipt_batch *batch, const struct seal_key *incident_key,
                       const struct receipt *receipt)
{
    uint8_t commitment[DIGEST_SIZE];
    require(batch->n < RECEIPTS_MAX && (unsigned)receipt->kind < RECEIPT_KINDS_N);
    if (batch->n == 0) { /* an empty batch owns nothing */
        buf_reserve(&batch->leaves, FIRST_ROOM);
        buf_reserve(&batch->details, FIRST_ROOM);
    }
    size_t details = open_record(&batch->details);
    enum details_form form =
        details_write(&batch->details, batch, incident_key, receipt, commitment);
    close_record(&batch->details, details);
    size_t leaf = open_record(&batch->leaves);
    leaf_write(&batch->leaves, receipt, form, commitment);
    close_record(&batch->leaves, leaf);
    batch->n++;
}

/* Bytes of the next RESTART records, or of all that are left. */
static size_t section_length(const struct buf *leaves, size_t at)
{
    const size_t from = at;
    for (unsigned i = 0; i < RESTART && at < leaves->length; i++) {
        const unsigned char *head = (const unsigned char *)leaves->data + at;
        at += 2 + ((size_t)head[0] << 8 | head[1]);
    }
    return at - from;
}

void receipt_batch_finish(struct receipt_batch *batch)
{
    z_stream z = {0};
    struct buf packed;
    buf_init(&packed, SIZE_MAX);
    require(deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) ==
            Z_OK);
    size_t bound =
        deflateBound(&z, batch->leaves.length) + (batch->n / RESTART + 1) * (size_t)RESTART_ROOM;
    z.next_in = (const unsigned char *)batch->leaves.data;
    z.next_out = (unsigned char *)buf_reserve(&packed, bound);
    z.avail_out = (unsigned)bound;
    for (size_t at = 0;;) {
        const size_t n = section_length(&batch->leaves, at);
        at += n;
        z.avail_in = (unsigned)n;
        if (at == batch->leaves.length)
            break;
        require(deflate(&z, Z_FULL_FLUSH) == Z_OK && z.avail_in == 0 && z.avail_out > 0);
    }
    require(deflate(&z, Z_FINISH) == Z_STREAM_END);
    packed.length = z.total_out;
    packed.data[packed.length] = 0;
    deflateEnd(&z);
    buf_free(&batch->leaves);
    batch->leaves = packed;
}

void receipt_batch_free(struct receipt_batch *batch)
{
    if (batch->leaves.data != NULL)
        buf_free(&batch->leaves);
    if (batch->details.data != NULL)
        buf_wipe(&batch->details);
    memset(batch, 0, sizeof(*batch));
}

/* ---- Reading. ---- */
static bool inflate_all(struct buf *to, const void *packed, size_t length)
{
    z_stream z = {0};
    int code = Z_OK;
    if (length > UINT32_MAX || inflateInit(&z) != Z_OK)
        return false;
    z.next_in = packed;
    z.avail_in = (unsigned)length;
    while (code == Z_OK) {
        char *space = buf_reserve(to, INFLATE_STEP);
        if (space == NULL)
            break;
        z.next_out = (unsigned char *)space;
        z.avail_out = INFLATE_STEP;
        code = inflate(&z, Z_NO_FLUSH);
        to->length += INFLATE_STEP - z.avail_out;
    }
    bool whole = code == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    return whole;
}

struct walk {
    struct bytes_reader leaves, details;
    struct buf leaf;
    void (*each)(void *context, const struct receipt_view *view);
    void *context;
};

static bool next(struct walk *walk, unsigned slot)
{
    size_t leaf_length = read_u16(&walk->leaves);
    const uint8_t *leaf = read_bytes(&walk->leaves, leaf_length);
    size_t details_length = read_u16(&walk->details);
    const uint8_t *details = read_bytes(&walk->details, details_length);
    if (leaf == NULL || details == NULL)
        return false;
    buf_clear(&walk->leaf); /* a copy with a NUL behind */
    buf_add(&walk->leaf, leaf, leaf_length);
    if (walk->each == NULL)
        return true;
    const struct receipt_view view = {.slot = slot,
                                      .leaf = walk->leaf.data,
                                      .leaf_length = leaf_length,
                                      .details = details,
                                      .details_length = details_length};
    walk->each(walk->context, &view);
    return true;
}

static bool walk_all(struct walk *walk)
{
    unsigned slot = 0;
    for (; walk->leaves.at < walk->leaves.end; slot++)
        if (slot >= RECEIPTS_MAX || !next(walk, slot))
            return false;
    return walk->details.at == walk->details.end;
}

enum result receipt_batch_read(const void *leaves, size_t leaves_length, const void *details,
                               size_t details_length,
                               void (*each)(void *context, const struct receipt_view *view),
                               void *context)
{
    struct buf raw;
    struct walk check = {0};
    buf_init(&raw, RAW_MAX);
    buf_init(&check.leaf, SIZE_MAX);
    bool whole = inflate_all(&raw, leaves, leaves_length);
    struct walk walk = check;
    if (whole) { /* first without `each`: nobody sees half of a damaged batch */
        reader_init(&check.leaves, raw.data, raw.length);
        reader_init(&check.details, details, details_length);
        walk.leaves = check.leaves;
        walk.details = check.details;
        walk.each = each;
        walk.context = context;
        whole = walk_all(&check);
    }
    if (whole) {
        walk.leaf = check.leaf;
        walk_all(&walk);
        check.leaf = walk.leaf;
    }
    buf_free(&check.leaf);
    buf_free(&raw);
    return whole ? RESULT_OK : RESULT_INVALID;
}

bool receipt_leaves_read(const void *leaves, size_t length,
                         void (*each)(void *context, unsigned slot, struct slice leaf),
                         void *context)
{
    struct buf raw;
    struct bytes_reader reader;
    buf_init(&raw, RAW_MAX);
    bool whole = inflate_all(&raw, leaves, length);
    reader_init(&reader, raw.data, raw.length);
    for (unsigned slot = 0; whole && reader.at < reader.end; slot++) {
        size_t n = read_u16(&reader);
        const uint8_t *leaf = read_bytes(&reader, n);
        whole = leaf != NULL && slot < RECEIPTS_MAX;
        if (whole)
            each(context, slot, (struct slice){(const char *)leaf, n});
    }
    buf_free(&raw);
    return whole;
}

/* Where the record of `slot` begins and ends in what is there so far; false: not yet. */
static bool find_record(const struct buf *raw, unsigned slot, size_t *at, unsigned *passed,
                        size_t *ret_length)
{
    while (raw->length - *at >= 2) {
        const unsigned char *head = (const unsigned char *)raw->data + *at;
        size_t length = (size_t)head[0] << 8 | head[1];
        if (raw->length - *at - 2 < length)
            return false;
        if (*passed == slot) {
            *ret_length = length;
            return true;
        }
        *at += 2 + length;
        (*passed)++;
    }
    return false;
}

/* Inflates until the slot is there. `window`: as inflateInit2() takes it. */
static bool inflate_to(struct slice packed, int window, unsigned slot, struct buf *to)
{
    z_stream z = {0};
    struct buf raw;
    int code = Z_OK;
    size_t at = 0, found = 0;
    unsigned passed = 0;
    bool there = false;
    if (packed.length > UINT32_MAX || inflateInit2(&z, window) != Z_OK)
        return false;
    buf_init(&raw, RAW_MAX);
    z.next_in = (const unsigned char *)packed.data;
    z.avail_in = (unsigned)packed.length;
    while (code == Z_OK && !there) {
        char *space = buf_reserve(&raw, INFLATE_STEP);
        if (space == NULL)
            break;
        z.next_out = (unsigned char *)space;
        z.avail_out = INFLATE_STEP;
        code = inflate(&z, Z_NO_FLUSH);
        raw.length += INFLATE_STEP - z.avail_out;
        there =
            (code == Z_OK || code == Z_STREAM_END) && find_record(&raw, slot, &at, &passed, &found);
    }
    inflateEnd(&z);
    if (there)
        there = buf_add(to, raw.data + at + 2, found);
    buf_free(&raw);
    return there;
}

/* The stream from the slot's restart point on. False: it has none, or there may be more marks than
 * restart points, as they can come up in deflated bytes by chance. */
static bool enter(struct slice packed, unsigned n, unsigned slot, struct slice *ret_rest)
{
    const char *at = packed.data, *end = packed.data + packed.length, *found;
    unsigned marks = 0;
    while ((found = memmem(at, (size_t)(end - at), restart_mark, sizeof(restart_mark))) != NULL) {
        at = found + sizeof(restart_mark);
        if (++marks == slot / RESTART)
            *ret_rest = (struct slice){at, (size_t)(end - at)};
    }
    return marks == (n - 1) / RESTART;
}

bool receipt_leaf_read(const void *leaves, size_t length, unsigned n, unsigned slot, struct buf *to)
{
    const struct slice packed = {leaves, length};
    struct slice rest;
    if (slot >= n)
        return false;
    if (slot >= RESTART && enter(packed, n, slot, &rest) &&
        inflate_to(rest, -MAX_WBITS, slot % RESTART, to))
        return true;
    buf_clear(to);
    return inflate_to(packed, MAX_WBITS, slot, to);
}
