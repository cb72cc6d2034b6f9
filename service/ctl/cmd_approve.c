/* cmd_approve.c - approve ID: what would be sent, on the terminal, then the number of people. With
 * --samples every variant's text as files. The approval is of what was shown: its hash goes along.
 */

/* System. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

/* ---- What is shown. ---- */

static const struct column cohort_columns[] = {
    {"jurisdiction", "jurisdiction"},
    {"locale", "language"},
    {"channel", "channel"},
    {"people", "people"},
};
static const struct column variant_columns[] = {
    {"channel", "channel"}, {"group", "group"},   {"locale", "language"},
    {"data_types", "data"}, {"people", "people"}, {"first", "first"},
};
static const struct column reason_columns[] = {{"reason", "not told because"},
                                               {"people", "people"}};
static const struct column lint_columns[] = {
    {"locale", "language"}, {"rule", "rule"}, {"text", "finding"}};
static const struct column approval_columns[] = {
    {"name", "approved by"}, {"at", "at"}, {"valid", "counts"}};
#define TABLE(json, columns) print_list((json), (columns), sizeof(columns) / sizeof((columns)[0]))

static void print_list(struct json_object *items, const struct column *columns, size_t n)
{
    if (items == NULL || json_object_array_length(items) == 0)
        return;
    (void)putchar('\n');
    print_table(items, columns, n);
}

static void print_count(const char *label, int64_t n)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld", (long long)n);
    print_pair(label, text);
}

static void print_warnings(struct json_object *list)
{
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        (void)printf("WARNING: ");
        if (!str_equal(json_get_string(item, "kind"), "test"))
            (void)printf("%lld ", (long long)json_get_int(item, "people", 0));
        print_safe(stdout, json_get_string(item, "text"));
        (void)putchar('\n');
    }
}

static void print_change(struct json_object *item)
{
    struct json_object *lines = json_get(item, "lines");
    struct buf text;

    (void)printf("  ");
    print_safe(stdout, json_get_string(item, "member"));
    (void)putchar('\n');
    for (size_t i = 0; lines != NULL && i < json_object_array_length(lines); i++) {
        struct json_object *line = json_object_array_get_idx(lines, i);

        (void)printf("    %s ", str_or(json_get_string(line, "op"), ""));
        print_safe(stdout, json_get_string(line, "text"));
        (void)putchar('\n');
    }
    if (lines != NULL)
        return;
    buf_init(&text, SIZE_MAX);
    (void)printf("    - ");
    print_safe(stdout, scalar_text(json_get(item, "before"), &text));
    (void)printf("\n    + ");
    print_safe(stdout, scalar_text(json_get(item, "after"), &text));
    (void)putchar('\n');
    buf_free(&text);
}

static void print_changes(struct json_object *changes)
{
    struct json_object *members = json_get(changes, "members");

    if (changes == NULL) {
        (void)puts("\nNothing of this incident was approved before.");
        return;
    }
    (void)printf("\nChanged since the approval of %s; whoever gave it must look again:\n",
                 str_or(json_get_string(changes, "approved_at"), "?"));
    for (size_t i = 0; members != NULL && i < json_object_array_length(members); i++)
        print_change(json_object_array_get_idx(members, i));
}

static void print_money(const char *label, struct json_object *micro, const char *currency)
{
    char text[48] = "unknown";

    if (micro != NULL && currency != NULL) {
        int64_t cents = (json_object_get_int64(micro) + 5000) / 10000;
        (void)snprintf(text, sizeof(text), "%lld.%02d %s", (long long)(cents / 100),
                       (int)(cents % 100), currency);
    }
    print_pair(label, text);
}

static void print_times(struct json_object *times)
{
    for (size_t i = 0; times != NULL && i < json_object_array_length(times); i++) {
        struct json_object *item = json_object_array_get_idx(times, i);
        struct json_object *seconds = json_get(item, "seconds");

        if (json_get_int(item, "messages", 0) == 0)
            continue;
        (void)printf("%-12s ", str_or(json_get_string(item, "channel"), ""));
        if (seconds != NULL)
            (void)printf("sent in about %lld min\n",
                         (long long)(json_object_get_int64(seconds) + 59) / 60);
        else
            (void)puts("time unknown: no rate is configured");
    }
}

