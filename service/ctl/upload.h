/* upload.h - one roster file on its way to the server. Private to service/ctl. */
#pragma once
#include <stdint.h>
#include <stdio.h>

#include "service/ctl/ctl.h"
#include "tocsin/sheet.h"

struct upload {
    struct ctl *ctl;
    const char *file_name;
    FILE *file;
    int64_t size; /* -1: not known */
    bool csv;
    enum sheet_charset charset; /* --charset; UNSAID: found out */
    const char *mode;           /* "append", "replace", "repair" */
    int64_t expected;           /* --expect; 0: not said */
    int64_t part_size;
    int64_t retries;
    bool bar;     /* draw a progress bar */
    int64_t sent; /* bytes in parts that arrived */
    int drawn;    /* per mille drawn last; -1: none */
};

/* Reads the options, finds the type and opens the file; upload_close by the caller on CTL_OK. */
enum ctl_exit upload_open(struct ctl *ctl, const char *file_name, struct upload *ret_upload);
void upload_close(struct upload *upload);
/* The type of the body; `parts` were made UTF-8. */
const char *upload_type(const struct upload *upload, bool parts);
/* Draws, on a terminal only. */
void upload_progress(struct upload *upload, int64_t sent, int64_t total);
void upload_progress_end(struct upload *upload);
/* Prints the counts, and how a spreadsheet was read. */
void upload_print(struct json_object *answer);

/* The whole file in parts that end at row ends, then the commit. */
enum ctl_exit upload_in_parts(struct upload *upload);

/* part_cut.c: cuts a roster at row ends; each part of a CSV begins with the header row. */
struct part_cutter;
struct part_cutter *part_cutter_create(FILE *file, bool csv, size_t part_size,
                                       enum sheet_charset charset);
void part_cutter_destroy(struct part_cutter **cutter);
/* The next part, valid until the next call; *ret_length 0 at the end. RESULT_IO: the file cannot be
 * read; RESULT_TOO_LARGE: no row end within reach. */
enum result part_cutter_next(struct part_cutter *cutter, const char **ret_bytes, size_t *ret_length,
                             struct error *error);
/* Rows in the parts given out, without header rows. */
int64_t part_cutter_rows(const struct part_cutter *cutter);
/* The line of the file, from 1, where the last part's own rows begin; and how many lines of header
 * stand before them in it. */
int64_t part_cutter_line(const struct part_cutter *cutter);
int64_t part_cutter_header_lines(const struct part_cutter *cutter);
