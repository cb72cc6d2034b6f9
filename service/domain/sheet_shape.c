/* sheet_shape.c - which delimiter, and is the first row the header? Happy path: the first line
 * names columns that the roster knows, split at one of four delimiters better than at the others.
 * Failure modes: a title stands above the header, a second header row below it, no line ever ends.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

enum { LINES_LOOKED_AT = 10, CELL_SIZE = 80 };
static const char delimiters[] = {',', ';', '\t', '|'};

struct line {
    const char *at;
    size_t length;
};

/* The next line without its end; quotes may hold line ends. False: no line ends in here. */
static bool line_next(const char **at, const char *end, bool whole, struct line *ret_line)
{
    bool quoted = false;
    const char *from = *at;
    for (const char *c = from; c < end; c++) {
        if (*c == '"')
            quoted = !quoted;
        if (*c != '\n' || quoted)
            continue;
        *ret_line = (struct line){from, (size_t)(c - from)};
        if (c > from && c[-1] == '\r')
            ret_line->length--;
        *at = c + 1;
        return true;
    }
    *ret_line = (struct line){from, (size_t)(end - from)};
    *at = end;
    return whole && end > from;
}

/* Copies the cell at *at without its quotes; moves behind the delimiter. */
static void cell_next(const char **at, const char *end, char delimiter, char to[CELL_SIZE])
{
    bool quoted = false;
    size_t n = 0;
    for (; *at < end && (quoted || **at != delimiter); ++*at) {
        if (**at == '"')
            quoted = !quoted;
        else if (n < CELL_SIZE - 1)
            to[n++] = **at;
    }
    *at += *at < end;
    to[n] = '\0';
}

struct score {
    unsigned cells, filled, known;
};

static struct score score_line(const struct line *line, char delimiter)
{
    struct score score = {0, 0, 0};
    const char *at = line->at, *end = line->at + line->length;
    char cell[CELL_SIZE], column[SHEET_COLUMN_SIZE];
    while (at < end && score.cells < ROW_COLUMNS_MAX) {
        cell_next(&at, end, delimiter, cell);
        score.cells++;
        score.filled += !str_empty(str_trim(cell));
        score.known += sheet_column_find(cell, column) != NULL;
    }
    return score;
}

static bool better(struct score a, struct score b)
{
    return a.known != b.known ? a.known > b.known : a.cells > b.cells;
}

/* The delimiter that makes most of a line. */
static char split_best(const struct line *line, struct score *ret_score)
{
    char best = delimiters[0];
    *ret_score = score_line(line, best);
    for (size_t i = 1; i < sizeof(delimiters); i++) {
        struct score score = score_line(line, delimiters[i]);
        if (better(score, *ret_score)) {
            *ret_score = score;
            best = delimiters[i];
        }
    }
    return best;
}

/* Excel's own "sep=;" in front. */
static size_t take_sep(const char *head, size_t length, char *ret_delimiter)
{
    if (length < 6 || strncmp(head, "sep=", 4) != 0)
        return 0;
    size_t end = head[5] == '\r' ? 6 : 5;
    if (end >= length || head[end] != '\n')
        return 0;
    *ret_delimiter = head[4];
    return end + 1;
}

static enum result refuse_endless(const char *head, size_t length, struct error *error)
{
    if (memchr(head, '\r', length) != NULL && memchr(head, '\n', length) == NULL)
        return error_set(
            error, RESULT_INVALID, "header",
            "Lines end by CR alone (an old Macintosh format): save the file as CSV UTF-8 "
            "and send it again.");
    return error_set(
        error, RESULT_INVALID, "header",
        "The first row does not end within 65,536 bytes: this is no roster, or its line "
        "ends were lost; export it again.");
}

static bool is_header(struct score score)
{
    return score.known >= 2 && score.known * 2 >= score.filled;
}

/* Is another line more of a header than the first one, or one as well? */
static enum result check_first(const struct sheet_shape *shape, struct score first, const char *at,
                               const char *end, struct error *error)
{
    struct line line;
    unsigned number = shape->skip > 0 ? 2 : 1;
    for (unsigned i = 1; i < LINES_LOOKED_AT && line_next(&at, end, false, &line); i++) {
        struct score score;
        number++;
        split_best(&line, &score);
        if (!is_header(score))
            continue;
        if (score.known > first.known)
            return error_set(error, RESULT_INVALID, "header",
                             "The names of the columns stand in line %u, not in the first row: "
                             "delete the lines above it and send the file again.",
                             number);
        if (i == 1 && is_header(first))
            return error_set(
                error, RESULT_INVALID, "header",
                "There are two header rows, line %u is the second: keep one of them and "
                "send the file again.",
                number);
    }
    return RESULT_OK;
}

static enum result read_delimiter(struct sheet_shape *shape, const struct line *first,
                                  struct score *score, struct error *error)
{
    if (shape->skip > 0) {
        if (memchr(delimiters, shape->delimiter, sizeof(delimiters)) == NULL)
            return error_set(error, RESULT_INVALID, "header",
                             "The line sep= names a delimiter that is not read: use a comma, a "
                             "semicolon, a tab or a vertical bar.");
        shape->evidence = "the line sep= in front";
        *score = score_line(first, shape->delimiter);
        return RESULT_OK;
    }
    shape->delimiter = split_best(first, score);
    shape->evidence = score->cells < 2 ? "the header has one column"
                      : score->known == 0
                          ? "it splits the first row into most cells"
                          : "it splits the first row into the most names of columns";
    return RESULT_OK;
}

enum result sheet_shape_read(const char *head, size_t length, bool whole,
                             struct sheet_shape *ret_shape, struct error *error)
{
    struct sheet_shape shape = {.delimiter = ','};
    struct score score = {0};
    struct line first;
    const char *at = head, *end = head + length;
    enum result result;
    shape.skip = take_sep(head, length, &shape.delimiter);
    at += shape.skip;
    if (memchr(at, '\n', (size_t)(end - at)) == NULL &&
        memchr(at, '\r', (size_t)(end - at)) != NULL)
        return refuse_endless(head, length, error);
    if (!line_next(&at, end, whole, &first) && !whole)
        return refuse_endless(head, length, error);
    result = read_delimiter(&shape, &first, &score, error);
    if (result == RESULT_OK)
        result = check_first(&shape, score, at, end, error);
    if (result == RESULT_OK)
        *ret_shape = shape;
    return result;
}