static void print_approval(struct json_object *s)
{
    struct json_object *costs = json_get(s, "costs"), *approvals = json_get(s, "approvals");
    const char *currency = json_get_string(costs, "currency");

    print_pair("incident", json_get_string(s, "incident"));
    print_pair("title", json_get_string(s, "title"));
    print_pair("state", json_get_string(s, "state"));
    print_count("people", json_get_int(s, "people", 0));
    print_count("told", json_get_int(s, "goes", 0));
    print_count("not told", json_get_int(s, "unreachable", 0) + json_get_int(s, "withheld", 0));
    print_count("approvals", json_get_int(approvals, "valid", 0));
    print_count("needed", json_get_int(approvals, "required", 1));
    print_money("cost first", json_get(costs, "first_micro"), currency);
    print_money("cost most", json_get(costs, "most_micro"), currency);
    print_times(json_get(s, "times"));
    print_warnings(json_get(s, "warnings"));
    print_changes(json_get(s, "changes"));
    TABLE(json_get(s, "cohorts"), cohort_columns);
    TABLE(json_get(s, "variants"), variant_columns);
    TABLE(json_get(s, "reasons"), reason_columns);
    TABLE(json_get(s, "lint"), lint_columns);
    TABLE(json_get(approvals, "given"), approval_columns);
}

/* ---- Samples as files. ---- */

/* "email~US~en~5~0" -> "DIR/email-US-en-5-0.html": letters, digits and '-' only. */
static void sample_path(struct buf *to, const char *dir, const char *key, const char *suffix)
{
    buf_clear(to);
    (void)buf_printf(to, "%s/", dir);
    for (; *key != '\0'; key++) {
        bool alnum = (*key >= '0' && *key <= '9') || (*key >= 'A' && *key <= 'Z') ||
                     (*key >= 'a' && *key <= 'z');
        (void)buf_putc(to, alnum ? *key : '-');
    }
    (void)buf_puts(to, suffix);
}

static bool write_file(const char *path, const char *const *parts)
{
    FILE *to = fopen(path, "we");
    bool good = to != NULL;

    for (; good && *parts != NULL; parts++)
        good = fputs(*parts, to) >= 0;
    return to != NULL && fclose(to) == 0 && good;
}

static bool write_sample(const char *dir, struct json_object *variant, struct buf *path)
{
    struct json_object *sample = json_get(variant, "sample");
    const char *key = json_get_string(variant, "key"), *html = json_get_string(sample, "html");
    const char *const text[] = {"To: ",        str_or(json_get_string(sample, "to"), ""),
                                "\nSubject: ", str_or(json_get_string(sample, "subject"), ""),
                                "\n\n",        str_or(json_get_string(sample, "text"), ""),
                                "\n",          NULL};
    const char *const page[] = {str_or(html, ""), NULL};

    if (key == NULL)
        return true;
    sample_path(path, dir, key, ".txt");
    if (!write_file(path->data, text))
        return false;
    if (html == NULL)
        return true;
    sample_path(path, dir, key, ".html");
    return write_file(path->data, page);
}

static enum ctl_exit write_samples(const char *dir, struct json_object *variants)
{
    struct buf path;
    bool good = mkdir(dir, 0700) == 0 || errno == EEXIST;
    size_t n = variants == NULL ? 0 : json_object_array_length(variants);

    buf_init(&path, SIZE_MAX);
    (void)buf_puts(&path, dir);
    for (size_t i = 0; good && i < n; i++)
        good = write_sample(dir, json_object_array_get_idx(variants, i), &path);
    enum ctl_exit code =
        good ? CTL_OK : complain(CTL_LOCAL, "%s cannot be written: %s", path.data, strerror(errno));
    if (good)
        (void)printf("\n%zu samples are in %s\n", n, dir);
    buf_free(&path);
    return code;
}

