/* assets.c - see the header; the bytes come from embed.cmake. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/console/assets.h"
#include "service/console/embedded.h"

const struct asset *asset_find(const char *name)
{
    static struct asset assets[] = {
        {"console.css", "text/css; charset=utf-8", console_css, 0},
        {"console.js", "text/javascript; charset=utf-8", console_js, 0},
    };
    assets[0].length = console_css_length;
    assets[1].length = console_js_length;
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        if (str_equal(assets[i].name, name))
            return &assets[i];
    return NULL;
}
