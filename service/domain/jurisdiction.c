/* jurisdiction.c - where a person lives, from the address: tables of ISO 3166-1, the states of the
 * United States and the provinces of Canada, the members of the Union, and the ZIP prefixes that
 * prove a state (USPS Publication 65, labeling list L002). Pure.
 *
 * Strings are static, so that records may point to them. Failure: NULL where nothing is known. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

struct place {
    const char *code, *name, *jurisdiction;
};
static const struct place states[] = {
    {"AL", "Alabama", "US-AL"},
    {"AK", "Alaska", "US-AK"},
    {"AZ", "Arizona", "US-AZ"},
    {"AR", "Arkansas", "US-AR"},
    {"CA", "California", "US-CA"},
    {"CO", "Colorado", "US-CO"},
    {"CT", "Connecticut", "US-CT"},
    {"DE", "Delaware", "US-DE"},
    {"DC", "District of Columbia", "US-DC"},
    {"FL", "Florida", "US-FL"},
    {"GA", "Georgia", "US-GA"},
    {"GU", "Guam", "US-GU"},
    {"HI", "Hawaii", "US-HI"},
    {"ID", "Idaho", "US-ID"},
    {"IL", "Illinois", "US-IL"},
    {"IN", "Indiana", "US-IN"},
    {"IA", "Iowa", "US-IA"},
    {"KS", "Kansas", "US-KS"},
    {"KY", "Kentucky", "US-KY"},
    {"LA", "Louisiana", "US-LA"},
    {"ME", "Maine", "US-ME"},
    {"MD", "Maryland", "US-MD"},
    {"MA", "Massachusetts", "US-MA"},
    {"MI", "Michigan", "US-MI"},
    {"MN", "Minnesota", "US-MN"},
    {"MS", "Mississippi", "US-MS"},
    {"MO", "Missouri", "US-MO"},
    {"MT", "Montana", "US-MT"},
    {"NE", "Nebraska", "US-NE"},
    {"NV", "Nevada", "US-NV"},
    {"NH", "New Hampshire", "US-NH"},
    {"NJ", "New Jersey", "US-NJ"},
    {"NM", "New Mexico", "US-NM"},
    {"NY", "New York", "US-NY"},
    {"NC", "North Carolina", "US-NC"},
    {"ND", "North Dakota", "US-ND"},
    {"OH", "Ohio", "US-OH"},
    {"OK", "Oklahoma", "US-OK"},
    {"OR", "Oregon", "US-OR"},
    {"PA", "Pennsylvania", "US-PA"},
    {"PR", "Puerto Rico", "US-PR"},
    {"RI", "Rhode Island", "US-RI"},
    {"SC", "South Carolina", "US-SC"},
    {"SD", "South Dakota", "US-SD"},
    {"TN", "Tennessee", "US-TN"},
    {"TX", "Texas", "US-TX"},
    {"UT", "Utah", "US-UT"},
    {"VT", "Vermont", "US-VT"},
    {"VI", "Virgin Islands", "US-VI"},
    {"VA", "Virginia", "US-VA"},
    {"WA", "Washington", "US-WA"},
    {"WV", "West Virginia", "US-WV"},
    {"WI", "Wisconsin", "US-WI"},
    {"WY", "Wyoming", "US-WY"},
};
static const struct place provinces[] = {
    {"AB", "Alberta", "CA-AB"},
    {"BC", "British Columbia", "CA-BC"},
    {"MB", "Manitoba", "CA-MB"},
    {"NB", "New Brunswick", "CA-NB"},
    {"NL", "Newfoundland and Labrador", "CA-NL"},
    {"NS", "Nova Scotia", "CA-NS"},
    {"NT", "Northwest Territories", "CA-NT"},
    {"NU", "Nunavut", "CA-NU"},
    {"ON", "Ontario", "CA-ON"},
    {"PE", "Prince Edward Island", "CA-PE"},
    {"QC", "Quebec", "CA-QC"},
    {"SK", "Saskatchewan", "CA-SK"},
    {"YT", "Yukon", "CA-YT"},
    {"QC",
     "Qu\xc3\xa9"
     "bec",
     "CA-QC"},
};

/* By letter; members of the Union as what they are called here. */
static const struct place countries[] = {
    {"AD", NULL, "AD"},    {"AE", NULL, "AE"},    {"AF", NULL, "AF"},    {"AG", NULL, "AG"},
    {"AI", NULL, "AI"},    {"AL", NULL, "AL"},    {"AM", NULL, "AM"},    {"AO", NULL, "AO"},
    {"AQ", NULL, "AQ"},    {"AR", NULL, "AR"},    {"AS", NULL, "AS"},    {"AT", NULL, "EU-AT"},
    {"AU", NULL, "AU"},    {"AW", NULL, "AW"},    {"AX", NULL, "AX"},    {"AZ", NULL, "AZ"},
    {"BA", NULL, "BA"},    {"BB", NULL, "BB"},    {"BD", NULL, "BD"},    {"BE", NULL, "EU-BE"},
    {"BF", NULL, "BF"},    {"BG", NULL, "EU-BG"}, {"BH", NULL, "BH"},    {"BI", NULL, "BI"},
    {"BJ", NULL, "BJ"},    {"BL", NULL, "BL"},    {"BM", NULL, "BM"},    {"BN", NULL, "BN"},
    {"BO", NULL, "BO"},    {"BQ", NULL, "BQ"},    {"BR", NULL, "BR"},    {"BS", NULL, "BS"},
    {"BT", NULL, "BT"},    {"BV", NULL, "BV"},    {"BW", NULL, "BW"},    {"BY", NULL, "BY"},
    {"BZ", NULL, "BZ"},    {"CA", NULL, "CA"},    {"CC", NULL, "CC"},    {"CD", NULL, "CD"},
    {"CF", NULL, "CF"},    {"CG", NULL, "CG"},    {"CH", NULL, "CH"},    {"CI", NULL, "CI"},
    {"CK", NULL, "CK"},    {"CL", NULL, "CL"},    {"CM", NULL, "CM"},    {"CN", NULL, "CN"},
    {"CO", NULL, "CO"},    {"CR", NULL, "CR"},    {"CU", NULL, "CU"},    {"CV", NULL, "CV"},
    {"CW", NULL, "CW"},    {"CX", NULL, "CX"},    {"CY", NULL, "EU-CY"}, {"CZ", NULL, "EU-CZ"},
    {"DE", NULL, "EU-DE"}, {"DJ", NULL, "DJ"},    {"DK", NULL, "EU-DK"}, {"DM", NULL, "DM"},
    {"DO", NULL, "DO"},    {"DZ", NULL, "DZ"},    {"EC", NULL, "EC"},    {"EE", NULL, "EU-EE"},
    {"EG", NULL, "EG"},    {"EH", NULL, "EH"},    {"ER", NULL, "ER"},    {"ES", NULL, "EU-ES"},
    {"ET", NULL, "ET"},    {"FI", NULL, "EU-FI"}, {"FJ", NULL, "FJ"},    {"FK", NULL, "FK"},
    {"FM", NULL, "FM"},    {"FO", NULL, "FO"},    {"FR", NULL, "EU-FR"}, {"GA", NULL, "GA"},
    {"GB", NULL, "GB"},    {"GD", NULL, "GD"},    {"GE", NULL, "GE"},    {"GF", NULL, "GF"},
    {"GG", NULL, "GG"},    {"GH", NULL, "GH"},    {"GI", NULL, "GI"},    {"GL", NULL, "GL"},
    {"GM", NULL, "GM"},    {"GN", NULL, "GN"},    {"GP", NULL, "GP"},    {"GQ", NULL, "GQ"},
    {"GR", NULL, "EU-GR"}, {"GS", NULL, "GS"},    {"GT", NULL, "GT"},    {"GU", NULL, "GU"},
    {"GW", NULL, "GW"},    {"GY", NULL, "GY"},    {"HK", NULL, "HK"},    {"HM", NULL, "HM"},
    {"HN", NULL, "HN"},    {"HR", NULL, "EU-HR"}, {"HT", NULL, "HT"},    {"HU", NULL, "EU-HU"},
    {"ID", NULL, "ID"},    {"IE", NULL, "EU-IE"}, {"IL", NULL, "IL"},    {"IM", NULL, "IM"},
    {"IN", NULL, "IN"},    {"IO", NULL, "IO"},    {"IQ", NULL, "IQ"},    {"IR", NULL, "IR"},
    {"IS", NULL, "IS"},    {"IT", NULL, "EU-IT"}, {"JE", NULL, "JE"},    {"JM", NULL, "JM"},
    {"JO", NULL, "JO"},    {"JP", NULL, "JP"},    {"KE", NULL, "KE"},    {"KG", NULL, "KG"},
    {"KH", NULL, "KH"},    {"KI", NULL, "KI"},    {"KM", NULL, "KM"},    {"KN", NULL, "KN"},
    {"KP", NULL, "KP"},    {"KR", NULL, "KR"},    {"KW", NULL, "KW"},    {"KY", NULL, "KY"},
    {"KZ", NULL, "KZ"},    {"LA", NULL, "LA"},    {"LB", NULL, "LB"},    {"LC", NULL, "LC"},
    {"LI", NULL, "LI"},    {"LK", NULL, "LK"},    {"LR", NULL, "LR"},    {"LS", NULL, "LS"},
    {"LT", NULL, "EU-LT"}, {"LU", NULL, "EU-LU"}, {"LV", NULL, "EU-LV"}, {"LY", NULL, "LY"},
    {"MA", NULL, "MA"},    {"MC", NULL, "MC"},    {"MD", NULL, "MD"},    {"ME", NULL, "ME"},
    {"MF", NULL, "MF"},    {"MG", NULL, "MG"},    {"MH", NULL, "MH"},    {"MK", NULL, "MK"},
    {"ML", NULL, "ML"},    {"MM", NULL, "MM"},    {"MN", NULL, "MN"},    {"MO", NULL, "MO"},
    {"MP", NULL, "MP"},    {"MQ", NULL, "MQ"},    {"MR", NULL, "MR"},    {"MS", NULL, "MS"},
    {"MT", NULL, "EU-MT"}, {"MU", NULL, "MU"},    {"MV", NULL, "MV"},    {"MW", NULL, "MW"},
    {"MX", NULL, "MX"},    {"MY", NULL, "MY"},    {"MZ", NULL, "MZ"},    {"NA", NULL, "NA"},
    {"NC", NULL, "NC"},    {"NE", NULL, "NE"},    {"NF", NULL, "NF"},    {"NG", NULL, "NG"},
    {"NI", NULL, "NI"},    {"NL", NULL, "EU-NL"}, {"NO", NULL, "NO"},    {"NP", NULL, "NP"},
    {"NR", NULL, "NR"},    {"NU", NULL, "NU"},    {"NZ", NULL, "NZ"},    {"OM", NULL, "OM"},
    {"PA", NULL, "PA"},    {"PE", NULL, "PE"},    {"PF", NULL, "PF"},    {"PG", NULL, "PG"},
    {"PH", NULL, "PH"},    {"PK", NULL, "PK"},    {"PL", NULL, "EU-PL"}, {"PM", NULL, "PM"},
    {"PN", NULL, "PN"},    {"PR", NULL, "PR"},    {"PS", NULL, "PS"},    {"PT", NULL, "EU-PT"},
    {"PW", NULL, "PW"},    {"PY", NULL, "PY"},    {"QA", NULL, "QA"},    {"RE", NULL, "RE"},
    {"RO", NULL, "EU-RO"}, {"RS", NULL, "RS"},    {"RU", NULL, "RU"},    {"RW", NULL, "RW"},
    {"SA", NULL, "SA"},    {"SB", NULL, "SB"},    {"SC", NULL, "SC"},    {"SD", NULL, "SD"},
    {"SE", NULL, "EU-SE"}, {"SG", NULL, "SG"},    {"SH", NULL, "SH"},    {"SI", NULL, "EU-SI"},
    {"SJ", NULL, "SJ"},    {"SK", NULL, "EU-SK"}, {"SL", NULL, "SL"},    {"SM", NULL, "SM"},
    {"SN", NULL, "SN"},    {"SO", NULL, "SO"},    {"SR", NULL, "SR"},    {"SS", NULL, "SS"},
    {"ST", NULL, "ST"},    {"SV", NULL, "SV"},    {"SX", NULL, "SX"},    {"SY", NULL, "SY"},
    {"SZ", NULL, "SZ"},    {"TC", NULL, "TC"},    {"TD", NULL, "TD"},    {"TF", NULL, "TF"},
    {"TG", NULL, "TG"},    {"TH", NULL, "TH"},    {"TJ", NULL, "TJ"},    {"TK", NULL, "TK"},
    {"TL", NULL, "TL"},    {"TM", NULL, "TM"},    {"TN", NULL, "TN"},    {"TO", NULL, "TO"},
    {"TR", NULL, "TR"},    {"TT", NULL, "TT"},    {"TV", NULL, "TV"},    {"TW", NULL, "TW"},
    {"TZ", NULL, "TZ"},    {"UA", NULL, "UA"},    {"UG", NULL, "UG"},    {"UM", NULL, "UM"},
    {"US", NULL, "US"},    {"UY", NULL, "UY"},    {"UZ", NULL, "UZ"},    {"VA", NULL, "VA"},
    {"VC", NULL, "VC"},    {"VE", NULL, "VE"},    {"VG", NULL, "VG"},    {"VI", NULL, "VI"},
    {"VN", NULL, "VN"},    {"VU", NULL, "VU"},    {"WF", NULL, "WF"},    {"WS", NULL, "WS"},
    {"YE", NULL, "YE"},    {"YT", NULL, "YT"},    {"ZA", NULL, "ZA"},    {"ZM", NULL, "ZM"},
    {"ZW", NULL, "ZW"},
};