/* ---- The number. ---- */

/* What was typed, "1,234" too; false: no number, or nothing more comes. */
static bool type_number(int64_t *ret)
{
    char line[64], digits[32];
    size_t n = 0;

    (void)printf("\nType the number of people to approve this: ");
    (void)fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    for (const char *at = line; *at != '\0' && n + 1 < sizeof(digits); at++)
        if (strchr(", .'\n\r\t", *at) == NULL)
            digits[n++] = *at;
    digits[n] = '\0';
    return parse_i64(digits, ret) && *ret >= 0;
}

struct approval {
    const char *hash; /* of what was shown; NULL: nothing was */
    bool counted;
    int64_t people, wave;
};

static enum ctl_exit post_approval(struct ctl *ctl, const struct approval *approval)
{
    struct json_object *json = json_object_new_object(), *answer;
    struct buf path, body;
    enum ctl_exit code;

    if (approval->hash != NULL)
        json_object_object_add(json, "hash", json_object_new_string(approval->hash));
    if (approval->counted)
        json_object_object_add(json, "people", json_object_new_int64(approval->people));
    if (approval->wave > 0)
        json_object_object_add(json, "wave", json_object_new_int64(approval->wave));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    incident_path(&path, ctl->words[0], "/approvals");
    code = ask_json(
        ctl,
        &(struct api_request){
            .method = "POST", .path = path.data, .body = body.data, .body_length = body.length},
        &answer);
    if (answer != NULL)
        print_value(answer, 0);
    json_object_put(answer);
    json_object_put(json);
    buf_free(&body);
    buf_free(&path);
    return code;
}

static enum ctl_exit fetch_summary(struct ctl *ctl, int64_t wave, struct json_object **ret)
{
    bool real = ctl_option(ctl, "real") != NULL;
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "/approvals");
    if (real)
        (void)buf_puts(&path, "?people=real");
    if (wave > 0)
        (void)buf_printf(&path, "%cwave=%lld", real ? '&' : '?', (long long)wave);
    code = ask_json(ctl, &(struct api_request){.method = "GET", .path = path.data}, ret);
    buf_free(&path);
    return code;
}

/* Shows, asks, approves what was shown. */
static enum ctl_exit show_and_ask(struct ctl *ctl, struct approval *approval)
{
    const char *dir = ctl_option(ctl, "samples");
    struct json_object *summary;
    enum ctl_exit code = fetch_summary(ctl, approval->wave, &summary);

    if (summary == NULL)
        return code;
    print_approval(summary);
    if (dir != NULL)
        code = write_samples(dir, json_get(summary, "variants"));
    approval->hash = json_get_string(summary, "hash");
    if (code == CTL_OK && ctl_option(ctl, "dry-run") == NULL) {
        if (!approval->counted && !type_number(&approval->people))
            code = complain(CTL_USAGE, "nothing was approved: that is no number of people");
        approval->counted = true;
        if (code == CTL_OK)
            code = post_approval(ctl, approval);
    }
    json_object_put(summary);
    return code;
}

enum ctl_exit run_approve(struct ctl *ctl)
{
    const char *people = ctl_option(ctl, "people"), *wave = ctl_option(ctl, "wave");
    struct approval approval = {.counted = people != NULL};
    bool look = ctl_option(ctl, "samples") != NULL || ctl_option(ctl, "dry-run") != NULL ||
                ctl_option(ctl, "real") != NULL;

    if (people != NULL && (!parse_i64(people, &approval.people) || approval.people < 0))
        return complain(CTL_USAGE, "--people takes the number of people, in digits");
    if (wave != NULL && (!parse_i64(wave, &approval.wave) || approval.wave < 1))
        return complain(CTL_USAGE, "--wave takes the number of a wave");
    if (!ctl->json && (look || (people == NULL && isatty(STDIN_FILENO))))
        return show_and_ask(ctl, &approval);
    if (ctl->json && look) {
        struct json_object *none;
        return fetch_summary(ctl, approval.wave, &none);
    }
    return post_approval(ctl, &approval);
}
