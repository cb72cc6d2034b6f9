/* plot.c - see the header. Coordinates are whole pixels of a 400 x 170 view, which scales. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/console/html.h"
#include "service/console/plot.h"

enum { WIDTH = 400, HEIGHT = 170, LEFT = 48, RIGHT = 8, TOP = 12, BOTTOM = 28 };
enum { SPAN_X = WIDTH - LEFT - RIGHT, SPAN_Y = HEIGHT - TOP - BOTTOM };

static int64_t sum_of(const struct plot *plot, unsigned hour)
{
    int64_t sum = 0;
    for (unsigned s = 0; s < plot->n_series; s++)
        sum += plot->values[hour][s];
    return sum;
}

/* 1, 2 or 5 times a power of ten, so that the axis ends at a round number. */
static int64_t round_up(int64_t value)
{
    int64_t step = 1;
    while (step < INT64_MAX / 100) {
        if (value <= step)
            return step;
        if (value <= 2 * step)
            return 2 * step;
        if (value <= 5 * step)
            return 5 * step;
        step *= 10;
    }
    return value;
}

static int y_of(int64_t value, int64_t top)
{
    return TOP + SPAN_Y - (int)((double)value * SPAN_Y / (double)top);
}

/* "14:00" (UTC), from RFC 3339 text. */
static void hour_text(char to[6], time_ms at)
{
    char text[TIME_TEXT_SIZE];
    time_format(text, at);
    for (int i = 0; i < 5; i++)
        to[i] = text[11 + i];
    to[5] = 0;
}

static void frame(struct buf *to, const struct plot *plot, int64_t top, const char *what)
{
    char hour[6];
    html_f(to,
           "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">"
           "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>",
           WIDTH, HEIGHT, plot->id, plot->id, plot->id, plot->title, plot->id, what);
    html_f(to, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", LEFT, TOP + SPAN_Y,
           WIDTH - RIGHT, TOP + SPAN_Y);
    html_f(to, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", LEFT, TOP, LEFT,
           TOP + SPAN_Y);
    html_f(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 4, TOP + 8);
    html_number(to, top);
    html_f(to, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>", LEFT - 4,
           TOP + SPAN_Y);
    const unsigned every = plot->hours > 48 ? 12 : plot->hours > 24 ? 6 : plot->hours > 8 ? 4 : 1;
    for (unsigned h = 0; h < plot->hours; h += every) {
        hour_text(hour, plot->from + h * INT64_C(3600000));
        html_f(to, "<text x=\"%d\" y=\"%d\">%s</text>", LEFT + (int)(h * SPAN_X / plot->hours),
               HEIGHT - 8, hour);
    }
}

static void table(struct buf *to, const struct plot *plot)
{
    char text[TIME_TEXT_SIZE];
    html_f(to,
           "<details><summary>%s: the numbers</summary><div class=\"scroll\" tabindex=\"0\" "
           "role=\"region\" aria-label=\"%s: the numbers\">"
           "<table><caption>%s (hours of UTC)</caption><thead><tr><th scope=\"col\">Hour</th>",
           plot->title, plot->title, plot->title);
    for (unsigned s = 0; s < plot->n_series; s++)
        html_f(to, "<th scope=\"col\" class=\"num\">%s</th>", plot->series[s]);
    html_raw(to, "</tr></thead><tbody>");
    for (unsigned h = 0; h < plot->hours; h++) {
        if (sum_of(plot, h) == 0)
            continue;
        time_format(text, plot->from + h * INT64_C(3600000));
        text[16] = 0;
        html_f(to, "<tr><th scope=\"row\">%s</th>", text);
        for (unsigned s = 0; s < plot->n_series; s++) {
            html_raw(to, "<td class=\"num\">");
            html_number(to, plot->values[h][s]);
            html_raw(to, "</td>");
        }
        html_raw(to, "</tr>");
    }
    html_raw(to, "</tbody></table></div></details>\n");
}

static void key(struct buf *to, const struct plot *plot)
{
    html_raw(to, "<ul class=\"key\">");
    for (unsigned s = 0; s < plot->n_series; s++)
        html_f(to,
               "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"bar-%u\" "
               "width=\"10\" height=\"10\"/></svg> %s</li>",
               s + 1, plot->series[s]);
    html_raw(to, "</ul>\n");
}

void plot_bars(struct buf *to, const struct plot *plot)
{
    int64_t most = 1, all = 0;
    for (unsigned h = 0; h < plot->hours; h++) {
        most = sum_of(plot, h) > most ? sum_of(plot, h) : most;
        all += sum_of(plot, h);
    }
    const int64_t top = round_up(most);
    frame(to, plot, top,
          all ? "Bars by the hour; the table below has the numbers." : "Nothing has happened yet.");
    for (unsigned h = 0; h < plot->hours; h++) {
        int x = LEFT + 1 + (int)(h * SPAN_X / plot->hours);
        int width = (int)((h + 1) * SPAN_X / plot->hours) - (int)(h * SPAN_X / plot->hours) - 1;
        int64_t below = 0;
        for (unsigned s = 0; s < plot->n_series; s++) {
            int low = y_of(below, top), high = y_of(below + plot->values[h][s], top);
            below += plot->values[h][s];
            if (low > high)
                html_f(to, "<rect class=\"bar-%u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                       s + 1, x, high, width > 0 ? width : 1, low - high);
        }
    }
    html_raw(to, "</svg>\n");
    key(to, plot);
    table(to, plot);
}

void plot_ramp(struct buf *to, const struct plot *plot, int64_t goal)
{
    int64_t sum = 0, most = goal > 0 ? goal : 1;
    for (unsigned h = 0; h < plot->hours; h++)
        sum += plot->values[h][0];
    most = sum > most ? sum : most;
    const int64_t top = round_up(most);
    frame(to, plot, top, "A line that grows by the hour; the tables have the numbers.");
    if (goal > 0)
        html_f(to, "<line class=\"goal\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", LEFT,
               y_of(goal, top), WIDTH - RIGHT, y_of(goal, top));
    html_f(to, "<polyline class=\"ramp\" points=\"%d,%d", LEFT, TOP + SPAN_Y);
    sum = 0;
    for (unsigned h = 0; h < plot->hours; h++) {
        sum += plot->values[h][0];
        html_f(to, " %d,%d", LEFT + (int)((h + 1) * SPAN_X / plot->hours), y_of(sum, top));
    }
    html_raw(to, "\"/></svg>\n");
}
