/* data.c - the data types that the rules speak of: those of an incident, and those that the law
 * tells apart; with the names that other places give to the same thing. Pure. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

static const char *const names[] = {
    "name",
    "postal_address",
    "email",
    "phone",
    "date_of_birth",
    "ssn",
    "government_id",
    "drivers_license",
    "passport",
    "tax_id",
    "payment_card",
    "bank_account",
    "credentials",
    "third_party_credentials",
    "security_answers",
    "health",
    "insurance",
    "biometric",
    "genetic",
    "location",
    "messages",
    "files",
    "contacts",
    "calendar",
    "crm_records",
    "other",
    "password_plaintext",
    "password_hash",
    "iban",
    "national_id",
    NULL,
};
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
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

int law_data_find(const char *name)
{
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        if (str_equal(also[i].other, name))
            name = also[i].name;
    for (int i = 0; name != NULL && names[i] != NULL; i++)
        if (str_equal(names[i], name))
            return i;
    return -1;
}

uint64_t law_data_bit(const char *name)
{
    int i = law_data_find(name);
    return i < 0 ? 0 : UINT64_C(1) << i;
}
