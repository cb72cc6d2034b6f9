/* json_gate.h - the strict gate in front of json-c. Pure, thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* What a text was found to be; positions count bytes from 0. */
struct json_gate {
    size_t start, end;   /* of the value, without the blanks around it */
    size_t members;      /* of all objects in it, twice-named ones counted twice */
    size_t problem_at;   /* when refused: where */
    const char *problem; /* when refused: what, as "a comma or the end of the list is missing" */
};
/* Whether the text is one JSON value (RFC 8259) within the bounds that json.h names. */
bool json_gate_pass(const char *text, size_t length, struct json_gate *ret_gate);
