/* test_tlog.c - the log's formats against vectors that others' code has verified (RFC 6962's eight
 * reference leaves; Go's sumdb/note and sumdb/tlog; @sigstore/verify). */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"
#include "base/seal.h"

/* Interfaces. */
#include "tocsin/tlog.h"

enum { LEAVES = 8, MANY = 600, HASHES_MAX = 2 * MANY };

static const char *const leaves[LEAVES] = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
static const char *const roots[LEAVES + 1] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static const char origin[] = "receipts.example.org/log1";
static const char log_vkey[] =
    "receipts.example.org/log1+c5ef04f6+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
static const char log_text[] =
    "receipts.example.org/log1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";
static const char log_line[] = "\xe2\x80\x94 receipts.example.org/log1 "
                               "xe8E9uoEAtA3Anno568fF9doslZOejAtw6EUZvOTqLES8MfFelo9oHQVd+"
                               "Sjpp2hNlHw686vG/5wzZmN39QjuLML1QU=\n";
static const char witness_vkey[] =
    "witness.example.org/w1+6d7ef907+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
static const char witness_line[] =
    "\xe2\x80\x94 witness.example.org/w1 "
    "bX75BwAAAABlU/EAAkTHjSUn1l0SVO84kb4uHzweLD5idtv3smoRHak+pvEfUfzetJa1i5JTXts5OHviThUw7/mvn/"
    "WXglvcd2pICg==\n";

/* The tree of the reference leaves, or of numbers, hashed the slow way: RFC 6962 word for word. */
struct naive {
    struct merkle_hash leaf[MANY];
};

static void naive_root(const struct naive *tree, unsigned from, unsigned to,
                       struct merkle_hash *hash)
{
    struct merkle_hash left, right;
    unsigned cut = 1;
    if (to - from == 1) {
        *hash = tree->leaf[from];
        return;
    }
    while (cut * 2 < to - from)
        cut *= 2;
    naive_root(tree, from, from + cut, &left);
    naive_root(tree, from + cut, to, &right);
    merkle_node(hash, &left, &right);
}

static bool naive_read(void *context, unsigned level, uint64_t index, struct merkle_hash *to)
{
    naive_root(context, (unsigned)(index << level), (unsigned)((index + 1) << level), to);
    return true;
}

static struct merkle_reader reader_of(struct naive *tree)
{
    return (struct merkle_reader){naive_read, tree};
}

static struct merkle_hash hash_of(const char *hex)
{
    struct merkle_hash hash;
    assert_int_equal(hex_decode(hash.bytes, DIGEST_SIZE, hex, 64), DIGEST_SIZE);
    return hash;
}

static void reference_tree(struct naive *tree)
{
    uint8_t bytes[32];
    for (int i = 0; i < LEAVES; i++) {
        long n = hex_decode(bytes, sizeof(bytes), leaves[i], strlen(leaves[i]));
        merkle_leaf(&tree->leaf[i], bytes, (size_t)n);
    }
}

static void number_tree(struct naive *tree)
{
    for (unsigned i = 0; i < MANY; i++)
        merkle_leaf(&tree->leaf[i], &i, sizeof(i));
}

static void assert_hash(const struct merkle_hash *hash, const char *hex)
{
    char text[DIGEST_TEXT_SIZE];
    hex_encode(text, hash->bytes, DIGEST_SIZE);
    assert_string_equal(text, hex);
}

/* If this fails, nobody else's code agrees with our roots. */
static void roots_are_those_of_rfc_6962(void **state)
{
    struct naive tree;
    struct tile_edge edge = {0};
    struct merkle_reader reader = reader_of(&tree);
    struct merkle_hash root;
    (void)state;
    reference_tree(&tree);
    for (unsigned size = 0; size <= LEAVES; size++) {
        assert_true(merkle_root(&reader, size, &root));
        assert_hash(&root, roots[size]);
        tile_edge_root(&edge, &root);
        assert_hash(&root, roots[size]);
        if (size < LEAVES)
            tile_edge_add(&edge, &tree.leaf[size], NULL, NULL);
    }
}

