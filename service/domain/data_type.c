/* data_type.c - the closed list of what may have leaked, by name. Pure; -1 for a name not in it. */

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

static const char *const names[DATA_TYPES_N] = {
    [DATA_NAME] = "name",
    [DATA_POSTAL_ADDRESS] = "postal_address",
    [DATA_EMAIL] = "email",
    [DATA_PHONE] = "phone",
    [DATA_DATE_OF_BIRTH] = "date_of_birth",
    [DATA_SSN] = "ssn",
    [DATA_GOVERNMENT_ID] = "government_id",
    [DATA_DRIVERS_LICENSE] = "drivers_license",
    [DATA_PASSPORT] = "passport",
    [DATA_TAX_ID] = "tax_id",
    [DATA_PAYMENT_CARD] = "payment_card",
    [DATA_BANK_ACCOUNT] = "bank_account",
    [DATA_CREDENTIALS] = "credentials",
    [DATA_THIRD_PARTY_CREDENTIALS] = "third_party_credentials",
    [DATA_SECURITY_ANSWERS] = "security_answers",
    [DATA_HEALTH] = "health",
    [DATA_INSURANCE] = "insurance",
    [DATA_BIOMETRIC] = "biometric",
    [DATA_GENETIC] = "genetic",
    [DATA_LOCATION] = "location",
    [DATA_MESSAGES] = "messages",
    [DATA_FILES] = "files",
    [DATA_CONTACTS] = "contacts",
    [DATA_CALENDAR] = "calendar",
    [DATA_CRM_RECORDS] = "crm_records",
    [DATA_OTHER] = "other",
    [DATA_PASSWORD_PLAINTEXT] = "password_plaintext",
    [DATA_PASSWORD_HASH] = "password_hash",
    [DATA_IBAN] = "iban",
    [DATA_NATIONAL_ID] = "national_id",
};

const char *data_type_name(enum data_type type)
{
    return (unsigned)type < DATA_TYPES_N ? names[type] : "unknown";
}

int data_type_find(const char *name)
{
    for (int i = 0; i < DATA_TYPES_N; i++)
        if (str_equal(names[i], name))
            return i;
    return -1;
}
