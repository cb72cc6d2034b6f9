/* sheet_kind.c - which files are no roster, by their first bytes (the registries of file(1) and
 * PRONOM), each with a sentence on how to get a roster out of it. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

#define EXPORT_CSV                                                                                 \
    " open it in the spreadsheet, choose Save as > CSV UTF-8 (comma delimited), and send that "    \
    "file."

struct magic {
    const char *bytes;
    size_t length;
    const char *sentence;
};
#define MAGIC(bytes, sentence)                                                                     \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, sentence                                                         \
    }

static const struct magic magics[] = {
    MAGIC("%PDF-", "This is a PDF, not a roster: ask for the table it was made from as CSV."),
    MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "This is an old Excel workbook (XLS):" EXPORT_CSV),
    MAGIC("\x1f\x8b", "This is compressed (gzip): unpack it and send the CSV inside."),
    MAGIC("BZh", "This is compressed (bzip2): unpack it and send the CSV inside."),
    MAGIC("\xfd"
          "7zXZ",
          "This is compressed (xz): unpack it and send the CSV inside."),
    MAGIC("\x28\xb5\x2f\xfd", "This is compressed (zstd): unpack it and send the CSV inside."),
    MAGIC("7z\xbc\xaf\x27\x1c", "This is a 7z archive: unpack it and send the CSV inside."),
    MAGIC("Rar!\x1a\x07", "This is a RAR archive: unpack it and send the CSV inside."),
    MAGIC("SQLite format 3", "This is a SQLite database: export the table as CSV and send that."),
    MAGIC("{\\rtf", "This is a text document (RTF), not a roster: export the table as CSV."),
    MAGIC("PAR1", "This is a Parquet file: export it as CSV or NDJSON and send that."),
    MAGIC("\x89PNG", "This is a picture: ask for the table it shows as CSV."),
    MAGIC("\xff\xd8\xff", "This is a picture: ask for the table it shows as CSV."),
};

static bool holds(const char *head, size_t length, const char *text)
{
    return memmem(head, length, text, strlen(text)) != NULL;
}

/* A ZIP archive by itself, or what hides in one. */
static const char *foreign_zip(const char *head, size_t length)
{
    if (holds(head, length, "opendocument.spreadsheet"))
        return "This is an OpenDocument spreadsheet (ODS):" EXPORT_CSV;
    if (holds(head, length, "Index/Document.iwa") || holds(head, length, ".iwa"))
        return "This is a Numbers spreadsheet: choose File > Export to > CSV, and send that file.";
    if (holds(head, length, "[Content_Types].xml") || holds(head, length, "xl/"))
        return "This is an Excel workbook (XLSX):" EXPORT_CSV;
    if (holds(head, length, "word/"))
        return "This is a Word document, not a roster: export the table in it as CSV.";
    return "This is a ZIP archive: unpack it and send the CSV inside.";
}

static bool begins_nocase(const char *head, size_t length, const char *text)
{
    size_t n = strlen(text);
    if (length < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = head[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != text[i])
            return false;
    }
    return true;
}

static const char *foreign_markup(const char *head, size_t length)
{
    static const char *const html[] = {"<!doctype html", "<html", "<head", "<table", "<meta"};
    for (size_t i = 0; i < sizeof(html) / sizeof(html[0]); i++)
        if (begins_nocase(head, length, html[i]))
            return "This is a web page (HTML), perhaps a sign-in page or a report saved under a "
                   "wrong name: export the table as CSV and send that.";
    if (begins_nocase(head, length, "<?xml"))
        return "This is XML: export the table as CSV or NDJSON and send that.";
    return NULL;
}

const char *sheet_foreign(const char *head, size_t length)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if (length >= magics[i].length && memcmp(head, magics[i].bytes, magics[i].length) == 0)
            return magics[i].sentence;
    if (length >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
        return foreign_zip(head, length);
    if (length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0) {
        head += 3;
        length -= 3;
    }
    while (length > 0 && (*head == ' ' || *head == '\t' || *head == '\r' || *head == '\n')) {
        head++;
        length--;
    }
    return foreign_markup(head, length);
}
