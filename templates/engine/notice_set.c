/* notice_set.c - the notices on disk, read once at start: the one file here that does I/O.
 * <dir>/<kind>/<locale>.md are notices, <dir>/words/<locale>.json the words. Fails on an unreadable
 * or oversized file, on bad JSON, and when a kind has no English text, which everything falls back
 * to.
 */

/* System. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "notice_internal.h"
#include "notice_set.h"

enum { PATH_LENGTH_MAX = 1024 };

static enum result read_file(const char *path, struct buf *to, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, RESULT_IO, path,
                         "The file cannot be opened (%s): check its rights.", strerror(errno));
    char block[4096];
    size_t n;
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        buf_add(to, block, n);
    bool failed = ferror(file);
    fclose(file);
    if (failed)
        return error_set(error, RESULT_IO, path, "The file cannot be read: check the disk.");
    if (to->failed || memchr(to->data, 0, to->length))
        return error_set(error, RESULT_TOO_LARGE, path,
                         "The file is longer than %d bytes, or not text: correct it.",
                         NOTICE_SOURCE_MAX);
    return RESULT_OK;
}

static enum result take_file(struct notice_set *set, const char *path, struct notice_file *file,
                             struct error *error)
{
    struct buf text;
    buf_init(&text, NOTICE_SOURCE_MAX);
    enum result result = read_file(path, &text, error);
    if (!result && str_equal(file->kind, "words")) {
        result = json_read(text.data, text.length, &file->words, error);
        if (result)
            error_wrap(error, "%s", path);
    } else if (!result)
        file->text = buf_take(&text);
    buf_free(&text);
    if (result)
        return result;
    set->files = mem_resize(set->files, set->n + 1, sizeof *set->files);
    set->files[set->n++] = *file;
    return RESULT_OK;
}

/* "fr-CA.md" -> "fr-CA" when the extension is the one wanted. */
static bool name_locale(const char *name, const char *extension, char locale[NAME_LENGTH_MAX])
{
    size_t n = strlen(name), e = strlen(extension);
    if (n <= e || n - e >= NAME_LENGTH_MAX || strcmp(name + n - e, extension) || *name == '.')
        return false;
    memcpy(locale, name, n - e);
    locale[n - e] = 0;
    return strcmp(locale, "README") != 0;
}

static enum result load_kind(struct notice_set *set, const char *dir, const char *kind,
                             struct error *error)
{
    char path[PATH_LENGTH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, kind);
    DIR *entries = opendir(path);
    if (!entries)
        return RESULT_OK; /* a file beside the kinds */
    const char *extension = str_equal(kind, "words") ? ".json" : ".md";
    enum result result = RESULT_OK;
    const struct dirent *entry;
    while (!result && (entry = readdir(entries))) {
        struct notice_file file = {0};
        if (!name_locale(entry->d_name, extension, file.locale))
            continue;
        str_copy(file.kind, sizeof file.kind, kind);
        int n = snprintf(path, sizeof path, "%s/%s/%s", dir, kind, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof path)
            result =
                error_set(error, RESULT_INVALID, "notices", "The path is too long: shorten it.");
        else
            result = take_file(set, path, &file, error);
    }
    closedir(entries);
    return result;
}

static const struct notice_file *find_exact(const struct notice_set *set, const char *kind,
                                            const char *locale, size_t length)
{
    for (unsigned i = 0; i < set->n; i++)
        if (str_equal(set->files[i].kind, kind) && strlen(set->files[i].locale) == length &&
            !strncasecmp(set->files[i].locale, locale, length))
            return &set->files[i];
    return NULL;
}

/* "fr-CA", else "fr", else "en". */
static const struct notice_file *find(const struct notice_set *set, const char *kind,
                                      const char *locale)
{
    locale = str_or(locale, "en");
    size_t length = strlen(locale);
    const struct notice_file *file = find_exact(set, kind, locale, length);
    while (!file && length) {
        while (length && locale[length - 1] != '-')
            length--;
        length -= length > 0;
        file = length ? find_exact(set, kind, locale, length) : NULL;
    }
    return file ? file : find_exact(set, kind, "en", 2);
}

static enum result check(const struct notice_set *set, const char *dir, struct error *error)
{
    for (unsigned i = 0; i < set->n; i++)
        if (!find_exact(set, set->files[i].kind, "en", 2))
            return error_set(error, RESULT_INVALID, set->files[i].kind,
                             "This kind of notice has no English text: add en.md.");
    if (!find_exact(set, "words", "en", 2))
        return error_set(error, RESULT_NOT_FOUND, dir,
                         "There are no words/en.json here: give the folder of the notices.");
    return RESULT_OK;
}

enum result notice_set_load(const char *dir, struct notice_set **ret_set, struct error *error)
{
    DIR *entries = opendir(dir);
    if (!entries)
        return error_set(error, RESULT_IO, dir, "The folder of the notices cannot be read (%s).",
                         strerror(errno));
    struct notice_set *set = mem_new(struct notice_set);
    enum result result = RESULT_OK;
    const struct dirent *entry;
    while (!result && (entry = readdir(entries)))
        if (*entry->d_name != '.' && strlen(entry->d_name) < NAME_LENGTH_MAX)
            result = load_kind(set, dir, entry->d_name, error);
    closedir(entries);
    if (!result)
        result = check(set, dir, error);
    if (result)
        notice_set_destroy(&set);
    else
        *ret_set = set;
    return result;
}

void notice_set_destroy(struct notice_set **pointer)
{
    struct notice_set *set = *pointer;
    if (!set)
        return;
    for (unsigned i = 0; i < set->n; i++) {
        mem_free(set->files[i].text);
        json_object_put(set->files[i].words);
    }
    mem_free(set->files);
    mem_free(set);
    *pointer = NULL;
}

struct json_object *notice_set_words(const struct notice_set *set, const char *locale)
{
    const struct notice_file *file = find(set, "words", locale);
    return file ? file->words : NULL;
}

enum result notice_set_find(const struct notice_set *set, const char *kind, const char *locale,
                            struct notice_source *ret_source)
{
    const struct notice_file *file = str_equal(kind, "words") ? NULL : find(set, kind, locale);
    if (!file)
        return RESULT_NOT_FOUND;
    *ret_source = (struct notice_source){.kind = file->kind,
                                         .locale = file->locale,
                                         .text = file->text,
                                         .words = notice_set_words(set, file->locale)};
    return RESULT_OK;
}

/* By name, not by the order of the directory: an approval's hash walks over them. */
const char *notice_set_locale(const struct notice_set *set, const char *kind, size_t i)
{
    const char *last = NULL, *next = NULL;
    for (size_t rank = 0; rank <= i; rank++, last = next) {
        next = NULL;
        for (unsigned k = 0; k < set->n; k++) {
            const char *locale = set->files[k].locale;
            if (set->files[k].text != NULL && str_equal(set->files[k].kind, kind) &&
                (last == NULL || strcmp(locale, last) > 0) &&
                (next == NULL || strcmp(locale, next) < 0))
                next = locale;
        }
        if (next == NULL)
            return NULL;
    }
    return next;
}
