/* sheet_header.c - the names that spreadsheets give to columns, and the column each of them is. The
 * table is the documentation: what stands in it is read, what does not is refused by name. Names
 * are compared without case, blanks and punctuation. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

/* This module. */
#include "service/domain/recipient_members.h"

struct alias {
    const char *name; /* letters and digits only, small */
    const char *column;
};

/* English, then the words that German, French, Spanish and Dutch spreadsheets use. first_name and
 * last_name are joined to name. */
static const struct alias aliases[] = {
    {"id", "recipient_id"},
    {"customerid", "recipient_id"},
    {"customerno", "recipient_id"},
    {"customernumber", "recipient_id"},
    {"clientid", "recipient_id"},
    {"memberid", "recipient_id"},
    {"personid", "recipient_id"},
    {"patientid", "recipient_id"},
    {"employeeid", "recipient_id"},
    {"recordid", "recipient_id"},
    {"recipientno", "recipient_id"},
    {"kundennummer", "recipient_id"},
    {"kundennr", "recipient_id"},
    {"numeroclient", "recipient_id"},
    {"numerodecliente", "recipient_id"},
    {"klantnummer", "recipient_id"},
    {"account", "account_id"},
    {"accountno", "account_id"},
    {"accountnumber", "account_id"},
    {"userid", "account_id"},
    {"username", "account_id"},
    {"login", "account_id"},
    {"fullname", "name"},
    {"displayname", "name"},
    {"customername", "name"},
    {"recipientname", "name"},
    {"firstname", "first_name"},
    {"givenname", "first_name"},
    {"forename", "first_name"},
    {"vorname", "first_name"},
    {"prenom", "first_name"},
    {"nombre", "first_name"},
    {"voornaam", "first_name"},
    {"lastname", "last_name"},
    {"surname", "last_name"},
    {"familyname", "last_name"},
    {"nachname", "last_name"},
    {"nom", "last_name"},
    {"apellido", "last_name"},
    {"apellidos", "last_name"},
    {"achternaam", "last_name"},
    {"emailaddress", "email"},
    {"mail", "email"},
    {"mailaddress", "email"},
    {"primaryemail", "email"},
    {"courriel", "email"},
    {"adressemail", "email"},
    {"correoelectronico", "email"},
    {"phonenumber", "phone"},
    {"phoneno", "phone"},
    {"telephone", "phone"},
    {"telephonenumber", "phone"},
    {"tel", "phone"},
    {"mobile", "phone"},
    {"mobilephone", "phone"},
    {"mobilenumber", "phone"},
    {"cell", "phone"},
    {"cellphone", "phone"},
    {"telefon", "phone"},
    {"handy", "phone"},
    {"telefono", "phone"},
    {"telefoon", "phone"},
    {"address", "address_line1"},
    {"address1", "address_line1"},
    {"addressline", "address_line1"},
    {"line1", "address_line1"},
    {"street", "address_line1"},
    {"streetaddress", "address_line1"},
    {"street1", "address_line1"},
    {"mailingaddress", "address_line1"},
    {"strasse", "address_line1"},
    {"stra\xc3\x9f"
     "e",
     "address_line1"},
    {"adresse", "address_line1"},
    {"rue", "address_line1"},
    {"direccion", "address_line1"},
    {"address2", "address_line2"},
    {"line2", "address_line2"},
    {"street2", "address_line2"},
    {"apt", "address_line2"},
    {"apartment", "address_line2"},
    {"suite", "address_line2"},
    {"unit", "address_line2"},
    {"adresszusatz", "address_line2"},
    {"city", "address_city"},
    {"town", "address_city"},
    {"citytown", "address_city"},
    {"ort", "address_city"},
    {"stadt", "address_city"},
    {"ville", "address_city"},
    {"ciudad", "address_city"},
    {"plaats", "address_city"},
    {"state", "address_region"},
    {"stateprovince", "address_region"},
    {"province", "address_region"},
    {"region", "address_region"},
    {"county", "address_region"},
    {"bundesland", "address_region"},
    {"provincia", "address_region"},
    {"zip", "address_postal_code"},
    {"zipcode", "address_postal_code"},
    {"zippostalcode", "address_postal_code"},
    {"zippostcode", "address_postal_code"},
    {"postalcode", "address_postal_code"},
    {"postcode", "address_postal_code"},
    {"postleitzahl", "address_postal_code"},
    {"plz", "address_postal_code"},
    {"codepostal", "address_postal_code"},
    {"codigopostal", "address_postal_code"},
    {"country", "address_country"},
    {"countrycode", "address_country"},
    {"land", "address_country"},
    {"pays", "address_country"},
    {"pais", "address_country"},
    {"language", "locale"},
    {"lang", "locale"},
    {"preferredlanguage", "locale"},
    {"sprache", "locale"},
    {"langue", "locale"},
    {"idioma", "locale"},
    {"taal", "locale"},
    {"rejectedrow", "rejected_row"}, /* of corrections: the row of the list of rejected rows */
    {"datatype", "data_types"},
    {"exposeddata", "data_types"},
    {"dataexposed", "data_types"},
};

