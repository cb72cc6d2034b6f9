/* ledger.c - the erasures of the store and those of a text file beside it, compared. Happy path:
 * the file lacks what was erased just now, and gets it. A store that lacks what the file says is
 * older than the file: it was restored, and the caller erases again. */
/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/buf.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/store/store_core.h"

enum { LINE_MAX_BYTES = 256, TIME_LINE = sizeof("2026-01-01T00:00:00.000Z\n") - 1 };

struct ledger {
    struct ledger_row *rows; /* of the file, sorted */
    bool *known;             /* beside them: the store has it too */
    size_t n;
    struct buf fresh; /* lines to append */
};

static int row_compare(const void *a, const void *b)
{
    const struct ledger_row *x = a, *y = b;
    if (x->incident != y->incident)
        return x->incident < y->incident ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool parse_line(char *line, struct ledger_row *row)
{
    char *number = strchr(line, ' '), *at = number == NULL ? NULL : strchr(number + 1, ' ');
    if (at == NULL || at[strlen(at) - 1] != '\n')
        return false;
    *number++ = 0;
    *at++ = 0;
    row->incident = id_parse(line, "inc");
    row->number = -1;
    /* The time is not needed, but a line that was cut and ended later lacks part of it. */
    return row->incident != 0 && strlen(at) == TIME_LINE &&
           (str_equal(number, "-") || parse_i64(number, &row->number));
}

static bool read_file(struct ledger *ledger, const char *path)
{
    char line[LINE_MAX_BYTES];
    struct ledger_row row;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (!parse_line(line, &row))
            continue;
        ledger->rows = mem_resize(ledger->rows, ledger->n + 1, sizeof(row));
        ledger->rows[ledger->n++] = row;
    }
    bool ok = ferror(file) == 0;
    fclose(file);
    if (ledger->n > 0)
        qsort(ledger->rows, ledger->n, sizeof(row), row_compare);
    ledger->known = mem_alloc(ledger->n + 1, sizeof(bool));
    return ok;
}

static void compare(struct store_work *work, struct ledger *ledger)
{
    char incident[ID_TEXT_SIZE], at[TIME_TEXT_SIZE];
    struct sql_query *query =
        sql_start(work->sql, "SELECT incident, number, at FROM erased ORDER BY seq");
    while (sql_step(query)) {
        const struct ledger_row row = {sql_int(query, 0), sql_int(query, 1)};
        const struct ledger_row *found =
            ledger->n == 0 ? NULL
                           : bsearch(&row, ledger->rows, ledger->n, sizeof(row), row_compare);
        if (found != NULL) {
            ledger->known[found - ledger->rows] = true;
            continue;
        }
        buf_printf(&ledger->fresh, "%s ", id_format(incident, "inc", row.incident));
        if (row.number < 0)
            buf_puts(&ledger->fresh, "-");
        else
            buf_printf(&ledger->fresh, "%lld", (long long)row.number);
        buf_printf(&ledger->fresh, " %s\n", time_format(at, sql_time(query, 2)));
    }
}

/* A cut last line (a crash, a full disk) is ended first. */
static bool append(const struct ledger *ledger, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char last = '\n';
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    bool ok =
        end >= 0 && (end == 0 || pread(fd, &last, 1, end - 1) == 1) &&
        (last == '\n' || write(fd, "\n", 1) == 1) &&
        write(fd, ledger->fresh.data, ledger->fresh.length) == (ssize_t)ledger->fresh.length &&
        fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static void keep_missing(struct store_work *work, struct store_ledger *req,
                         const struct ledger *ledger)
{
    struct arena *arena = request_arena(&req->request);
    req->missing = NULL;
    req->n_missing = 0;
    for (size_t i = 0; i < ledger->n; i++) {
        if (ledger->known[i] || (i > 0 && row_compare(&ledger->rows[i - 1], &ledger->rows[i]) == 0))
            continue;
        req->missing = rows_grow(work, arena, req->missing, req->n_missing, sizeof(*req->missing));
        if (req->missing == NULL)
            return;
        req->missing[req->n_missing++] = ledger->rows[i];
    }
}

static void mark_restored(struct store_work *work)
{
    static const char value[] =
        "{\"backup\":\"an older copy: its erasures are behind the ledger\"}";
    sql_exec(work->sql,
             "INSERT INTO setting (name, value) VALUES ('" STORE_RESTORED_FROM "', $1)"
             " ON CONFLICT (name) DO NOTHING",
             SQL_BLOB(value, sizeof(value) - 1));
}

STORE_WRITE(ledger, store_ledger)
{
    struct ledger ledger = {0};
    bool ok;
    buf_init(&ledger.fresh, SIZE_MAX);
    ok = read_file(&ledger, req->path);
    if (ok) {
        compare(work, &ledger);
        keep_missing(work, req, &ledger);
        ok = ledger.fresh.length == 0 || append(&ledger, req->path);
        if (req->mark && req->n_missing > 0)
            mark_restored(work);
    }
    mem_free(ledger.rows);
    mem_free(ledger.known);
    buf_free(&ledger.fresh);
    return ok ? RESULT_OK
              : error_set(work->error, RESULT_UNAVAILABLE, "store.path",
                          "the ledger of erasures beside the database cannot be read or written: "
                          "look at its owner and the disk");
}