/* Small letters. */
static const struct place country_names[] = {
    {"US", "united states", NULL},
    {"US", "united states of america", NULL},
    {"US", "usa", NULL},
    {"US", "u.s.", NULL},
    {"US", "u.s.a.", NULL},
    {"US", "america", NULL},
    {"GB", "united kingdom", NULL},
    {"GB", "great britain", NULL},
    {"GB", "uk", NULL},
    {"GB", "england", NULL},
    {"GB", "scotland", NULL},
    {"GB", "wales", NULL},
    {"GB", "northern ireland", NULL},
    {"CA", "canada", NULL},
    {"DE", "germany", NULL},
    {"DE", "deutschland", NULL},
    {"FR", "france", NULL},
    {"ES", "spain", NULL},
    {"ES", "espana", NULL},
    {"ES",
     "espa\xc3\xb1"
     "a",
     NULL},
    {"IT", "italy", NULL},
    {"IT", "italia", NULL},
    {"NL", "netherlands", NULL},
    {"NL", "the netherlands", NULL},
    {"NL", "nederland", NULL},
    {"BE", "belgium", NULL},
    {"AT", "austria", NULL},
    {"AT",
     "\xc3\xb6"
     "sterreich",
     NULL},
    {"CH", "switzerland", NULL},
    {"CH", "schweiz", NULL},
    {"CH", "suisse", NULL},
    {"IE", "ireland", NULL},
    {"PT", "portugal", NULL},
    {"PL", "poland", NULL},
    {"PL", "polska", NULL},
    {"CZ", "czech republic", NULL},
    {"CZ", "czechia", NULL},
    {"DK", "denmark", NULL},
    {"DK", "danmark", NULL},
    {"SE", "sweden", NULL},
    {"SE", "sverige", NULL},
    {"NO", "norway", NULL},
    {"NO", "norge", NULL},
    {"FI", "finland", NULL},
    {"FI", "suomi", NULL},
    {"IS", "iceland", NULL},
    {"GR", "greece", NULL},
    {"HU", "hungary", NULL},
    {"RO", "romania", NULL},
    {"BG", "bulgaria", NULL},
    {"HR", "croatia", NULL},
    {"SI", "slovenia", NULL},
    {"SK", "slovakia", NULL},
    {"EE", "estonia", NULL},
    {"LV", "latvia", NULL},
    {"LT", "lithuania", NULL},
    {"LU", "luxembourg", NULL},
    {"MT", "malta", NULL},
    {"CY", "cyprus", NULL},
    {"AU", "australia", NULL},
    {"NZ", "new zealand", NULL},
    {"JP", "japan", NULL},
    {"KR", "south korea", NULL},
    {"SG", "singapore", NULL},
    {"IN", "india", NULL},
    {"BR", "brazil", NULL},
    {"BR", "brasil", NULL},
    {"MX", "mexico", NULL},
    {"AR", "argentina", NULL},
    {"CL", "chile", NULL},
    {"ZA", "south africa", NULL},
    {"KE", "kenya", NULL},
    {"NG", "nigeria", NULL},
    {"IL", "israel", NULL},
    {"TR", "turkey", NULL},
    {"CN", "china", NULL},
    {"HK", "hong kong", NULL},
    {"TW", "taiwan", NULL},
    {"PH", "philippines", NULL},
    {"TH", "thailand", NULL},
    {"MY", "malaysia", NULL},
    {"ID", "indonesia", NULL},
    {"VN", "vietnam", NULL},
    {"AE", "united arab emirates", NULL},
    {"SA", "saudi arabia", NULL},
};

