/* tlog.h - a transparency log's formats, as C2SP has them: RFC 6962 trees (section 2.1), tiles
 * (c2sp.org/tlog-tiles), signed notes and checkpoints (signed-note, tlog-checkpoint), cosignatures
 * (tlog-cosignature) and proofs in a file (tlog-proof). Pure, thread-safe; what comes from outside
 * is refused by `false`, never trusted. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/sign.h"
#include "base/str.h"

/* ---- Trees. ---- */
struct merkle_hash {
    uint8_t bytes[DIGEST_SIZE];
};
enum { MERKLE_PROOF_MAX = 64 }; /* hashes of one proof: a tree has at most 2^62 leaves */
#define MERKLE_SIZE_MAX (UINT64_C(1) << 62)

struct merkle_proof {
    unsigned n;
    struct merkle_hash hashes[MERKLE_PROOF_MAX];
};

void merkle_leaf(struct merkle_hash *to, const void *entry, size_t length);
void merkle_node(struct merkle_hash *to, const struct merkle_hash *left,
                 const struct merkle_hash *right);
void merkle_empty(struct merkle_hash *to); /* the root of no leaves */
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/* Gives MTH(D[index << level : (index + 1) << level]), a full subtree; false: it is not there. */
struct merkle_reader {
    bool (*read)(void *context, unsigned level, uint64_t index, struct merkle_hash *to);
    void *context;
};
/* The root of the first `size` leaves. */
bool merkle_root(const struct merkle_reader *reader, uint64_t size, struct merkle_hash *to);
/* Leaf's sibling first, root's child last (RFC 6962 section 2.1.1). False: index >= size, or a hash
 * is not there. */
bool merkle_inclusion(const struct merkle_reader *reader, uint64_t index, uint64_t size,
                      struct merkle_proof *proof);
/* RFC 6962 section 2.1.2; empty when from is 0 or equals to. False: from > to. */
bool merkle_consistency(const struct merkle_reader *reader, uint64_t from, uint64_t to,
                        struct merkle_proof *proof);

bool merkle_check_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const struct merkle_hash *root);
struct merkle_growth {
    uint64_t from, to;
    struct merkle_hash from_root, to_root;
};
/* From 0 everything grows, given the empty root. */
bool merkle_check_consistency(const struct merkle_growth *growth, const struct merkle_proof *proof);

/* ---- Tiles: 256 hashes of every eighth level. ---- */
enum { TILE_HASHES = 256, TILE_LEVELS = 8, TILE_PATH_SIZE = 64 };
struct tile {
    unsigned level; /* 0..TILE_LEVELS - 1 */
    uint64_t index;
    unsigned width;                   /* 1..256; 256: full */
    const struct merkle_hash *hashes; /* `width` of them, someone else's; NULL: not loaded */
};
/* "0/x001/234", "0/x001/234.p/12"; "entries/000". A level below 0 stands for entries. */
void tile_path(char to[TILE_PATH_SIZE], int level, uint64_t index, unsigned width);
/* The same backwards, strictly. */
bool tile_path_parse(const char *path, int *ret_level, uint64_t *ret_index, unsigned *ret_width);
/* How many hashes the tile has in a tree of `size` leaves; 0: there is no such tile. */
unsigned tile_width(unsigned level, uint64_t index, uint64_t size);

/* Which tiles a question needs: run it once over the reader of an empty set, load what it lists,
 * run it again. */
enum { TILE_SET_MAX = 128 };
struct tile_set {
    uint64_t size; /* of the tree: gives the widths */
    bool listing;  /* missing tiles are added (hashes NULL) and read as zeros */
    size_t n;
    struct tile tiles[TILE_SET_MAX];
};
struct merkle_reader tile_reader(struct tile_set *set);

