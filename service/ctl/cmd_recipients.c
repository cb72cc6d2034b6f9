/* cmd_recipients.c - recipients upload, show. A small file goes in one streamed request;
 * a large one, or one to be resumed, in parts (upload_parts.c). */

/* System. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"
#include "service/ctl/upload.h"

enum { PART_DEFAULT = 8 << 20, PART_MIN = 1024, PART_MAX = 64 << 20, WHOLE_MAX = 64 << 20 };

const char *upload_type(const struct upload *upload, bool parts)
{
    if (!upload->csv)
        return "application/x-ndjson";
    switch (parts ? SHEET_UTF8 : upload->charset) {
    case SHEET_UTF8:
        return "text/csv; charset=utf-8";
    case SHEET_UTF16LE:
        return "text/csv; charset=utf-16le";
    case SHEET_UTF16BE:
        return "text/csv; charset=utf-16be";
    case SHEET_UTF16:
        return "text/csv; charset=utf-16";
    case SHEET_WINDOWS_1252:
        return "text/csv; charset=windows-1252";
    case SHEET_UNSAID:
    case SHEET_ASCII:
        break;
    }
    return "text/csv";
}

void upload_progress(struct upload *upload, int64_t sent, int64_t total)
{
    enum { WIDTH = 40 };
    char bar[WIDTH + 1];
    int permille;

    if (!upload->bar || total <= 0)
        return;
    permille = (int)((sent > total ? total : sent) * 1000 / total);
    if (permille == upload->drawn)
        return;
    upload->drawn = permille;
    memset(bar, ' ', WIDTH);
    memset(bar, '#', (size_t)permille * WIDTH / 1000);
    bar[WIDTH] = '\0';
    (void)fprintf(stderr, "\r[%s] %3d%% of %lld KiB", bar, permille / 10,
                  (long long)(total + 1023) / 1024);
    (void)fflush(stderr);
}

void upload_progress_end(struct upload *upload)
{
    if (upload->bar && upload->drawn >= 0)
        (void)fputc('\n', stderr);
    upload->drawn = -1;
}

/* How a spreadsheet was read: encoding, delimiter, and which column became what. */
static void print_sheet(struct json_object *sheet)
{
    struct json_object *columns = json_get(sheet, "columns");

    (void)printf("%-12s ", "encoding");
    print_safe(stdout, json_get_string(sheet, "encoding"));
    (void)fputs(": ", stdout);
    print_safe(stdout, json_get_string(sheet, "encoding_evidence"));
    (void)printf("\n%-12s ", "delimiter");
    print_safe(stdout, json_get_string(sheet, "delimiter"));
    (void)fputs(": ", stdout);
    print_safe(stdout, json_get_string(sheet, "delimiter_evidence"));
    (void)fputc('\n', stdout);
    for (size_t i = 0; columns != NULL && i < json_object_array_length(columns); i++) {
        struct json_object *column = json_object_array_get_idx(columns, i);

        (void)printf("%-12s ", i == 0 ? "columns" : "");
        print_safe(stdout, json_get_string(column, "header"));
        if (json_get_bool(column, "alias", false)) {
            (void)fputs(" -> ", stdout);
            print_safe(stdout, json_get_string(column, "column"));
        }
        (void)fputc('\n', stdout);
    }
}

static void print_wrong(struct json_object *wrong)
{
    for (size_t i = 0; wrong != NULL && i < json_object_array_length(wrong); i++) {
        struct json_object *row = json_object_array_get_idx(wrong, i);

        (void)printf("still wrong  line %lld ", (long long)json_get_int(row, "line", 0));
        print_safe(stdout, json_get_string(row, "field"));
        (void)fputs(": ", stdout);
        print_safe(stdout, json_get_string(row, "reason"));
        (void)fputc('\n', stdout);
    }
}

void upload_print(struct json_object *answer)
{
    static const char *const names[] = {"accepted", "duplicates", "rejected", "warnings",
                                        "repaired"};

    if (answer == NULL)
        return;
    for (size_t i = 0; i < 5; i++)
        if (i < 3 || json_get(answer, names[i]) != NULL)
            (void)printf("%-12s %lld\n", names[i], (long long)json_get_int(answer, names[i], 0));
    if (json_get(answer, "sheet") != NULL)
        print_sheet(json_get(answer, "sheet"));
    print_wrong(json_get(answer, "still_wrong"));
    if (json_get_int(answer, "warnings", 0) > 0)
        (void)fputs("tocsin: see tocsin recipients warnings ID for what was left out or repaired\n",
                    stderr);
    if (json_get_int(answer, "rejected", 0) > 0)
        (void)fputs(
            "tocsin: see tocsin recipients rejected ID [--file FILE] for which rows, and why\n",
            stderr);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && str_equal_nocase(text + n - m, end);
}

static enum ctl_exit choose_type(struct upload *upload)
{
    const char *type = ctl_option(upload->ctl, "type"), *name = upload->file_name;

    if (type == NULL && ends_with(name, ".csv"))
        type = "csv";
    if (type == NULL && (ends_with(name, ".ndjson") || ends_with(name, ".jsonl")))
        type = "ndjson";
    if (!str_equal(type, "csv") && !str_equal(type, "ndjson"))
        return complain(CTL_USAGE, "say what the file is: --type csv or --type ndjson");
    upload->csv = str_equal(type, "csv");
    return CTL_OK;
}