/* Jurisdictions with a law on record, beside the states of the United States and the Union. */
static const char *const on_record[] = {"GB", "CH", "NO", "IS", "CA", "CA-QC", "CA-AB", "AU",
                                        "NZ", "JP", "KR", "SG", "IN", "BR",    "MX",    "AR",
                                        "CL", "ZA", "KE", "NG", "IL", "TR",    "AE",    "SA",
                                        "CN", "HK", "TW", "PH", "TH", "MY",    "ID",    "VN"};

struct zip_range {
    const char *state;
    unsigned short first, last;
};
static const struct zip_range zip_ranges[] = {
    {"AL", 350, 369}, {"AK", 995, 999}, {"AZ", 850, 865}, {"AR", 716, 729}, {"CA", 900, 961},
    {"CO", 800, 816}, {"CT", 60, 62},   {"CT", 64, 69},   {"DE", 197, 199}, {"DC", 200, 200},
    {"DC", 202, 205}, {"FL", 320, 349}, {"GA", 300, 319}, {"GA", 398, 399}, {"GU", 969, 969},
    {"HI", 967, 968}, {"ID", 832, 838}, {"IL", 600, 629}, {"IN", 460, 479}, {"IA", 500, 528},
    {"KS", 660, 679}, {"KY", 400, 427}, {"LA", 700, 714}, {"ME", 39, 49},   {"MD", 206, 219},
    {"MA", 10, 27},   {"MA", 55, 55},   {"MI", 480, 499}, {"MN", 550, 567}, {"MS", 386, 397},
    {"MO", 630, 658}, {"MT", 590, 599}, {"NE", 680, 693}, {"NV", 889, 898}, {"NH", 30, 38},
    {"NJ", 70, 89},   {"NM", 870, 884}, {"NY", 5, 5},     {"NY", 63, 63},   {"NY", 100, 149},
    {"NC", 270, 289}, {"ND", 580, 588}, {"OH", 430, 459}, {"OK", 730, 749}, {"OR", 970, 979},
    {"PA", 150, 196}, {"PR", 6, 7},     {"PR", 9, 9},     {"RI", 28, 29},   {"SC", 290, 299},
    {"SD", 570, 577}, {"TN", 370, 385}, {"TX", 750, 799}, {"TX", 885, 885}, {"UT", 840, 847},
    {"VT", 50, 54},   {"VT", 56, 59},   {"VI", 8, 8},     {"VA", 201, 201}, {"VA", 220, 246},
    {"WA", 980, 994}, {"WV", 247, 268}, {"WI", 530, 549}, {"WY", 820, 831},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct place *place_find(const struct place *places, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (str_equal_nocase(places[i].code, text) ||
            (places[i].name != NULL && str_equal_nocase(places[i].name, text)))
            return &places[i];
    return NULL;
}

/* Sorted by code: two letters, in capitals. */
static const struct place *country_place(const char *code)
{
    size_t low = 0, high = COUNT(countries);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(countries[middle].code, code);
        if (order == 0)
            return &countries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *us_state_find(const char *text)
{
    const struct place *place = text == NULL ? NULL : place_find(states, COUNT(states), text);
    return place == NULL ? NULL : place->code;
}

const char *country_find(const char *text)
{
    char code[3] = {0};
    const struct place *place = NULL;
    if (strlen(text) == 2) {
        memcpy(code, text, 2);
        for (int i = 0; i < 2; i++)
            if (code[i] >= 'a' && code[i] <= 'z')
                code[i] = (char)(code[i] - 'a' + 'A');
        place = country_place(code);
    }
    if (place == NULL) {
        for (size_t i = 0; place == NULL && i < COUNT(country_names); i++)
            if (str_equal_nocase(country_names[i].name, text))
                place = &country_names[i];
    }
    return place == NULL ? NULL : place->code;
}

const char *jurisdiction_of_address(const struct postal_address *address)
{
    const struct place *region = NULL, *country;
    if (address->country == NULL)
        return NULL;
    country = country_place(address->country);
    if (country == NULL)
        return NULL;
    if (address->region != NULL && str_equal(country->code, "US"))
        region = place_find(states, COUNT(states), address->region);
    else if (address->region != NULL && str_equal(country->code, "CA"))
        region = place_find(provinces, COUNT(provinces), address->region);
    return region != NULL ? region->jurisdiction : country->jurisdiction;
}

bool jurisdiction_on_record(const char *jurisdiction)
{
    if (str_starts(jurisdiction, "US-"))
        return us_state_find(jurisdiction + 3) != NULL && strlen(jurisdiction) == 5;
    if (str_starts(jurisdiction, "EU-")) {
        const struct place *place = country_place(jurisdiction + 3);
        return place != NULL && str_starts(place->jurisdiction, "EU-");
    }
    for (size_t i = 0; i < COUNT(on_record); i++)
        if (str_equal(on_record[i], jurisdiction) ||
            (str_starts(jurisdiction, on_record[i]) && jurisdiction[strlen(on_record[i])] == '-'))
            return true;
    return false;
}

bool us_zip_prefix_is(unsigned prefix, const char *state)
{
    for (size_t i = 0; i < COUNT(zip_ranges); i++)
        if (prefix >= zip_ranges[i].first && prefix <= zip_ranges[i].last &&
            str_equal(zip_ranges[i].state, state))
            return true;
    return false;
}
