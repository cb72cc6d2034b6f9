/* sender.h - the return address on a letter, as the configuration gives it, and shared address
 * helpers. */
#pragma once
#include <cyaml/cyaml.h>

#include "tocsin/channel.h"

struct sender {
    char *name, *line1, *line2, *city, *region, *postal_code, *country;
};
extern const struct cyaml_schema_field sender_fields[];

enum result sender_check(const struct sender *sender, struct error *error);
void sender_copy(struct sender *to, const struct sender *from);
void sender_free(struct sender *sender);

/* Code points of a text, 0 for NULL. */
size_t text_points(const char *text);
/* RESULT_INVALID for `field` when the text is longer than `max` code points. */
enum result length_check(const char *text, size_t max, const char *field, struct error *error);
