/* test_witness.c - the witness: what it cosigns and what it refuses, with which status. */
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
#include "base/seal.h"

/* Interfaces. */
#include "tocsin/witness.h"

enum { LEAVES = 40, NOW = 1700000000 };

struct rig {
    struct merkle_hash leaf[LEAVES];
    struct note_signer log;
    struct witness witness;
    struct buf body, reply;
    const char *type;
    unsigned saved;
    bool disk_fails;
};

static bool save(void *context, uint64_t size, const struct merkle_hash *root)
{
    struct rig *rig = context;
    (void)size;
    (void)root;
    rig->saved++;
    return !rig->disk_fails;
}

static bool read_leaf(void *context, unsigned level, uint64_t index, struct merkle_hash *to)
{
    struct rig *rig = context;
    struct merkle_hash left, right;
    if (level == 0) {
        *to = rig->leaf[index];
        return true;
    }
    read_leaf(context, level - 1, 2 * index, &left);
    read_leaf(context, level - 1, 2 * index + 1, &right);
    merkle_node(to, &left, &right);
    return true;
}

static int setup(void **state)
{
    struct rig *rig = mem_new(struct rig);
    struct sign_key key;
    for (int i = 0; i < LEAVES; i++)
        merkle_leaf(&rig->leaf[i], &i, sizeof(i));
    sign_key_random(&key);
    note_signer_init(&rig->log, "log.example.org/a", NOTE_ED25519, &key);
    sign_key_random(&key);
    note_signer_init(&rig->witness.signer, "w.example.org/1", NOTE_COSIGNATURE, &key);
    rig->witness.log = rig->log.verifier;
    rig->witness.save = save;
    rig->witness.context = rig;
    merkle_empty(&rig->witness.root);
    buf_init(&rig->body, SIZE_MAX);
    buf_init(&rig->reply, SIZE_MAX);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    buf_free(&rig->body);
    buf_free(&rig->reply);
    mem_free(rig);
    return 0;
}

/* A request from `old` to `size`, signed for `origin`. */
static void request(struct rig *rig, uint64_t old, uint64_t size, const char *origin)
{
    const struct merkle_reader reader = {read_leaf, rig};
    struct merkle_proof proof = {0};
    struct merkle_hash root;
    struct buf text;
    char encoded[64];
    if (old <= size)
        assert_true(merkle_consistency(&reader, old, size, &proof));
    assert_true(merkle_root(&reader, size, &root));
    buf_clear(&rig->body);
    buf_printf(&rig->body, "old %llu\n", (unsigned long long)old);
    for (unsigned i = 0; i < proof.n; i++) {
        base64_encode(encoded, proof.hashes[i].bytes, DIGEST_SIZE);
        buf_printf(&rig->body, "%s\n", encoded);
    }
    buf_init(&text, SIZE_MAX);
    checkpoint_format(&text, origin, size, &root);
    buf_printf(&rig->body, "\n%s\n", text.data);
    note_sign(&rig->body, (struct slice){text.data, text.length}, &rig->log, 0);
    buf_free(&text);
}

static int answer(struct rig *rig)
{
    buf_clear(&rig->reply);
    return witness_answer(&rig->witness, (struct slice){rig->body.data, rig->body.length}, NOW,
                          &rig->reply, &rig->type);
}

static int ask(struct rig *rig, uint64_t old, uint64_t size)
{
    request(rig, old, size, "log.example.org/a");
    return answer(rig);
}

/* If this fails, a log that grows is not cosigned, or its line does not verify. */
static void growth_is_cosigned(void **state)
{
    struct rig *rig = *state;
    struct note note;
    struct buf whole;
    uint64_t at = 0, last = 0;
    for (uint64_t size = 1; size <= LEAVES; size += 1 + size / 3) {
        assert_int_equal(ask(rig, last, size), 200);
        assert_int_equal(rig->witness.size, size);
        last = size;
    }
    assert_int_equal(ask(rig, last, last), 200); /* the same again is no fork */
    buf_init(&whole, SIZE_MAX);
    const char *checkpoint = strstr(rig->body.data, "\n\n") + 2;
    buf_puts(&whole, checkpoint);
    buf_puts(&whole, rig->reply.data);
    assert_true(note_split((struct slice){whole.data, whole.length}, &note));
    assert_int_equal(note_check(&note, &rig->witness.signer.verifier, &at), NOTE_VERIFIED);
    assert_int_equal(at, NOW);
    buf_free(&whole);
}

