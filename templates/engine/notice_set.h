/* notice_set.h - the inside of a set of notices, for notice_set.c and notice_pack.c. */
#pragma once
#include "tocsin/template.h"

enum { NAME_LENGTH_MAX = 36 };

struct notice_file {
    char kind[NAME_LENGTH_MAX], locale[NAME_LENGTH_MAX];
    char *text;                /* a notice */
    struct json_object *words; /* or words; their kind is "words" */
};
struct notice_set {
    struct notice_file *files;
    unsigned n;
};
