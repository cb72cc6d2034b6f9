/* status_page.c - see the header. Every plot has its numbers beside it. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/console/html.h"
#include "service/console/plot.h"
#include "service/console/status_page.h"

#define HOUR_MS INT64_C(3600000)
enum { CHANNELS_MAX = 16 };

static void counts(struct buf *to, struct json_object *people)
{
    static const char *const names[] = {"planned", "told", "unreachable", "withheld"};
    html_raw(to, "<dl>");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        html_f(to, "<dt>%s</dt><dd>", names[i]);
        html_number(to, json_get_int(people, names[i], 0));
        html_raw(to, "</dd>");
    }
    html_raw(to, "</dl>\n");
}

static void told_bar(struct buf *to, struct json_object *people, const char *id)
{
    int64_t planned = json_get_int(people, "planned", 0), told = json_get_int(people, "told", 0);
    if (planned <= 0)
        return;
    html_f(to,
           "<p><label for=\"%s-told\">Told: %lld of %lld</label>"
           "<progress id=\"%s-told\" value=\"%lld\" max=\"%lld\">%lld %%</progress></p>\n",
           id, (long long)told, (long long)planned, id, (long long)told, (long long)planned,
           (long long)(told * 100 / planned));
}

static void permille(struct buf *to, int64_t n)
{
    html_f(to, "%lld.%lld %%", (long long)(n / 10), (long long)(n % 10));
}

static void channels(struct buf *to, struct json_object *ways)
{
    if (!json_object_is_type(ways, json_type_object) || json_object_object_length(ways) == 0)
        return;
    html_raw(to, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"By channel\">"
                 "<table><caption>By channel</caption><thead><tr><th scope=\"col\">Channel</th>"
                 "<th scope=\"col\" class=\"num\">Left</th><th scope=\"col\" class=\"num\">Waiting"
                 "</th><th scope=\"col\" class=\"num\">Failed or returned</th>"
                 "<th scope=\"col\" class=\"num\">Bounce rate</th></tr></thead><tbody>");
    json_object_object_foreach(ways, name, way)
    {
        html_f(to, "<tr><th scope=\"row\">%s</th><td class=\"num\">", name);
        html_number(to, json_get_int(way, "left", 0));
        html_raw(to, "</td><td class=\"num\">");
        html_number(to, json_get_int(way, "waiting", 0));
        html_raw(to, "</td><td class=\"num\">");
        html_number(to, json_get_int(way, "bad", 0));
        html_raw(to, "</td><td class=\"num\">");
        permille(to, json_get_int(way, "bad_permille", 0));
        html_raw(to, "</td></tr>");
    }
    html_raw(to, "</tbody></table></div>\n");
}

/* ---- Plots. ---- */

/* Which of a plot's series a member state belongs to; -1: none. */
static int series_of(const char *state)
{
    static const char *const names[] = {"accepted", "delivered", "failed", "deferred"};
    if (str_equal(state, "displayed") || str_equal(state, "acknowledged"))
        return 1;
    if (str_equal(state, "bounced") || str_equal(state, "returned"))
        return 2;
    for (int i = 0; i < 4; i++)
        if (str_equal(state, names[i]))
            return i;
    return -1;
}

static bool span(struct json_object *hours, time_ms now, struct plot *plot)
{
    size_t n = hours ? json_object_array_length(hours) : 0;
    time_ms first, last = now / HOUR_MS * HOUR_MS;
    const char *text = n ? json_get_string(json_object_array_get_idx(hours, 0), "hour") : NULL;
    if (text == NULL || !time_parse(text, &first) || first > last)
        return false;
    if (last - first >= PLOT_HOURS_MAX * HOUR_MS)
        first = last - (PLOT_HOURS_MAX - 1) * HOUR_MS;
    plot->from = first;
    plot->hours = (unsigned)((last - first) / HOUR_MS) + 1;
    return true;
}

static void fill(struct plot *plot, struct json_object *hours, const char *channel)
{
    memset(plot->values, 0, sizeof plot->values);
    for (size_t i = 0, n = json_object_array_length(hours); i < n; i++) {
        struct json_object *row = json_object_array_get_idx(hours, i);
        int series = series_of(str_or(json_get_string(row, "state"), ""));
        time_ms at;
        if (series < 0 || (channel && !str_equal(json_get_string(row, "channel"), channel)) ||
            !time_parse(str_or(json_get_string(row, "hour"), ""), &at) || at < plot->from)
            continue;
        unsigned hour = (unsigned)((at - plot->from) / HOUR_MS);
        if (hour < plot->hours)
            plot->values[hour][series] += json_get_int(row, "n", 0);
    }
}

static void channel_plots(struct buf *to, struct json_object *wave, struct plot *plot)
{
    struct json_object *ways = json_get(wave, "ways");
    unsigned n = 0;
    if (!json_object_is_type(ways, json_type_object))
        return;
    json_object_object_foreach(ways, name, way)
    {
        struct buf id, title;
        (void)way;
        if (n++ == CHANNELS_MAX)
            break;
        buf_init(&id, 64);
        buf_init(&title, 128);
        buf_printf(&id, "w%lldc%u", (long long)json_get_int(wave, "ordinal", 0), n);
        buf_printf(&title, "%s by the hour", name);
        plot->id = id.data;
        plot->title = title.data;
        fill(plot, json_get(wave, "hours"), name);
        html_f(to, "<h3>%s</h3>\n", plot->title);
        plot_bars(to, plot);
        buf_free(&id);
        buf_free(&title);
    }
}