/* The right edge of the tree, tile by tile: what appending needs. 66 KiB. */
struct tile_edge {
    uint64_t size;
    struct merkle_hash hashes[TILE_LEVELS][TILE_HASHES];
};
unsigned tile_edge_width(const struct tile_edge *edge, unsigned level); /* 0..255 */
uint64_t tile_edge_index(const struct tile_edge *edge, unsigned level); /* of the tile that grows */
/* Adds a leaf; `full` comes with every tile that is full now, lowest level first. */
void tile_edge_add(struct tile_edge *edge, const struct merkle_hash *leaf,
                   void (*full)(void *context, const struct tile *tile), void *context);
void tile_edge_root(const struct tile_edge *edge, struct merkle_hash *to);

/* ---- Signed notes. ---- */
enum { NOTE_NAME_MAX = 200, NOTE_BYTES_MAX = 1 << 16, NOTE_LINES_MAX = 100, NOTE_KEYS_MAX = 16 };
enum note_algorithm { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };
struct note_verifier {
    char name[NOTE_NAME_MAX + 1];
    enum note_algorithm algorithm;
    uint32_t id;
    uint8_t public_key[SIGN_PUBLIC_SIZE];
};
struct note_signer {
    struct note_verifier verifier;
    struct sign_key key;
};
/* Not empty, UTF-8, without blanks, controls and '+'. */
bool note_name_valid(const char *name);
/* "<name>+<8 hex>+<base64>", the key id checked. */
bool note_verifier_parse(struct note_verifier *to, const char *vkey);
void note_verifier_format(struct buf *to, const struct note_verifier *verifier);
/* Go's private form, "PRIVATE+KEY+<name>+<8 hex>+<base64 of algorithm and seed>". */
bool note_signer_parse(struct note_signer *to, const char *skey);
void note_signer_format(struct buf *to, const struct note_signer *signer);
/* A key of this name over this key pair. */
void note_signer_init(struct note_signer *to, const char *name, enum note_algorithm algorithm,
                      const struct sign_key *key);

/* Appends the signature line of `text`, which ends in a line feed. A cosignature carries `at`,
 * seconds since 1970. */
void note_sign(struct buf *to, struct slice text, const struct note_signer *signer, uint64_t at);

struct note {
    struct slice text;  /* what is signed, with its last line feed */
    struct slice lines; /* the signature lines */
};
/* Cuts at the last blank line and checks the form of every line. `note` borrows the bytes. */
bool note_split(struct slice bytes, struct note *note);
enum note_verdict {
    NOTE_VERIFIED, /* a line of this key is there, and all of them hold */
    NOTE_UNSIGNED, /* no line of this key */
    NOTE_FORGED    /* a line of this key does not hold */
};
/* `ret_at` (may be NULL): the time of a cosignature. */
enum note_verdict note_check(const struct note *note, const struct note_verifier *verifier,
                             uint64_t *ret_at);

/* ---- Checkpoints. ---- */
struct checkpoint {
    struct slice origin; /* borrowed */
    uint64_t size;
    struct merkle_hash root;
};
void checkpoint_format(struct buf *to, const char *origin, uint64_t size,
                       const struct merkle_hash *root);
/* Of a note's text; extension lines are passed over. */
bool checkpoint_parse(struct slice text, struct checkpoint *checkpoint);
/* Splits, parses and demands this key's signature and its name as origin. */
bool checkpoint_open(struct slice bytes, const struct note_verifier *verifier,
                     struct checkpoint *checkpoint, struct error *error);

/* ---- A proof in a file (c2sp.org/tlog-proof@v1). ---- */
struct tlog_proof {
    uint64_t index;
    struct merkle_proof path;
    struct slice extra;      /* base64 text, borrowed; NULL data: none */
    struct slice checkpoint; /* the signed note, borrowed */
};
void tlog_proof_format(struct buf *to, const struct tlog_proof *proof);
bool tlog_proof_parse(struct slice text, struct tlog_proof *proof);
/* Does the checkpoint, signed by this key, hold the entry? Names what is wrong. */
bool tlog_proof_check(const struct tlog_proof *proof, struct slice entry,
                      const struct note_verifier *verifier, struct error *error);
