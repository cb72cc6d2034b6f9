/* audit_read.c - walks the archive once, file by file, in constant memory but for 72 bytes a
 * receipt. Failure modes: cut, not an archive, a file twice, a line too long: the first is named.
 */
/* System. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/ctl/audit.h"

enum { SMALL_MAX = 64 << 20, LINE_MAX_BYTES = 4 << 20, BLOCK = 1 << 20, PADDING_MAX = 65536 };

typedef bool line_fn(struct audit *audit, const char *line, size_t length);

struct reading {
    struct audit *audit;
    struct archive *archive;
    struct audit_file *file;
    struct sha256_stream *stream;
    line_fn *each;
    struct audit_csv *csv; /* or NULL */
    struct buf *whole;     /* or NULL */
    struct buf rest;       /* of a line that goes on in the next block */
    struct buf other;
};

static line_fn *lines_of(const struct audit *audit, const char *name)
{
    if (str_equal(name, "receipts.ndjson"))
        return audit_receipt;
    if (audit->telling)
        return NULL;
    if (str_equal(name, "openings.ndjson"))
        return audit_opening;
    if (str_equal(name, "people.ndjson"))
        return audit_person;
    if (str_equal(name, "log/shards.ndjson"))
        return audit_shard;
    if (str_equal(name, "log/anchors.ndjson"))
        return audit_anchor;
    return str_equal(name, "log/nodes.ndjson") ? audit_tree_node : NULL;
}

static struct buf *whole_of(struct reading *reading, const char *name)
{
    struct audit *audit = reading->audit;
    const struct {
        const char *name;
        struct buf *to;
    } files[] = {{"manifest.json", &audit->manifest_text},
                 {"manifest.note", &audit->note},
                 {"manifest.sha256", &audit->sum},
                 {"log/checkpoint", &audit->checkpoint},
                 {"log/key", &audit->keys},
                 {"summary.json", &audit->summary_text}};
    if (audit->telling)
        return NULL;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (str_equal(name, files[i].name))
            return files[i].to;
    return str_starts(name, "notices/") ? &reading->other : NULL;
}

static bool take_lines(struct reading *reading, const char *bytes, size_t length)
{
    struct audit *audit = reading->audit;
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        const size_t n = end == NULL ? length : (size_t)(end - bytes);
        if (end == NULL || reading->rest.length > 0) {
            if (!buf_add(&reading->rest, bytes, n))
                return audit_wrong(audit, "%s: a line is longer than 4 MiB", reading->file->name);
            if (end == NULL)
                return true;
            if (!reading->each(audit, reading->rest.data, reading->rest.length))
                return false;
            buf_clear(&reading->rest);
        } else if (!reading->each(audit, bytes, n)) {
            return false;
        }
        bytes += n + 1;
        length -= n + 1;
    }
    return true;
}

static bool take_block(struct reading *reading, const void *bytes, size_t length)
{
    sha256_add(reading->stream, bytes, length);
    reading->file->size += length;
    if (reading->whole != NULL && !buf_add(reading->whole, bytes, length))
        return audit_wrong(reading->audit, "%s: larger than 64 MiB", reading->file->name);
    if (reading->csv != NULL)
        return audit_csv_add(reading->csv, bytes, length);
    return reading->each == NULL || take_lines(reading, bytes, length);
}

static bool take_data(struct reading *reading)
{
    const void *bytes;
    size_t length;
    la_int64_t offset;
    int code;
    while ((code = archive_read_data_block(reading->archive, &bytes, &length, &offset)) ==
           ARCHIVE_OK)
        if (!take_block(reading, bytes, length))
            return false;
    if (code != ARCHIVE_EOF)
        return audit_wrong(reading->audit, "the archive is damaged or cut in %s: %s",
                           reading->file->name,
                           str_or(archive_error_string(reading->archive), "unreadable"));
    return true;
}

/* "notices/en.md" and "notices/en.json" are kept side by side. */
static bool keep_notice(struct reading *reading)
{
    struct audit *audit = reading->audit;
    const char *name = reading->file->name + strlen("notices/"), *dot = strrchr(name, '.');
    char locale[64];
    struct json_object *entry, *value = NULL;
    if (dot == NULL || (size_t)(dot - name) >= sizeof(locale))
        return audit_wrong(audit, "%s: not a name of a notice", reading->file->name);
    memcpy(locale, name, (size_t)(dot - name));
    locale[dot - name] = 0;
    entry = json_get(audit->notices, locale);
    if (entry == NULL) {
        entry = json_object_new_object();
        json_object_object_add(audit->notices, locale, entry);
    }
    if (str_equal(dot, ".md"))
        value = json_object_new_string_len(reading->other.data, (int)reading->other.length);
    else if (json_read(reading->other.data, reading->other.length, &value, NULL) != RESULT_OK)
        return audit_wrong(audit, "%s: not JSON", reading->file->name);
    json_object_object_add(entry, dot + 1, value);
    return true;
}