static void plots(struct buf *to, struct json_object *wave, time_ms now)
{
    struct plot plot = {
        .series = {"Accepted", "Delivered or seen", "Failed or returned", "Delayed"},
        .n_series = 4};
    struct buf id;
    if (!span(json_get(wave, "hours"), now, &plot)) {
        html_raw(to, "<p class=\"soft\">Nothing has left yet.</p>\n");
        return;
    }
    buf_init(&id, 64);
    buf_printf(&id, "w%lldramp", (long long)json_get_int(wave, "ordinal", 0));
    plot.id = id.data;
    plot.title = "Messages accepted so far, over all channels";
    fill(&plot, json_get(wave, "hours"), NULL);
    html_raw(to, "<h3>Ramp</h3>\n");
    plot_ramp(to, &plot, json_get_int(json_get(wave, "people"), "planned", 0));
    channel_plots(to, wave, &plot);
    buf_free(&id);
}

/* ---- A wave. ---- */

static void deadlines(struct buf *to, struct json_object *wave)
{
    struct json_object *list = json_get(wave, "deadlines");
    size_t n = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        bool over = json_get_bool(item, "over", false);
        const char *what = str_or(json_get_string(item, "what"), "");
        if (over)
            html_raw(to, "<div class=\"panel bad\"><p><strong>Over:</strong> ");
        else
            html_raw(to, "<div class=\"panel\"><p>");
        html_f(to, "%s: %s</p></div>\n",
               str_equal(what, "hold_until")      ? "Held until"
               : str_equal(what, "estimated_end") ? "Estimated end"
                                                  : what,
               json_get_string(item, "at"));
    }
}

static void glass(struct buf *to, struct json_object *wave)
{
    struct json_object *glass = json_get(wave, "break_glass");
    if (glass == NULL)
        return;
    if (json_get_string(glass, "reviewed_by") != NULL)
        html_f(to,
               "<div class=\"panel\"><p>Released by one person alone; reviewed by %s.</p></div>\n",
               json_get_string(glass, "reviewed_by"));
    else
        html_f(to,
               "<div class=\"panel bad\" role=\"alert\"><p><strong>Released by one person "
               "alone</strong> "
               "at %s. Another person must review it: tocsin review.</p></div>\n",
               json_get_string(glass, "at"));
}

/* What brakes the wave now, where something does. */
static void brakes(struct buf *to, struct json_object *wave)
{
    struct json_object *brakes = json_get(wave, "brakes");
    const char *waits = json_get_string(brakes, "waits_for");
    const char *stage = json_get_string(brakes, "stage");
    if (waits != NULL || stage != NULL)
        html_f(to, "<div class=\"panel%s\"><p>Brakes: %s%s%s%s%s</p></div>\n",
               waits != NULL ? " warn" : "", str_or(stage, "open"),
               waits != NULL ? "; waits for " : "", str_or(waits, ""),
               json_get_string(brakes, "next_at") != NULL ? " until " : "",
               str_or(json_get_string(brakes, "next_at"), ""));
}

static void wave(struct buf *to, const struct status_page *page, struct json_object *item)
{
    struct buf id;
    buf_init(&id, 64);
    buf_printf(&id, "w%lld", (long long)json_get_int(item, "ordinal", 0));
    html_f(to, "<h2>Wave %lld: %s</h2>\n", (long long)json_get_int(item, "ordinal", 0),
           json_get_string(item, "state"));
    glass(to, item);
    brakes(to, item);
    deadlines(to, item);
    told_bar(to, json_get(item, "people"), id.data);
    counts(to, json_get(item, "people"));
    html_f(to,
           "<p>Leaving now: %lld a minute. <a href=\"/console/incidents/%s/waves/%lld/approval\">"
           "What was approved</a></p>\n",
           (long long)json_get_int(item, "rate_per_minute", 0),
           json_get_string(page->progress, "id"), (long long)json_get_int(item, "ordinal", 0));
    channels(to, json_get(item, "ways"));
    plots(to, item, page->now);
    buf_free(&id);
}

void status_page_write(struct buf *to, const struct status_page *page)
{
    struct json_object *p = page->progress, *waves = json_get(p, "waves");
    html_f(to, "<h1>%s</h1>\n<dl><dt>State</dt><dd>%s%s</dd><dt>As of</dt><dd>%s</dd></dl>\n",
           str_or(json_get_string(p, "title"), "An incident"), json_get_string(p, "state"),
           json_get_bool(p, "test", false) ? " (a test)" : "", json_get_string(p, "at"));
    html_raw(to,
             page->reloading
                 ? "<p class=\"no-script\">This page reloads every 15 seconds. "
                   "<a href=\"?\">Stop that</a></p>\n"
                 : "<p class=\"no-script\"><a href=\"?live=1\">Reload every 15 seconds</a></p>\n");
    for (size_t i = 0; waves && i < json_object_array_length(waves) && i < 20; i++)
        wave(to, page, json_object_array_get_idx(waves, i));
}
