/* difference.h - what changed between two documents of an approval, for a person to read. Pure. */
#pragma once
#include "base/json.h"

/* [{"member": "sender.email.from.address", "before": "...", "after": "..."}], in the order of the
 * names; texts of several lines have "lines": [{"op": "+"|"-"|" "|"~", "text"}] instead ("~": lines
 * left out). before or after null: it was not there. At most 500 entries, then {"member": "more"}.
 * The caller puts it. */
struct json_object *difference_make(struct json_object *before, struct json_object *after);
/* The members at the top that differ: "sender, texts"; "" when nothing does. Cut when too long. */
void difference_names(struct json_object *before, struct json_object *after, char *to, size_t size);
/* Lines of two texts, with three lines of context around what differs. The caller puts it. */
struct json_object *difference_lines(const char *before, const char *after);
