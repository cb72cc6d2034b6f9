/* test_bundle.c - spools and the archive over them. */
/* System. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "service/evidence/bundle.h"

static void fill(struct spool *spool, size_t length)
{
    char block[4099];
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)('a' + i % 23);
    while (length > 0) {
        size_t n = length < sizeof(block) ? length : sizeof(block);
        spool_add(spool, block, n);
        length -= n;
    }
}

/* Bytes would come back changed, or not all of them, around the edges of a piece. */
static void test_spool(void **state)
{
    static const size_t lengths[] = {0, 1, 262143, 262144, 262145, 524288, 524289, 3000000};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct spool *spool = spool_create("/tmp");
        struct sha256_stream *stream = sha256_begin();
        struct buf piece;
        uint8_t digest[DIGEST_SIZE];
        size_t size = 0;
        fill(spool, lengths[i]);
        assert_true(spool_end(spool));
        assert_int_equal(spool_size(spool), lengths[i]);
        buf_init(&piece, SIZE_MAX);
        while (spool_next(spool, &piece) && piece.length > 0) {
            sha256_add(stream, piece.data, piece.length);
            size += piece.length;
        }
        sha256_end(&stream, digest);
        assert_int_equal(size, lengths[i]);
        assert_memory_equal(digest, spool_digest(spool), DIGEST_SIZE);
        buf_free(&piece);
        spool_destroy(&spool);
    }
}

/* A disk that cannot be written to would give an archive with less in it. */
static void test_no_disk(void **state)
{
    struct spool *spool = spool_create("/nonexistent");
    (void)state;
    fill(spool, 3000000);
    assert_false(spool_end(spool));
    spool_destroy(&spool);
}

static int descriptor_of_temporary(void)
{
    char link[64], target[512];
    for (int fd = 3; fd < 64; fd++) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = 0;
        if (strncmp(target, "/tmp/", 5) == 0 && strstr(target, "deleted") != NULL)
            return fd;
    }
    return -1;
}

/* Personal data of an export would lie on the disk in clear; or a changed disk would go unseen. */
static void test_sealed(void **state)
{
    struct spool *spool = spool_create("/tmp");
    struct buf piece;
    char bytes[65536];
    (void)state;
    for (int i = 0; i < 40000; i++)
        spool_puts(spool, "person7@post.example ");
    assert_true(spool_end(spool));
    int fd = descriptor_of_temporary();
    assert_true(fd >= 0);
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    assert_true(n > 1000);
    assert_null(memmem(bytes, (size_t)n, "post.example", 12));
    bytes[1000] ^= 1;
    assert_int_equal(pwrite(fd, &bytes[1000], 1, 1000), 1);
    buf_init(&piece, SIZE_MAX);
    assert_false(spool_next(spool, &piece));
    buf_free(&piece);
    spool_destroy(&spool);
}

static void make(struct buf *to)
{
    struct bundle bundle;
    size_t before;
    bundle_init(&bundle, "/tmp");
    snprintf(bundle.folder, sizeof(bundle.folder), "evidence");
    bundle.at = 1779000000000;
    spool_puts(bundle_add(&bundle, "b.txt"), "second");
    fill(bundle_add(&bundle, "big.txt"), 1000000);
    spool_puts(bundle_add(&bundle, "a.txt"), "first");
    bundle_lead(&bundle, 0, "a.txt");
    bundle_lead(&bundle, 1, "missing.txt");
    assert_true(bundle_end(&bundle));
    do {
        before = to->length;
        assert_true(bundle_next(&bundle, to, 1000));
    } while (to->length > before);
    bundle_free(&bundle);
}

/* The archive would not be readable by others, not in its order, or other bytes each time. */
static void test_bundle(void **state)
{
    static const char *const names[] = {"evidence/a.txt", "evidence/b.txt", "evidence/big.txt"};
    struct buf first, second;
    struct archive_entry *entry;
    struct archive *archive = archive_read_new();
    (void)state;
    buf_init(&first, SIZE_MAX);
    buf_init(&second, SIZE_MAX);
    make(&first);
    make(&second);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.data, second.data, first.length);
    archive_read_support_filter_gzip(archive);
    archive_read_support_format_tar(archive);
    assert_int_equal(archive_read_open_memory(archive, first.data, first.length), ARCHIVE_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
        assert_string_equal(archive_entry_pathname(entry), names[i]);
    }
    assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
    archive_read_free(archive);
    buf_free(&first);
    buf_free(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool),
        cmocka_unit_test(test_no_disk),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_bundle),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
