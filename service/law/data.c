/* data.c - the data types of an incident as the rules speak of them, and the names that other
 * places give to the same thing. Pure. */
/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/law/law_private.h"

static const struct {
    const char *other, *name;
} also[] = {
    {"driver_licence", "drivers_license"},
    {"driver_license", "drivers_license"},
    {"drivers_licence", "drivers_license"},
    {"cpf", "national_id"},
    {"nric", "national_id"},
    {"aadhaar", "national_id"},
    {"rrn", "national_id"},
    {"my_number", "national_id"},
    {"id_number", "national_id"},
    {"sin", "national_id"},
    {"bank_details", "bank_account"},
    {"password", "credentials"},
    {"medical", "health"},
    {"address", "postal_address"},
};

const char *law_data_name(unsigned i)
{
    return i < DATA_TYPES_N ? data_type_name((enum data_type)i) : NULL;
}

int law_data_find(const char *name)
{
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        if (str_equal(also[i].other, name))
            name = also[i].name;
    return name == NULL ? -1 : data_type_find(name);
}

uint64_t law_data_bit(const char *name)
{
    int i = law_data_find(name);
    return i < 0 ? 0 : UINT64_C(1) << i;
}