/* "512K", "8M". */
static bool parse_size(const char *text, int64_t *ret_size)
{
    size_t n = strlen(text);
    char digits[24];
    int64_t unit = n > 0 && text[n - 1] == 'K' ? 1024 : n > 0 && text[n - 1] == 'M' ? 1 << 20 : 0;

    (void)snprintf(digits, sizeof(digits), "%.*s", (int)(unit > 0 ? n - 1 : n), text);
    if (n >= sizeof(digits) || !parse_i64(digits, ret_size) || *ret_size > PART_MAX)
        return false;
    *ret_size *= unit > 0 ? unit : 1;
    return *ret_size >= PART_MIN && *ret_size <= PART_MAX;
}

static enum ctl_exit read_mode(struct upload *upload)
{
    const char *charset = ctl_option(upload->ctl, "charset");
    const char *expect = ctl_option(upload->ctl, "expect");
    bool replace = ctl_option(upload->ctl, "replace") != NULL;
    bool repair = ctl_option(upload->ctl, "repair") != NULL;

    if (replace && repair)
        return complain(CTL_USAGE, "--replace and --repair do not go together");
    upload->mode = replace ? "replace" : repair ? "repair" : "append";
    if (charset != NULL && !sheet_charset_find(charset, &upload->charset))
        return complain(CTL_USAGE,
                        "--charset takes utf-8, windows-1252, utf-16, utf-16le or utf-16be");
    if (expect != NULL && (!parse_i64(expect, &upload->expected) || upload->expected < 1))
        return complain(CTL_USAGE, "--expect takes a number of people");
    return CTL_OK;
}

static enum ctl_exit read_options(struct upload *upload)
{
    const char *size = ctl_option(upload->ctl, "part-size");
    const char *retries = ctl_option(upload->ctl, "retries");

    upload->part_size = PART_DEFAULT;
    upload->retries = 5;
    if (size != NULL && !parse_size(size, &upload->part_size))
        return complain(CTL_USAGE, "--part-size takes 1K to 64M");
    if (retries != NULL &&
        (!parse_i64(retries, &upload->retries) || upload->retries < 0 || upload->retries > 100))
        return complain(CTL_USAGE, "--retries takes 0 to 100");
    enum ctl_exit code = read_mode(upload);
    return code == CTL_OK ? choose_type(upload) : code;
}

static enum ctl_exit open_file(struct upload *upload)
{
    struct stat info;

    upload->file = str_equal(upload->file_name, "-") ? stdin : fopen(upload->file_name, "re");
    if (upload->file == NULL)
        return complain(CTL_LOCAL, "%s cannot be opened: %s", upload->file_name, strerror(errno));
    upload->size = -1;
    if (fstat(fileno(upload->file), &info) == 0 && S_ISREG(info.st_mode))
        upload->size = info.st_size;
    if (S_ISDIR(info.st_mode)) {
        (void)fclose(upload->file);
        return complain(CTL_LOCAL, "%s is a folder: name a file", upload->file_name);
    }
    return CTL_OK;
}

static void on_progress(void *context, int64_t sent, int64_t total)
{
    upload_progress(context, sent, total);
}

static enum ctl_exit upload_whole(struct upload *upload)
{
    struct json_object *answer;
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, upload->ctl->words[0], "/recipients");
    if (!str_equal(upload->mode, "append"))
        (void)buf_printf(&path, "?mode=%s", upload->mode);
    if (upload->expected > 0)
        (void)buf_printf(&path, "%sexpected_people=%lld",
                         str_equal(upload->mode, "append") ? "?" : "&",
                         (long long)upload->expected);
    code = ask_json(upload->ctl,
                    &(struct api_request){.method = "POST",
                                          .path = path.data,
                                          .type = upload_type(upload, false),
                                          .file = upload->file,
                                          .file_size = upload->size,
                                          .progress = upload->bar ? on_progress : NULL,
                                          .context = upload},
                    &answer);
    upload_progress_end(upload);
    upload_print(answer);
    json_object_put(answer);
    buf_free(&path);
    return code;
}

/* In parts when asked for, or when losing it half-way would hurt. */
static bool wants_parts(const struct upload *upload)
{
    if (!str_equal(upload->mode, "append")) /* the server takes these whole */
        return false;
    return ctl_option(upload->ctl, "resume") != NULL ||
           ctl_option(upload->ctl, "part-size") != NULL || upload->size > WHOLE_MAX;
}

enum ctl_exit upload_open(struct ctl *ctl, const char *file_name, struct upload *ret_upload)
{
    struct upload upload = {.ctl = ctl, .file_name = file_name, .drawn = -1};
    enum ctl_exit code = read_options(&upload);

    if (code == CTL_OK)
        code = open_file(&upload);
    if (code == CTL_OK)
        *ret_upload = upload;
    return code;
}

void upload_close(struct upload *upload)
{
    if (upload->file != stdin)
        (void)fclose(upload->file);
}

enum ctl_exit run_recipients_upload(struct ctl *ctl)
{
    struct upload upload;
    enum ctl_exit code = upload_open(ctl, ctl->words[1], &upload);

    if (code != CTL_OK)
        return code;
    upload.bar = is_terminal(stderr) && !ctl->json;
    code = wants_parts(&upload) ? upload_in_parts(&upload) : upload_whole(&upload);
    upload_close(&upload);
    return code;
}

enum ctl_exit run_recipients_show(struct ctl *ctl)
{
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "/recipients/");
    path_add(&path, ctl->words[1]);
    code = show_resource(ctl, path.data);
    buf_free(&path);
    return code;
}