/* If this fails, a rewritten log is cosigned: the one thing that a witness is there to refuse. */
static void what_does_not_extend_is_refused(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(ask(rig, 0, 10), 200);
    rig->leaf[3].bytes[0] ^= 1; /* history is changed */
    assert_int_equal(ask(rig, 10, 20), 422);
    assert_int_equal(ask(rig, 10, 10), 409);
    assert_int_equal(ask(rig, 0, 20), 409);
    assert_string_equal(rig->type, "text/x.tlog.size");
    assert_string_equal(rig->reply.data, "10\n");
    rig->leaf[3].bytes[0] ^= 1;
    assert_int_equal(ask(rig, 9, 9), 409); /* shorter */
    assert_int_equal(ask(rig, 5, 20), 409);
    assert_int_equal(ask(rig, 21, 20), 400);
    assert_int_equal(rig->witness.size, 10);
    assert_int_equal(rig->saved, 1);
    assert_int_equal(ask(rig, 10, 20), 200);
}

/* If this fails, another log, a forged signature or a failing disk gets a cosignature. */
static void strangers_and_failing_disks_get_nothing(void **state)
{
    struct rig *rig = *state;
    request(rig, 0, 5, "log.example.org/b");
    assert_int_equal(answer(rig), 404);
    request(rig, 0, 5, "log.example.org/a");
    rig->witness.log.public_key[0] ^= 1;
    assert_int_equal(answer(rig), 403);
    rig->witness.log.public_key[0] ^= 1;
    rig->disk_fails = true;
    assert_int_equal(answer(rig), 500);
    assert_null(strstr(rig->reply.data, "\xe2\x80\x94"));
    assert_int_equal(rig->witness.size, 0);
    rig->disk_fails = false;
    assert_int_equal(answer(rig), 200);
}

/* If this fails, a flipped bit of a request is cosigned as something that the log did not sign, or
 * crashes the witness. */
static void no_flipped_bit_is_cosigned(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(ask(rig, 0, 10), 200);
    request(rig, 10, 33, "log.example.org/a");
    for (size_t i = 0; i < rig->body.length; i++)
        for (int bit = 0; bit < 8; bit++) {
            rig->body.data[i] = (char)(rig->body.data[i] ^ (1 << bit));
            assert_int_not_equal(answer(rig), 200);
            rig->body.data[i] = (char)(rig->body.data[i] ^ (1 << bit));
        }
    for (size_t cut = 0; cut < rig->body.length; cut++) {
        const struct slice part = {rig->body.data, cut};
        buf_clear(&rig->reply);
        assert_int_not_equal(witness_answer(&rig->witness, part, NOW, &rig->reply, &rig->type),
                             200);
    }
    assert_int_equal(answer(rig), 200);
}

/* If this fails, a witness that was started again forgets what it saw. */
static void the_state_comes_back(void **state)
{
    struct rig *rig = *state;
    struct buf text;
    assert_int_equal(ask(rig, 0, 10), 200);
    const struct merkle_hash root = rig->witness.root;
    buf_init(&text, SIZE_MAX);
    witness_state_format(&text, &rig->witness);
    rig->witness.size = 0;
    assert_true(witness_state_parse(&rig->witness, (struct slice){text.data, text.length}));
    assert_int_equal(rig->witness.size, 10);
    assert_true(merkle_equal(&rig->witness.root, &root));
    assert_false(witness_state_parse(&rig->witness, (struct slice){text.data, text.length - 1}));
    rig->witness.log.name[0] = 'x';
    assert_false(witness_state_parse(&rig->witness, (struct slice){text.data, text.length}));
    buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(growth_is_cosigned),
        TEST(what_does_not_extend_is_refused),
        TEST(strangers_and_failing_disks_get_nothing),
        TEST(no_flipped_bit_is_cosigned),
        TEST(the_state_comes_back),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
