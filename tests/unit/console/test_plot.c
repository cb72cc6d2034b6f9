/* test_plot.c - plots stay inside their frame and have their numbers beside them. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/console/plot.h"

/* If this fails, bars leave the picture, or somebody who cannot see it learns less. */
static void bars_fit_and_are_told(void **state)
{
    struct plot plot = {.id = "p",
                        .title = "Mail & more",
                        .hours = 3,
                        .series = {"Accepted", "Failed"},
                        .n_series = 2,
                        .values = {{1000, 5}, {0, 0}, {987654321, 1}}};
    struct buf to;
    int x, y, width, height, bars = 0;
    (void)state;
    buf_init(&to, 1 << 20);
    plot_bars(&to, &plot);
    plot_ramp(&to, &plot, 2000000000);
    for (const char *at = to.data; (at = strstr(at, "<rect class=\"bar-")) != NULL; at++) {
        unsigned series;
        if (sscanf(at, "<rect class=\"bar-%u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"",
                   &series, &x, &y, &width, &height) != 5)
            continue; /* of the key */
        assert_in_range(x, 0, 400 - width);
        assert_in_range(y, 0, 170 - height);
        bars++;
    }
    assert_in_range(bars, 1, 6); /* those of a pixel or more */
    assert_non_null(strstr(to.data, "role=\"img\""));
    assert_non_null(strstr(to.data, "<title id=\"p-t\">Mail &amp; more</title>"));
    assert_non_null(strstr(to.data, "987,654,321"));
    assert_non_null(strstr(to.data, "1970-01-01T02:00"));
    assert_null(strstr(to.data, "1970-01-01T01:00")); /* nothing happened */
    assert_null(strstr(to.data, "style="));
    buf_free(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bars_fit_and_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
