/* cmd_status.c - status ID [--watch]: how far it has come, added up over the waves.
 *
 * Once: a table. Watched on a terminal: the table, redrawn in place; into a pipe: one line for each
 * change. Ends when every wave has settled or was canceled. A server that cannot be reached for a
 * moment does not end the watch; after a minute it does. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/clock.h"

/* This module. */
#include "service/ctl/commands.h"
#include "service/ctl/summary.h"

enum { LOST_MAX_MS = 60000 };

struct watch {
    struct ctl *ctl;
    bool terminal;
    unsigned lines;  /* drawn the last time */
    struct buf last; /* the last line printed into a pipe */
    int64_t lost_ms;
    int64_t interval_ms;
};

/* Of what has left: what failed, bounced or came back. Nothing while nothing has left. */
static void print_bounces(struct json_object *counts)
{
    int64_t left = 0, bad = 0;

    json_object_object_foreach(counts, state, value)
    {
        int64_t n = json_object_get_int64(value);
        if (str_equal(state, "failed") || str_equal(state, "bounced") ||
            str_equal(state, "returned"))
            bad += n;
        if (!str_equal(state, "pending") && !str_equal(state, "deferred") &&
            !str_equal(state, "canceled"))
            left += n;
    }
    if (left > 0)
        (void)printf(" bounce rate %lld.%lld %%", (long long)(bad * 100 / left),
                     (long long)(bad * 1000 / left % 10));
}

static unsigned print_counts(const struct summary *s)
{
    unsigned lines = 1;
    struct buf cell;

    buf_init(&cell, SIZE_MAX);
    json_object_object_foreach(s->channels, channel, counts)
    {
        (void)printf("%-12s ", channel);
        json_object_object_foreach(counts, key, value)
        {
            print_safe(stdout, key);
            (void)printf(" %s  ", scalar_text(value, &cell));
        }
        print_bounces(counts);
        (void)putchar('\n');
        lines++;
    }
    (void)printf("%-12s ", "people");
    json_object_object_foreach(s->people, key, value)
    {
        print_safe(stdout, key);
        (void)printf(" %s  ", scalar_text(value, &cell));
    }
    (void)putchar('\n');
    buf_free(&cell);
    return lines;
}

/* Prints the table; returns how many lines it has. */
static unsigned print_summary(const struct summary *s)
{
    char text[96];
    unsigned lines = 3;

    print_pair("incident", s->id);
    (void)printf("%-12s ", "title");
    print_safe(stdout, str_or(s->title, "-"));
    (void)printf("\n%-12s %s%s\n", "state", s->state, s->test ? " (test)" : "");
    if (s->roster[0] != '\0') {
        print_pair("roster", s->roster);
        lines++;
    }
    lines += print_counts(s);
    if (s->hold_until != NULL) {
        print_pair("held until", s->hold_until);
        lines++;
    }
    if (s->alone) {
        print_pair("ALARM", "released by one person alone; have another review it: tocsin review");
        lines++;
    }
    if (summary_pace(s, clock_now(clock_system()), text, sizeof(text))) {
        print_pair("pace", text);
        lines++;
    }
    for (unsigned i = 0; i < s->n_brakes; i++)
        print_pair("brakes", s->brakes[i]);
    return lines + s->n_brakes;
}

static void print_line(struct watch *w, const struct summary *s)
{
    struct buf line;

    buf_init(&line, SIZE_MAX);
    (void)buf_printf(&line, "state=%s", s->state);
    json_object_object_foreach(s->people, key, value)
    {
        (void)buf_printf(&line, " %s=%lld", key, (long long)json_object_get_int64(value));
    }
    if (!str_equal(line.data, w->last.data)) {
        print_safe(stdout, line.data);
        (void)putchar('\n');
        (void)fflush(stdout);
        buf_clear(&w->last);
        (void)buf_puts(&w->last, line.data);
    }
    buf_free(&line);
}

static void draw(struct watch *w, const struct summary *s)
{
    if (!w->terminal) {
        print_line(w, s);
        return;
    }
    if (w->lines > 0)
        (void)printf("\x1b[%uA\x1b[J", w->lines); /* up, and clear to the end: ECMA-48 CUU, ED */
    w->lines = print_summary(s);
    (void)fflush(stdout);
}

static enum ctl_exit fetch(struct ctl *ctl, struct json_object **ret_json)
{
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "");
    code = ask_json(ctl, &(struct api_request){.method = "GET", .path = path.data}, ret_json);
    buf_free(&path);
    return code;
}

/* One look. *ret_done: nothing will change any more. */
static enum ctl_exit look(struct watch *w, bool *ret_done)
{
    struct json_object *incident;
    struct summary summary;
    enum ctl_exit code = fetch(w->ctl, &incident);

    if (code != CTL_OK)
        return code;
    if (incident == NULL || !summary_read(&summary, incident)) {
        json_object_put(incident);
        return complain(CTL_SERVER, "the server's answer is no incident");
    }
    draw(w, &summary);
    *ret_done = summary.settled;
    summary_free(&summary);
    json_object_put(incident);
    return CTL_OK;
}

static bool worth_waiting(struct watch *w, enum ctl_exit code)
{
    if (code != CTL_UNREACHABLE && code != CTL_SERVER)
        return false;
    w->lost_ms += w->interval_ms;
    w->lines = 0; /* the complaint stands there now */
    return w->lost_ms < LOST_MAX_MS;
}

static enum ctl_exit watch(struct watch *w)
{
    for (;;) {
        bool done = false;
        enum ctl_exit code = look(w, &done);

        if (code == CTL_OK)
            w->lost_ms = 0;
        else if (!worth_waiting(w, code))
            return code;
        if (done)
            return CTL_OK;
        pause_ms(w->interval_ms);
    }
}

static enum ctl_exit show_once(struct ctl *ctl)
{
    struct json_object *incident;
    struct summary summary;
    enum ctl_exit code = fetch(ctl, &incident);

    if (incident == NULL)
        return code;
    if (summary_read(&summary, incident)) {
        (void)print_summary(&summary);
        summary_free(&summary);
    } else {
        code = complain(CTL_SERVER, "the server's answer is no incident");
    }
    json_object_put(incident);
    return code;
}

enum ctl_exit run_status(struct ctl *ctl)
{
    const char *interval = ctl_option(ctl, "interval");
    struct watch w = {.ctl = ctl, .terminal = is_terminal(stdout), .interval_ms = 2000};
    int64_t seconds;
    enum ctl_exit code;

    if (ctl_option(ctl, "watch") == NULL)
        return show_once(ctl);
    if (ctl->json)
        return complain(CTL_USAGE,
                        "--watch and --json do not go together: call status --json again "
                        "and again instead");
    if (interval != NULL) {
        if (!parse_i64(interval, &seconds) || seconds < 1 || seconds > 3600)
            return complain(CTL_USAGE, "--interval takes 1 to 3600 seconds");
        w.interval_ms = seconds * 1000;
    }
    buf_init(&w.last, SIZE_MAX);
    code = watch(&w);
    buf_free(&w.last);
    return code;
}