static bool begin_file(struct reading *reading, struct archive_entry *entry)
{
    struct audit *audit = reading->audit;
    const char *path = archive_entry_pathname(entry), *slash = path ? strchr(path, '/') : NULL;
    if (slash == NULL || archive_entry_filetype(entry) != AE_IFREG ||
        archive_entry_hardlink(entry) != NULL)
        return audit_wrong(audit, "the archive holds something that is no file of an export");
    if (audit->n_files == AUDIT_FILES_MAX)
        return audit_wrong(audit, "the archive holds too many files");
    struct audit_file *file = &audit->files[audit->n_files];
    memset(file, 0, sizeof(*file));
    if (!str_copy(file->name, sizeof(file->name), slash + 1))
        return audit_wrong(audit, "the archive holds a file with too long a name");
    for (size_t i = 0; i < audit->n_files; i++)
        if (str_equal(audit->files[i].name, file->name))
            return audit_wrong(audit, "%s is in the archive twice", file->name);
    audit->n_files++;
    reading->file = file;
    reading->each = lines_of(audit, file->name);
    reading->whole = whole_of(reading, file->name);
    buf_clear(&reading->rest);
    buf_clear(&reading->other);
    return true;
}

static bool read_file(struct reading *reading, struct archive_entry *entry)
{
    if (!begin_file(reading, entry))
        return false;
    if (str_equal(reading->file->name, "receipts.csv") && !reading->audit->telling)
        reading->csv = audit_csv_begin(reading->audit);
    reading->stream = sha256_begin();
    bool good = take_data(reading);
    sha256_end(&reading->stream, reading->file->digest);
    if (reading->csv != NULL)
        good = audit_csv_end(&reading->csv, good);
    if (good && reading->rest.length > 0)
        good = audit_wrong(reading->audit, "%s: its last line is cut", reading->file->name);
    if (good && reading->whole == &reading->other)
        good = keep_notice(reading);
    return good;
}

static bool read_entries(struct reading *reading)
{
    struct archive_entry *entry;
    int code;
    while ((code = archive_read_next_header(reading->archive, &entry)) == ARCHIVE_OK)
        if (!read_file(reading, entry))
            return false;
    if (code != ARCHIVE_EOF)
        return audit_wrong(reading->audit, "the archive is damaged or cut: %s",
                           str_or(archive_error_string(reading->archive), "unreadable"));
    return reading->audit->n_files > 0 ||
           audit_wrong(reading->audit, "the archive is empty or cut");
}

/* gzip's last four bytes are the size of what was packed (RFC 1952 section 2.3.1): behind the end
 * of the tar there is nothing but padding, and the archive has its end. */
static bool check_end(struct reading *reading)
{
    uint8_t tail[4];
    const uint32_t seen = (uint32_t)archive_filter_bytes(reading->archive, 0);
    FILE *file = fopen(reading->audit->path, "re");
    const bool read = file != NULL && fseek(file, -4, SEEK_END) == 0 &&
                      fread(tail, 1, sizeof(tail), file) == sizeof(tail);
    if (file != NULL)
        (void)fclose(file);
    const uint32_t size = (uint32_t)tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 |
                          (uint32_t)tail[3] << 24;
    if (!read || size - seen > PADDING_MAX || size % 512 != 0)
        return audit_wrong(reading->audit, "the archive is cut at its end");
    return true;
}

bool audit_read(struct audit *audit)
{
    struct reading reading = {.audit = audit, .archive = archive_read_new()};
    bool good;
    buf_init(&reading.rest, LINE_MAX_BYTES);
    buf_init(&reading.other, SMALL_MAX);
    archive_read_support_filter_gzip(reading.archive);
    archive_read_support_format_tar(reading.archive);
    audit->n_files = 0;
    good = archive_read_open_filename(reading.archive, audit->path, BLOCK) == ARCHIVE_OK;
    if (!good)
        audit_wrong(audit, "%s cannot be read as an archive: %s", audit->path,
                    str_or(archive_error_string(reading.archive), "unreadable"));
    good = good && read_entries(&reading) && check_end(&reading);
    archive_read_free(reading.archive);
    buf_wipe(&reading.rest);
    buf_free(&reading.other);
    return good;
}
