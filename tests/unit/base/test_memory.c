/* test_memory.c - memory, arenas and buffers at their bounds. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

/* If it fails, tests of short memory test nothing, or a running program refuses memory. */
static void test_fault(void **state)
{
    (void)state;
    mem_fault(2, 1);
    void *first = mem_try_alloc(1, 8);
    assert_non_null(first);
    assert_null(mem_try_alloc(1, 8));
    assert_null(mem_try_resize(first, 2, 8));
    void *more = mem_try_resize(first, 2, 8);
    assert_non_null(more);
    mem_free(more);
    assert_null(mem_try_alloc(SIZE_MAX / 2, 4));
    assert_null(mem_try_resize(NULL, SIZE_MAX / 2, 4));
}

/* If it fails, parsers of outside data write past memory or grow without bound. */
static void test_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_create(10000);
    for (int round = 0; round < 2; round++) {
        char *text = arena_strdup(arena, "hello");
        assert_string_equal(text, "hello");
        assert_string_equal(arena_printf(arena, "%d-%s", 42, text), "42-hello");
        assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
        unsigned char *big = arena_alloc(arena, 9000);
        assert_non_null(big);
        assert_int_equal((uintptr_t)big % 16, 0);
        for (int i = 0; i < 9000; i++)
            assert_int_equal(big[i], 0);
        memset(big, 0xff, 9000);
        assert_null(arena_alloc(arena, 1000));
        assert_null(arena_alloc(arena, SIZE_MAX));
        assert_non_null(arena_alloc(arena, 0));
        assert_true(arena_used(arena) >= 9000 && arena_used(arena) <= 10000);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    mem_fault(1, 0);
    assert_null(arena_alloc(arena, 9000));
    assert_non_null(arena_alloc(arena, 9000));
    arena_destroy(&arena);
    assert_null(arena);
    arena_destroy(&arena);
}

/* If it fails, text loses its end, or a bound on outside data does not hold. */
static void test_buf(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf, 10);
    assert_string_equal(buf.data, "");
    assert_true(buf_puts(&buf, "12345"));
    assert_true(buf_printf(&buf, "%d", 6789));
    assert_true(buf_putc(&buf, 'a'));
    assert_false(buf_putc(&buf, 'b'));
    assert_true(buf.failed);
    assert_string_equal(buf.data, "123456789a");
    buf_clear(&buf);
    assert_false(buf.failed);
    assert_string_equal(buf.data, "");
    assert_false(buf_printf(&buf, "%s", "12345678901"));
    assert_string_equal(buf.data, "");
    buf_clear(&buf);
    char *space = buf_reserve(&buf, 10);
    memcpy(space, "xyz", 3);
    buf.length += 3;
    assert_string_equal(buf.data, "xyz");
    assert_null(buf_reserve(&buf, 8));
    char *taken = buf_take(&buf);
    assert_string_equal(taken, "xyz");
    assert_int_equal(buf.length, 0);
    mem_free(taken);
    taken = buf_take(&buf);
    assert_string_equal(taken, "");
    mem_free(taken);
    buf_wipe(&buf);
    buf_init(&buf, SIZE_MAX);
    for (int i = 0; i < 1000; i++)
        assert_true(buf_puts(&buf, "0123456789"));
    assert_int_equal(buf.length, 10000);
    assert_int_equal(strlen(buf.data), 10000);
    mem_fault(1, 0);
    assert_null(buf_reserve(&buf, 100000));
    assert_true(buf.failed);
    assert_int_equal(strlen(buf.data), 10000);
    buf_free(&buf);
}

/* If it fails, what the store or the log wrote cannot be read back, or a cut row is taken for a
 * whole one. */
static void test_bytes(void **state)
{
    struct buf buf;
    struct bytes_reader reader;
    (void)state;
    buf_init(&buf, 100);
    buf_add_u8(&buf, 0x12);
    buf_add_u16(&buf, 0x3456);
    buf_add_u32(&buf, 0x789abcde);
    buf_add_u64(&buf, UINT64_C(0xf123456789abcdef));
    buf_puts(&buf, "end");
    assert_memory_equal(buf.data, "\x12\x34\x56\x78\x9a\xbc\xde\xf1\x23", 9);
    reader_init(&reader, buf.data, buf.length);
    assert_int_equal(read_u8(&reader), 0x12);
    assert_int_equal(read_u16(&reader), 0x3456);
    assert_int_equal(read_u32(&reader), 0x789abcde);
    assert_true(read_u64(&reader) == UINT64_C(0xf123456789abcdef));
    assert_memory_equal(read_bytes(&reader, 3), "end", 3);
    assert_false(reader.failed);
    assert_int_equal(read_u8(&reader), 0);
    assert_true(reader.failed);
    for (size_t cut = 0; cut < 15; cut++) {
        reader_init(&reader, buf.data, cut);
        read_u8(&reader), read_u16(&reader), read_u32(&reader), read_u64(&reader);
        assert_true(reader.failed);
        assert_null(read_bytes(&reader, 0));
    }
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