/* If this fails, our proofs are not those that third-party verifiers accept. */
static void proofs_are_those_of_the_vectors(void **state)
{
    static const char *const consistency[] = {
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e"};
    static const char *const inclusion[] = {"bc1a0643", "ca854ea1", "d37ee418"},
                             *const six_to_eight[] = {"0ebc5d34", "ca854ea1", "d37ee418"};
    struct naive tree;
    struct merkle_reader reader = reader_of(&tree);
    struct merkle_proof proof;
    char text[DIGEST_TEXT_SIZE];
    (void)state;
    reference_tree(&tree);
    assert_true(merkle_inclusion(&reader, 5, 8, &proof));
    assert_int_equal(proof.n, 3);
    for (unsigned i = 0; i < 3; i++) {
        hex_encode(text, proof.hashes[i].bytes, 4);
        assert_string_equal(text, inclusion[i]);
    }
    assert_true(merkle_consistency(&reader, 6, 8, &proof));
    assert_int_equal(proof.n, 3);
    for (unsigned i = 0; i < 3; i++) {
        hex_encode(text, proof.hashes[i].bytes, 4);
        assert_string_equal(text, six_to_eight[i]);
    }
    assert_true(merkle_consistency(&reader, 3, 7, &proof));
    assert_int_equal(proof.n, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_hash(&proof.hashes[i], consistency[i]);
}

/* If this fails, some size or index gets a proof that does not hold, or a wrong one that does. */
static void every_small_tree_proves_itself_and_nothing_else(void **state)
{
    struct naive tree;
    struct merkle_reader reader = reader_of(&tree);
    struct merkle_hash at[70];
    struct merkle_proof proof;
    (void)state;
    number_tree(&tree);
    for (unsigned n = 0; n < 70; n++)
        assert_true(merkle_root(&reader, n, &at[n]));
    for (unsigned n = 1; n < 70; n++)
        for (unsigned i = 0; i < n; i++) {
            assert_true(merkle_inclusion(&reader, i, n, &proof));
            assert_true(merkle_check_inclusion(&tree.leaf[i], i, n, &proof, &at[n]));
            assert_false(merkle_check_inclusion(&tree.leaf[i], (i + 1) % n, n, &proof, &at[n]) &&
                         n > 1);
            assert_false(merkle_check_inclusion(&tree.leaf[(i + 1) % n], i, n, &proof, &at[n]) &&
                         n > 1);
            proof.n++; /* a hash too many */
            assert_false(merkle_check_inclusion(&tree.leaf[i], i, n, &proof, &at[n]));
            proof.n -= 2;
            if (n > 1)
                assert_false(merkle_check_inclusion(&tree.leaf[i], i, n, &proof, &at[n]));
        }
    for (unsigned to = 0; to < 70; to++)
        for (unsigned from = 0; from <= to; from++) {
            struct merkle_growth growth = {from, to, at[from], at[to]};
            assert_true(merkle_consistency(&reader, from, to, &proof));
            assert_true(merkle_check_consistency(&growth, &proof));
            growth.from_root.bytes[7] ^= 1;
            assert_false(merkle_check_consistency(&growth, &proof));
            growth.from_root.bytes[7] ^= 1;
            growth.to_root.bytes[9] ^= 4;
            assert_false(merkle_check_consistency(&growth, &proof) && from > 0);
            proof.n++;
            growth.to_root.bytes[9] ^= 4;
            assert_false(merkle_check_consistency(&growth, &proof));
        }
    assert_false(merkle_inclusion(&reader, 5, 5, &proof));
    assert_false(merkle_consistency(&reader, 6, 5, &proof));
}

/* ---- Tiles. ---- */
struct kept {
    struct merkle_hash full[3][MANY / TILE_HASHES + 1][TILE_HASHES];
    unsigned n;
};
static void keep(void *context, const struct tile *tile)
{
    struct kept *kept = context;
    assert_int_equal(tile->width, TILE_HASHES);
    memcpy(kept->full[tile->level][tile->index], tile->hashes, sizeof(kept->full[0][0]));
    kept->n++;
}

/* If this fails, proofs out of stored tiles differ from those out of the leaves. */
static void tiles_give_the_same_proofs(void **state)
{
    struct naive *tree = mem_new(struct naive);
    struct kept *kept = mem_new(struct kept);
    struct tile_edge *edge = mem_new(struct tile_edge);
    struct tile_set *set = mem_new(struct tile_set);
    struct merkle_reader naive = reader_of(tree), tiles = tile_reader(set);
    struct merkle_hash expected, root;
    (void)state;
    number_tree(tree);
    for (unsigned i = 0; i < MANY; i++) {
        tile_edge_add(edge, &tree->leaf[i], keep, kept);
        assert_true(merkle_root(&naive, i + 1, &expected));
        tile_edge_root(edge, &root);
        assert_true(merkle_equal(&root, &expected));
    }
    assert_int_equal(kept->n, MANY / TILE_HASHES);
    assert_int_equal(tile_edge_width(edge, 1), MANY / TILE_HASHES);
    for (unsigned i = 0; i < MANY; i += 7) {
        struct merkle_proof a, b;
        *set = (struct tile_set){.size = MANY, .listing = true};
        assert_true(merkle_inclusion(&tiles, i, MANY, &a));
        assert_true(set->n >= 2 && set->n <= 4);
        set->listing = false;
        for (size_t t = 0; t < set->n; t++)
            set->tiles[t].hashes = set->tiles[t].width == TILE_HASHES
                                       ? kept->full[set->tiles[t].level][set->tiles[t].index]
                                       : edge->hashes[set->tiles[t].level];
        assert_true(merkle_inclusion(&tiles, i, MANY, &a));
        assert_true(merkle_inclusion(&naive, i, MANY, &b));
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.hashes, b.hashes, a.n * sizeof(a.hashes[0]));
        set->n--;
        assert_false(merkle_inclusion(&tiles, i, MANY, &a)); /* a tile is missing */
    }
    mem_free(tree);
    mem_free(kept);
    mem_free(edge);
    mem_free(set);
}

/* If this fails, clients look for our tiles where they are not. */
static void paths_and_widths_are_those_of_the_specification(void **state)
{
    static const struct {
        int level;
        uint64_t index;
        unsigned width;
        const char *path;
    } rows[] = {{0, 0, 256, "0/000"},         {0, 999, 256, "0/999"},
                {2, 1000, 256, "2/x001/000"}, {0, 1234067, 256, "0/x001/x234/067"},
                {63, 5, 1, "63/005.p/1"},     {-1, 273, 112, "entries/273.p/112"}};
    static const char *const wrong[] = {"",
                                        "0",
                                        "0/",
                                        "0/0",
                                        "0/00",
                                        "0/0000",
                                        "00/000",
                                        "64/000",
                                        "0/x000/001",
                                        "0/001/002",
                                        "0/x001",
                                        "0/x001/",
                                        "0/000.p/0",
                                        "0/000.p/256",
                                        "0/000.p/",
                                        "0/000.p/01",
                                        "0/000/",
                                        "entries",
                                        "entries/",
                                        "/0/000",
                                        "0/-01",
                                        "0/000.p/1x",
                                        "0/x999/x999/x999/x999/x999/x999/x999/999",
                                        "1000/000"};
    char path[TILE_PATH_SIZE];
    int level;
    uint64_t index;
    unsigned width;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        tile_path(path, rows[i].level, rows[i].index, rows[i].width);
        assert_string_equal(path, rows[i].path);
        assert_true(tile_path_parse(path, &level, &index, &width));
        assert_int_equal(level, rows[i].level);
        assert_int_equal(index, rows[i].index);
        assert_int_equal(width, rows[i].width);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(tile_path_parse(wrong[i], &level, &index, &width));
    assert_int_equal(tile_width(0, 0, 256), 256);
    assert_int_equal(tile_width(0, 1, 256), 0);
    assert_int_equal(tile_width(1, 0, 256), 1);
    assert_int_equal(tile_width(0, 273, 70000), 112);
    assert_int_equal(tile_width(1, 0, 70000), 256);
    assert_int_equal(tile_width(1, 1, 70000), 17);
    assert_int_equal(tile_width(2, 0, 70000), 1);
    assert_int_equal(tile_width(1, 1525, 100000000), 225);
    assert_int_equal(tile_width(2, 5, 100000000), 245);
    assert_int_equal(tile_width(3, 0, 100000000), 5);
    assert_int_equal(tile_width(4, 0, 100000000), 0);
}

/* ---- Notes. ---- */
static void signer_of(struct note_signer *signer, const char *name, enum note_algorithm algorithm,
                      int seed)
{
    uint8_t bytes[SIGN_SEED_SIZE];
    struct sign_key key;
    memset(bytes, seed, sizeof(bytes));
    sign_key_of_seed(&key, bytes);
    note_signer_init(signer, name, algorithm, &key);
}

/* If this fails, Go's note.Open does not take our checkpoints. */
static void notes_are_signed_byte_for_byte(void **state)
{
    struct note_signer log, witness, again;
    struct merkle_hash root = hash_of(roots[8]);
    struct buf text, line;
    char hex[DIGEST_TEXT_SIZE];
    (void)state;
    signer_of(&log, origin, NOTE_ED25519, 1);
    signer_of(&witness, "witness.example.org/w1", NOTE_COSIGNATURE, 2);
    hex_encode(hex, log.key.public_key, SIGN_PUBLIC_SIZE);
    assert_string_equal(hex, "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
    buf_init(&text, SIZE_MAX);
    buf_init(&line, SIZE_MAX);
    checkpoint_format(&text, origin, 8, &root);
    assert_string_equal(text.data, log_text);
    note_sign(&line, (struct slice){text.data, text.length}, &log, 0);
    assert_string_equal(line.data, log_line);
    buf_clear(&line);
    note_sign(&line, (struct slice){text.data, text.length}, &witness, 1700000000);
    assert_string_equal(line.data, witness_line);
    buf_clear(&line);
    note_verifier_format(&line, &log.verifier);
    assert_string_equal(line.data, log_vkey);
    buf_clear(&line);
    note_verifier_format(&line, &witness.verifier);
    assert_string_equal(line.data, witness_vkey);
    buf_clear(&line);
    note_signer_format(&line, &log);
    assert_true(note_signer_parse(&again, line.data));
    assert_memory_equal(&again, &log, sizeof(log));
    line.data[line.length - 6] ^= 1;
    assert_false(note_signer_parse(&again, line.data));
    buf_free(&text);
    buf_free(&line);
}

/* If this fails, a rotated key, a witness or a stranger's line spoils a good note. */
static void notes_with_several_lines_are_checked_key_by_key(void **state)
{
    struct note_verifier log, witness, other;
    struct note_signer stranger;
    struct note note;
    struct checkpoint checkpoint;
    struct error error = {0};
    struct buf bytes;
    uint64_t at = 0;
    (void)state;
    assert_true(note_verifier_parse(&log, log_vkey));
    assert_true(note_verifier_parse(&witness, witness_vkey));
    signer_of(&stranger, origin, NOTE_ED25519, 9); /* the same name, another key */
    other = stranger.verifier;
    buf_init(&bytes, SIZE_MAX);
    buf_printf(&bytes, "%s\n", log_text);
    note_sign(&bytes, slice_of(log_text), &stranger, 0);
    buf_puts(&bytes, log_line);
    buf_puts(&bytes, witness_line);
    for (int i = 0; i < 13; i++) /* sixteen and more must be taken */
        buf_printf(&bytes, "\xe2\x80\x94 unknown.example/%d AAAAAAAAAA==\n", i);
    const struct slice all = {bytes.data, bytes.length};
    assert_true(note_split(all, &note));
    assert_int_equal(note_check(&note, &log, NULL), NOTE_VERIFIED);
    assert_int_equal(note_check(&note, &other, NULL), NOTE_VERIFIED);
    assert_int_equal(note_check(&note, &witness, &at), NOTE_VERIFIED);
    assert_int_equal(at, 1700000000);
    assert_true(checkpoint_open(all, &log, &checkpoint, &error));
    assert_int_equal(checkpoint.size, 8);
    assert_hash(&checkpoint.root, roots[8]);
    other.id ^= 1;
    assert_int_equal(note_check(&note, &other, NULL), NOTE_UNSIGNED);
    assert_false(checkpoint_open(all, &witness, &checkpoint, &error)); /* another origin */
    buf_free(&bytes);
}

static bool opens(const char *bytes, size_t length)
{
    struct note_verifier log;
    struct checkpoint checkpoint;
    struct error error;
    assert_true(note_verifier_parse(&log, log_vkey));
    return checkpoint_open((struct slice){bytes, length}, &log, &checkpoint, &error) &&
           checkpoint.size == 8;
}

/* If this fails, a flipped bit in a checkpoint is believed. (Only a bit in a line of a key that the
 * verifier does not know may pass: here there is none.) */
static void every_flipped_bit_of_a_note_is_caught(void **state)
{
    char bytes[512];
    (void)state;
    size_t n = (size_t)snprintf(bytes, sizeof(bytes), "%s\n%s", log_text, log_line);
    assert_true(opens(bytes, n));
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
            assert_false(opens(bytes, n));
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
        }
    for (size_t cut = 0; cut < n; cut++)
        assert_false(opens(bytes, cut));
}

/* If this fails, keys and names that other tools refuse are taken here. */
static void malformed_keys_and_texts_are_refused(void **state)
{
    static const char *const keys[] = {
        "",
        "+",
        "a",
        "a+b",
        "a+c5ef04f6",
        "a b+c5ef04f6+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "receipts.example.org/log1+c5ef04f7+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "receipts.example.org/log1+C5EF04F6+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "receipts.example.org/log1+c5ef04f6+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29",
        "receipts.example.org/log1+c5ef04f6+A4qI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"};
    static const char *const texts[] = {
        "",
        "a\n",
        "a\n1\n",
        "a\n01\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "a\n+1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "a\n18446744073709551616\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "a\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
        "a\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQy==\n"};
    struct note_verifier verifier;
    struct checkpoint checkpoint;
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        assert_false(note_verifier_parse(&verifier, keys[i]));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_false(checkpoint_parse(slice_of(texts[i]), &checkpoint));
    assert_true(checkpoint_parse(
        slice_of("a\n0\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\nextension\n"), &checkpoint));
    assert_false(note_name_valid("a+b") || note_name_valid("a b") || note_name_valid("") ||
                 note_name_valid("a\xc2\xa0") || note_name_valid("\xff"));
}

/* If this fails, the file that a person keeps as proof does not prove, or proves too much. */
static void proof_files_hold_and_no_bit_of_them_may_change(void **state)
{
    struct naive tree;
    struct merkle_reader reader = reader_of(&tree);
    struct tlog_proof proof = {.index = 5}, back;
    struct note_verifier log;
    struct buf note, file;
    struct error error;
    const struct slice entry = {"\x40\x41\x42\x43", 4};
    (void)state;
    reference_tree(&tree);
    assert_true(note_verifier_parse(&log, log_vkey));
    assert_true(merkle_inclusion(&reader, 5, 8, &proof.path));
    buf_init(&note, SIZE_MAX);
    buf_init(&file, SIZE_MAX);
    buf_printf(&note, "%s\n%s", log_text, log_line);
    proof.checkpoint = (struct slice){note.data, note.length};
    tlog_proof_format(&file, &proof);
    const struct slice text = {file.data, file.length};
    assert_true(tlog_proof_parse(text, &back));
    assert_true(tlog_proof_check(&back, entry, &log, &error));
    assert_false(tlog_proof_check(&back, slice_of("abcd"), &log, &error));
    assert_string_equal(error.field, "proof");
    for (size_t i = 0; i < file.length; i++)
        for (int bit = 0; bit < 8; bit++) {
            file.data[i] = (char)(file.data[i] ^ (1 << bit));
            assert_false(tlog_proof_parse(text, &back) &&
                         tlog_proof_check(&back, entry, &log, &error));
            file.data[i] = (char)(file.data[i] ^ (1 << bit));
        }
    proof.extra = slice_of("c2FsdA==");
    buf_clear(&file);
    tlog_proof_format(&file, &proof);
    assert_true(tlog_proof_parse((struct slice){file.data, file.length}, &back));
    assert_true(slice_equal(back.extra, "c2FsdA=="));
    buf_free(&note);
    buf_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_rfc_6962),
        cmocka_unit_test(proofs_are_those_of_the_vectors),
        cmocka_unit_test(every_small_tree_proves_itself_and_nothing_else),
        cmocka_unit_test(tiles_give_the_same_proofs),
        cmocka_unit_test(paths_and_widths_are_those_of_the_specification),
        cmocka_unit_test(notes_are_signed_byte_for_byte),
        cmocka_unit_test(notes_with_several_lines_are_checked_key_by_key),
        cmocka_unit_test(every_flipped_bit_of_a_note_is_caught),
        cmocka_unit_test(malformed_keys_and_texts_are_refused),
        cmocka_unit_test(proof_files_hold_and_no_bit_of_them_may_change),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