/* Letters and digits, small; bytes above ASCII stay (the accents of the table are few). */
static void squeeze(const char *cell, char to[SHEET_COLUMN_SIZE])
{
    static const struct {
        const char *accent;
        char plain;
    } accents[] = {{"\xc3\xa9", 'e'}, {"\xc3\xa8", 'e'}, {"\xc3\xb3", 'o'},
                   {"\xc3\xad", 'i'}, {"\xc3\xba", 'u'}, {"\xc3\xb1", 'n'}};
    size_t n = 0;
    while (*cell != '\0' && n < SHEET_COLUMN_SIZE - 1) {
        char c = *cell++;
        for (size_t i = 0; i < sizeof(accents) / sizeof(accents[0]); i++) {
            if (c == accents[i].accent[0] && *cell == accents[i].accent[1]) {
                c = accents[i].plain;
                cell++;
                break;
            }
        }
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0)
            to[n++] = c;
    }
    to[n] = '\0';
}

/* A known column that is only written otherwise: "Address Line 1", "recipient-id". */
static bool find_squeezed(const char *squeezed, char to[SHEET_COLUMN_SIZE])
{
    char name[SHEET_COLUMN_SIZE], other[SHEET_COLUMN_SIZE];
    for (const struct member *m = recipient_members; m->name != NULL; m++) {
        squeeze(m->name, other);
        (void)str_copy(name, sizeof(name), m->group);
        if (name[0] != '\0') {
            size_t n = strlen(name);
            (void)str_copy(name + n, sizeof(name) - n, other);
        } else {
            (void)str_copy(name, sizeof(name), other);
        }
        if (str_equal(name, squeezed)) {
            (void)snprintf(to, SHEET_COLUMN_SIZE, "%s%s%s", m->group, m->group[0] ? "_" : "",
                           m->name);
            return true;
        }
    }
    return false;
}

const char *sheet_column_find(const char *cell, char to[SHEET_COLUMN_SIZE])
{
    char squeezed[SHEET_COLUMN_SIZE];
    struct contact_column contact;
    if (member_find_column(cell) != NULL || contact_column_read(&contact, cell) ||
        (str_starts(cell, "fields_") && field_name_check(cell + strlen("fields_"))))
        return str_copy(to, SHEET_COLUMN_SIZE, cell) ? to : NULL;
    squeeze(cell, squeezed);
    if (squeezed[0] == '\0')
        return NULL;
    if (find_squeezed(squeezed, to))
        return to;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (str_equal(aliases[i].name, squeezed))
            return str_copy(to, SHEET_COLUMN_SIZE, aliases[i].column) ? to : NULL;
    return NULL;
}
