/* test_pack.c - what the packer writes, zlib's inflate reads. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>
#include <zlib.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/run/pack.h"

enum { TEXT_MAX = 70000 };
static const char dictionary[] = "\"name\":\"phone\":\"email\":\"recipient_id\":\"hl-\"";

struct rig {
    struct packer packer;
    z_stream inflate;
    struct buf packed;
    char *text, *back;
};

static int setup(void **state)
{
    struct rig *rig = mem_new(struct rig);
    packer_init(&rig->packer, dictionary, sizeof(dictionary) - 1);
    assert_int_equal(inflateInit2(&rig->inflate, -11), Z_OK);
    buf_init(&rig->packed, SIZE_MAX);
    rig->text = mem_alloc(TEXT_MAX, 1);
    rig->back = mem_alloc(TEXT_MAX, 1);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    packer_free(&rig->packer);
    inflateEnd(&rig->inflate);
    buf_free(&rig->packed);
    mem_free(rig->text);
    mem_free(rig->back);
    mem_free(rig);
    return 0;
}

/* Packs the first bytes of rig->text and reads them back, to the last byte of both. */
static void there_and_back(struct rig *rig, size_t length)
{
    z_stream *z = &rig->inflate;
    buf_clear(&rig->packed);
    assert_true(packer_add(&rig->packer, rig->text, length, &rig->packed));
    inflateReset(z);
    inflateSetDictionary(z, (const Bytef *)dictionary, sizeof(dictionary) - 1);
    z->next_in = (Bytef *)rig->packed.data;
    z->avail_in = (uInt)rig->packed.length;
    z->next_out = (Bytef *)rig->back;
    z->avail_out = TEXT_MAX;
    assert_int_equal(inflate(z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z->avail_in, 0);
    assert_int_equal(TEXT_MAX - z->avail_out, length);
    assert_memory_equal(rig->text, rig->back, length);
}

/* Every person of a roster would be lost if a length, a distance or a literal were written wrong:
 * texts of all kinds and sizes, from one letter repeated to noise. */
static void test_all_kinds_of_texts(void **state)
{
    struct rig *rig = *state;
    uint32_t random = 1;
    for (unsigned round = 0; round < 1500; round++) {
        size_t length = (random >> 8) % (round % 50 == 0 ? TEXT_MAX : 400);
        unsigned letters = 1 + (random >> 3) % 256;
        for (size_t i = 0; i < length; i++) {
            random = random * 1664525 + 1013904223;
            rig->text[i] = (char)((random >> 16) % letters);
        }
        random = random * 1664525 + 1013904223;
        there_and_back(rig, length);
    }
}

/* A match further back than the reader's window would not be read: repeats at every distance around
 * the bound. */
static void test_distances(void **state)
{
    struct rig *rig = *state;
    for (size_t gap = PACK_DISTANCE_MAX - 300; gap < PACK_DISTANCE_MAX + 50; gap++) {
        memset(rig->text, 'x', gap + 300);
        for (size_t i = 0; i < 260; i++)
            rig->text[i] = rig->text[gap + i] = (char)(i * 7 % 251);
        there_and_back(rig, gap + 300);
    }
}

/* Without the dictionary a person takes twice the room. */
static void test_the_dictionary_is_used(void **state)
{
    struct rig *rig = *state;
    static const char text[] = "\"recipient_id\":\"hl-\"\"phone\":\"email\":\"";
    memcpy(rig->text, text, sizeof(text) - 1);
    there_and_back(rig, sizeof(text) - 1);
    assert_in_range(rig->packed.length, 1, 12);
}

/* A full buffer must be told, not cut. */
static void test_a_full_buffer_is_told(void **state)
{
    struct rig *rig = *state;
    struct buf small;
    buf_init(&small, 8);
    memcpy(rig->text, "Quite other words than those.", 29);
    assert_false(packer_add(&rig->packer, rig->text, 29, &small));
    buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_kinds_of_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_distances, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_dictionary_is_used, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_buffer_is_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
