/* assets.h - the static files of the pages, embedded at build time from static/. */
#pragma once
#include <stddef.h>

struct asset {
    const char *name; /* "console.css" */
    const char *type;
    const unsigned char *bytes;
    size_t length;
};
/* NULL: there is none. */
const struct asset *asset_find(const char *name);
