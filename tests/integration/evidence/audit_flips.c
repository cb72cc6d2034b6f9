/* audit_flips.c ARCHIVE N SEED: flips N single bits in the files of a good archive, one at a time,
 * packs it again and checks it as `tocsin verify` does. Each must be caught; 0: all were. */
/* System. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"

/* This module. */
#include "service/ctl/audit.h"

enum { FILES_MAX = 64 };

struct file {
    char name[160];
    struct buf data;
};
static struct file files[FILES_MAX];
static size_t n_files;

static void unpack(const char *path)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    const void *bytes;
    size_t length;
    la_int64_t offset;
    archive_read_support_filter_gzip(archive);
    archive_read_support_format_tar(archive);
    require(archive_read_open_filename(archive, path, 65536) == ARCHIVE_OK);
    while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
        require(n_files < FILES_MAX);
        struct file *file = &files[n_files++];
        require(str_copy(file->name, sizeof(file->name), archive_entry_pathname(entry)));
        buf_init(&file->data, SIZE_MAX);
        while (archive_read_data_block(archive, &bytes, &length, &offset) == ARCHIVE_OK)
            buf_add(&file->data, bytes, length);
    }
    archive_read_free(archive);
}

static void pack(int fd)
{
    struct archive *archive = archive_write_new();
    archive_write_set_format_pax_restricted(archive);
    archive_write_add_filter_gzip(archive);
    archive_write_set_options(archive, "gzip:compression-level=1");
    archive_write_set_bytes_in_last_block(archive, 1);
    require(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    require(archive_write_open_fd(archive, fd) == ARCHIVE_OK);
    for (size_t i = 0; i < n_files; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, files[i].name);
        archive_entry_set_size(entry, (la_int64_t)files[i].data.length);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        require(archive_write_header(archive, entry) == ARCHIVE_OK);
        archive_write_data(archive, files[i].data.data, files[i].data.length);
        archive_entry_free(entry);
    }
    require(archive_write_free(archive) == ARCHIVE_OK);
}

static bool holds(const char *path, char *why, size_t size)
{
    struct audit *audit = audit_create();
    audit->path = path;
    const bool good = audit_check(audit);
    (void)str_copy(why, size, audit->error.text);
    audit_destroy(&audit);
    return good;
}

int main(int argc, char **argv)
{
    char path[64], why[400];
    uint64_t n = 0, seed = 0, missed = 0;
    seal_init();
    if (argc != 4 || !parse_u64(argv[2], &n) || !parse_u64(argv[3], &seed))
        return 2;
    srandom((unsigned)seed);
    unpack(argv[1]);
    int fd = memfd_create("archive", 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    pack(fd);
    if (!holds(path, why, sizeof(why))) {
        printf("the archive itself does not hold: %s\n", why);
        return 1;
    }
    for (uint64_t i = 0; i < n; i++) {
        struct file *file = &files[i % n_files]; /* small files as often as large ones */
        if (file->data.length == 0)
            continue;
        const size_t at = (size_t)random() % file->data.length;
        const char bit = (char)(1 << (random() % 8));
        file->data.data[at] = (char)(file->data.data[at] ^ bit);
        pack(fd);
        if (holds(path, why, sizeof(why)) || why[0] == 0) {
            printf("not caught: byte %zu of %s\n", at, file->name);
            missed++;
        }
        file->data.data[at] = (char)(file->data.data[at] ^ bit);
    }
    for (size_t i = 0; i < n_files; i++)
        buf_free(&files[i].data);
    (void)close(fd);
    printf("%llu flips, %llu not caught\n", (unsigned long long)n, (unsigned long long)missed);
    return missed > 0;
}
