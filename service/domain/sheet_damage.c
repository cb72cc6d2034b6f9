/* sheet_damage.c - what spreadsheets do to cells, recognised by the traces: error values, ####,
 * numbers in place of text, leading zeros lost, dates turned into days since 1900, text decoded
 * twice. A repair is made only where something in the record proves it; else the field is damaged
 * and its person is kept without it. No reason repeats a value. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

static enum cell_verdict damaged(struct cell_fix *fix, const char *reason)
{
    fix->reason = reason;
    return CELL_DAMAGED;
}

static enum cell_verdict repaired(struct cell_fix *fix, const char *reason)
{
    fix->reason = reason;
    return CELL_REPAIRED;
}

static bool all_of(const char *text, const char *set)
{
    return *text != '\0' && text[strspn(text, set)] == '\0';
}

/* Excel's and LibreOffice's error values; "Err:502". */
static bool is_error_value(const char *text)
{
    static const char *const values[] = {
        "#N/A",    "#REF!",  "#VALUE!", "#DIV/0!", "#NAME?",    "#NULL!",       "#NUM!",
        "#SPILL!", "#CALC!", "#FIELD!", "#BUSY!",  "#BLOCKED!", "#GETTING_DATA"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (str_equal_nocase(text, values[i]))
            return true;
    return str_starts(text, "Err:5") && strlen(text) == 7;
}

/* 1.4156E+10, 1,4156E+10, 14156E+05: digits were thrown away. */
static bool is_scientific(const char *text)
{
    size_t n = strspn(text, "+-"), digits = strspn(text + n, "0123456789.,");
    const char *e = text + n + digits;
    if (n > 1 || digits == 0 || (*e != 'E' && *e != 'e'))
        return false;
    e++;
    if (*e == '+' || *e == '-')
        e++;
    return all_of(e, "0123456789") && strlen(e) <= 3;
}

static enum cell_verdict judge_text(struct slice cell, struct cell_fix *fix)
{
    const char *at = cell.data;
    if (at[0] == '#' || at[0] == 'E') {
        if (is_error_value(at))
            return damaged(fix, "The spreadsheet wrote an error value here: correct its formula.");
        if (cell.length >= 3 && all_of(at, "#"))
            return damaged(fix, "The column was too narrow (####): widen it and export again.");
    }
    for (size_t i = 0; i < cell.length; i++) {
        if ((at[i] & 0x80) == 0)
            continue;
        if (strstr(at + i, "\xef\xbf\xbd") != NULL)
            return damaged(fix, "A character was lost (U+FFFD) when the file was converted.");
        if (western_undo(at, cell.length, fix->text, sizeof(fix->text)))
            return repaired(fix, "UTF-8 had been read as windows-1252: undone.");
        break;
    }
    return CELL_SOUND;
}

/* ---- Telephones. ---- */

/* Area code and exchange of the North American plan begin with 2..9 (NANPA). */
static bool is_nanp(const char *ten)
{
    return ten[0] >= '2' && ten[3] >= '2';
}

static bool in_nanp(const char *country)
{
    return country != NULL &&
           (str_equal(country, "US") || str_equal(country, "CA") || str_equal(country, "PR"));
}

/* Digits alone, a leading + kept; false: something else is in it. */
static bool digits_of(struct slice cell, char to[24])
{
    size_t n = 0;
    for (size_t i = 0; i < cell.length; i++) {
        char c = cell.data[i];
        if (strchr(" .-()/", c) != NULL)
            continue;
        if (!((c >= '0' && c <= '9') || (c == '+' && n == 0)) || n == 20)
            return false;
        to[n++] = c;
    }
    to[n] = '\0';
    return n > 0;
}

static enum cell_verdict judge_phone(struct slice cell, const char *country, struct cell_fix *fix)
{
    char digits[24];
    size_t n;
    if (address_check_phone(cell.data))
        return CELL_SOUND;
    if (is_scientific(cell.data))
        return damaged(fix, "The spreadsheet made a number of it and lost digits (like 1.4E+10): "
                            "format the column as text.");
    if (!digits_of(cell, digits))
        return CELL_SOUND;
    n = strlen(digits);
    if (digits[0] == '+' && address_check_phone(digits)) {
        (void)str_copy(fix->text, sizeof(fix->text), digits);
        return repaired(fix, "Blanks and punctuation were taken out.");
    }
    if (in_nanp(country) &&
        ((n == 10 && is_nanp(digits)) || (n == 11 && digits[0] == '1' && is_nanp(digits + 1)))) {
        (void)snprintf(fix->text, sizeof(fix->text), "%s%s", n == 10 ? "+1" : "+", digits);
        return repaired(fix, "The country code was missing: it is that of the address.");
    }
    return CELL_SOUND; /* the rule of the field says what is wrong */
}

/* ---- Days, countries, languages. ---- */

static enum cell_verdict judge_time(struct slice cell, struct cell_fix *fix)
{
    if (cell.length >= 4 && cell.length <= 16 && all_of(cell.data, "0123456789.,"))
        return damaged(fix, "The spreadsheet made a number of the date (days since 1900 or 1904): "
                            "format the column as 2026-11-23.");
    return CELL_SOUND;
}

static enum cell_verdict judge_country(struct slice cell, struct cell_fix *fix)
{
    const char *code = country_find(cell.data);
    if (code == NULL || str_equal(code, cell.data))
        return CELL_SOUND;
    (void)str_copy(fix->text, sizeof(fix->text), code);
    return repaired(fix, "The name of the country was written as its ISO 3166-1 code.");
}

static enum cell_verdict judge_locale(struct slice cell, struct cell_fix *fix)
{
    static const struct {
        const char *word, *tag;
    } words[] = {{"english", "en"},    {"spanish", "es"},  {"espanol", "es"},  {"german", "de"},
                 {"deutsch", "de"},    {"french", "fr"},   {"italian", "it"},  {"portuguese", "pt"},
                 {"dutch", "nl"},      {"polish", "pl"},   {"chinese", "zh"},  {"japanese", "ja"},
                 {"vietnamese", "vi"}, {"tagalog", "tl"},  {"korean", "ko"},   {"russian", "ru"},
                 {"en_us", "en-US"},   {"en_gb", "en-GB"}, {"es_us", "es-US"}, {"es_mx", "es-MX"},
                 {"de_de", "de-DE"},   {"fr_fr", "fr-FR"}, {"fr_ca", "fr-CA"}, {"pt_br", "pt-BR"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_equal_nocase(cell.data, words[i].word)) {
            (void)str_copy(fix->text, sizeof(fix->text), words[i].tag);
            return repaired(fix, "The language was written as its BCP 47 tag.");
        }
    }
    return CELL_SOUND;
}

enum cell_verdict sheet_cell_judge(enum cell_kind kind, struct slice cell, const char *country,
                                   struct cell_fix *fix)
{
    enum cell_verdict verdict = judge_text(cell, fix);
    if (verdict != CELL_SOUND)
        return verdict;
    switch (kind) {
    case CELL_ID:
        if (is_scientific(cell.data))
            return damaged(fix, "The spreadsheet made a number of it and lost digits (like "
                                "1.2E+12): format the column as text.");
        break;
    case CELL_PHONE:
        return judge_phone(cell, country, fix);
    case CELL_TIME:
        return judge_time(cell, fix);
    case CELL_COUNTRY:
        return judge_country(cell, fix);
    case CELL_LOCALE:
        return judge_locale(cell, fix);
    case CELL_TEXT:
        break;
    }
    return CELL_SOUND;
}

/* ---- Postal codes. ---- */

/* The state that the address names, or the jurisdiction. */
static const char *state_of(const struct recipient *r)
{
    const char *state = us_state_find(r->address.region);
    if (state == NULL && r->jurisdiction != NULL && str_starts(r->jurisdiction, "US-"))
        state = us_state_find(r->jurisdiction + 3);
    return state;
}

static bool is_us(const struct recipient *r)
{
    if (r->address.country != NULL)
        return str_equal(r->address.country, "US");
    return r->jurisdiction != NULL && str_starts(r->jurisdiction, "US-");
}

/* Five digits, or nine: what was cut off in front were zeros. */
static enum cell_verdict judge_zip(const struct recipient *r, struct cell_fix *fix)
{
    const char *code = r->address.postal_code, *state = state_of(r);
    size_t n = strlen(code), full = n <= 5 ? 5 : 9;
    char zip[12];
    if (!all_of(code, "0123456789") || n == full || n < 3 || n > 9 || n == 6)
        return all_of(code, "0123456789") && n != 5 && n != 9
                   ? damaged(fix, "It has not the digits of a ZIP code: correct it.")
                   : CELL_SOUND;
    (void)snprintf(zip, sizeof(zip), "%.*s%s", (int)(full - n), "00", code);
    unsigned prefix = (unsigned)((zip[0] - '0') * 100 + (zip[1] - '0') * 10 + (zip[2] - '0'));
    if (state == NULL || !us_zip_prefix_is(prefix, state))
        return damaged(fix, "It lost digits (a leading zero?), and the state does not prove which: "
                            "format the column as text.");
    (void)snprintf(fix->text, sizeof(fix->text), "%.5s%s%s", zip, full == 9 ? "-" : "", zip + 5);
    return repaired(fix, "It had lost its leading zero: the state proves it.");
}

/* Countries whose postal codes have five digits, the first of which may be 0. */
static bool has_five_digits(const char *country)
{
    static const char *const five[] = {"DE", "FR", "IT", "ES", "FI", "EE", "HR", "MX", "TR"};
    for (size_t i = 0; i < sizeof(five) / sizeof(five[0]); i++)
        if (str_equal(five[i], country))
            return true;
    return false;
}

enum cell_verdict sheet_postal_judge(const struct recipient *r, struct cell_fix *fix)
{
    const char *code = r->address.postal_code;
    if (code == NULL)
        return CELL_SOUND;
    if (is_scientific(code))
        return damaged(fix, "The spreadsheet made a number of it: format the column as text.");
    if (is_us(r))
        return judge_zip(r, fix);
    if (r->address.country != NULL && has_five_digits(r->address.country) && strlen(code) == 4 &&
        all_of(code, "0123456789"))
        return damaged(fix, "It has four digits of five (a leading zero was lost?): format the "
                            "column as text.");
    return CELL_SOUND;
}

void row_notes_add(struct row_notes *notes, bool was_repaired, const char *field,
                   const char *reason)
{
    if (notes->n == ROW_NOTES_MAX)
        return;
    struct row_note *note = &notes->notes[notes->n++];
    note->repaired = was_repaired;
    (void)snprintf(note->field, sizeof(note->field), "%s", field);
    (void)snprintf(note->reason, sizeof(note->reason), "%s", reason);
}
