/* recipient.c - what the rest of the program asks of a record it has read. Pure. */

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

const char *recipient_field(const struct recipient *recipient, const char *name)
{
    for (unsigned i = 0; i < recipient->n_fields; i++)
        if (str_equal(recipient->field_names[i], name))
            return recipient->field_values[i];
    return NULL;
}
