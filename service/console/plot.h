/* plot.h - bars by the hour and a line of their sum, as SVG in the page: no script, styled by the
 * style sheet, with a text alternative and a table of the same numbers. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/time.h"

enum { PLOT_SERIES_MAX = 4, PLOT_HOURS_MAX = 72 };
struct plot {
    const char *id;    /* unique in the page, a word */
    const char *title; /* "Email, by hour" */
    time_ms from;      /* the first hour */
    unsigned hours;    /* 1..PLOT_HOURS_MAX */
    const char *series[PLOT_SERIES_MAX];
    unsigned n_series;
    int64_t values[PLOT_HOURS_MAX][PLOT_SERIES_MAX];
};
/* Stacked bars, the key, and the table in a <details>. */
void plot_bars(struct buf *to, const struct plot *plot);
/* The first series added up, with a line at `goal` (0: none). */
void plot_ramp(struct buf *to, const struct plot *plot, int64_t goal);
