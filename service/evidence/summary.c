/* summary.c - the page that a regulator, a court or a board reads first: every line adds up to the
 * line before it, from the rows uploaded to what became of each person. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/summary.h"

enum { NAMES_MAX = 4096, COLUMNS_MAX = 16 };

static const char *number(struct arena *arena, int64_t value)
{
    char digits[24], text[40];
    size_t n = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)value), to = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
            text[to++] = ',';
        text[to++] = digits[i];
    }
    text[to] = 0;
    return str_or(arena_strdup(arena, text), "");
}

static void add_sums(struct sheet *sheet, const struct tally *tally)
{
    struct tally_line lines[TALLY_LINES];
    const char *cells[4 * (TALLY_LINES + 1)] = {"Sum", "of", "must be", "is"};
    const bool good = tally_lines(tally, lines);
    for (size_t i = 0; i < TALLY_LINES; i++) {
        const char **row = &cells[4 * (i + 1)];
        row[0] = lines[i].what;
        row[1] = lines[i].parts;
        row[2] = number(sheet->arena, lines[i].total);
        row[3] = number(sheet->arena, lines[i].sum);
    }
    sheet_table(sheet, "The sums", cells, 4, TALLY_LINES + 1);
    sheet_text(sheet, SHEET_TEXT, "%s",
               good ? "Every line adds up."
                    : "A line does NOT add up: ask the operator why before relying on this page.");
}

static void add_rows(struct sheet *sheet, const struct tally *tally)
{
    const int64_t accepted = tally_sum(tally, TALLY_ROWS, "accepted", NULL);
    const int64_t duplicates = tally_sum(tally, TALLY_ROWS, "duplicates", NULL);
    const int64_t rejected = tally_sum(tally, TALLY_ROWS, "rejected", NULL);
    const char *const cells[] = {
        "Rows",
        "",
        "Uploaded",
        number(sheet->arena, accepted + duplicates + rejected),
        "- refused",
        number(sheet->arena, rejected),
        "- duplicates",
        number(sheet->arena, duplicates),
        "= accepted: one person each",
        number(sheet->arena, accepted),
    };
    sheet_table(sheet, "From rows to people", cells, 2, 5);
}

/* Two levels as a table: a row a name, a column a column, and a total. */
static void add_matrix(struct sheet *sheet, const struct tally *tally, enum tally_group group,
                       const char *const titles[2])
{
    const char **names = mem_alloc(NAMES_MAX, sizeof(*names)), *columns[COLUMNS_MAX];
    size_t n = tally_names(tally, group, names, NAMES_MAX);
    size_t m = tally_columns(tally, group, NULL, columns, COLUMNS_MAX);
    n = n < NAMES_MAX ? n : NAMES_MAX;
    m = m < COLUMNS_MAX ? m : COLUMNS_MAX;
    m = m == 1 && columns[0][0] == 0 ? 0 : m; /* a group without columns: its total says it */
    const bool totals = group != TALLY_DAYS;  /* there the columns overlap */
    const size_t width = m + 1 + totals;
    const char **cells = mem_alloc((n + 2) * width, sizeof(*cells));
    cells[0] = titles[1];
    for (size_t j = 0; j < m; j++)
        cells[1 + j] = columns[j];
    if (totals)
        cells[width - 1] = "all";
    for (size_t i = 0; i <= n; i++) {
        const char **row = &cells[(i + 1) * width], *name = i < n ? names[i] : NULL;
        row[0] = name == NULL ? "all" : name[0] == 0 ? "(none given)" : name;
        for (size_t j = 0; j < m; j++)
            row[1 + j] = number(sheet->arena, tally_sum(tally, group, name, columns[j]));
        if (totals)
            row[width - 1] = number(sheet->arena, tally_sum(tally, group, name, NULL));
    }
    sheet_table(sheet, titles[0], cells, width, n + 2);
    mem_free(cells);
    mem_free(names);
}

static void add_people(struct sheet *sheet, const struct tally *tally)
{
    static const char *const states[][2] = {
        {"told", "= told: the evidence asked for is there"},
        {"unreachable", "+ unreachable: no channel is left"},
        {"withheld", "+ withheld: the notice would have a hole"},
        {"asked", "+ a person must decide whether it was sent"},
        {"waiting", "+ still under way"},
        {"canceled", "+ canceled before they were told"},
        {"not_planned", "+ not planned: the notice was not released, or not yet"},
    };
    enum { STATES = sizeof(states) / sizeof(states[0]) };
    const char *cells[2 * (STATES + 2)] = {"People", ""};
    for (size_t i = 0; i < STATES; i++) {
        cells[2 * (i + 1)] = states[i][1];
        cells[2 * (i + 1) + 1] =
            number(sheet->arena, tally_sum(tally, TALLY_PEOPLE, states[i][0], NULL));
    }
    cells[2 * (STATES + 1)] = "= all people accepted";
    cells[2 * (STATES + 1) + 1] = number(sheet->arena, tally_sum(tally, TALLY_PEOPLE, NULL, NULL));
    sheet_table(sheet, "What became of them", cells, 2, STATES + 2);
}

static void add_days(struct sheet *sheet, const struct tally *tally)
{
    const char **days = mem_alloc(NAMES_MAX, sizeof(*days));
    size_t n = tally_names(tally, TALLY_DAYS, days, NAMES_MAX);
    n = n < NAMES_MAX ? n : NAMES_MAX;
    struct sheet_bar *bars = arena_alloc(sheet->arena, (n + 1) * sizeof(*bars));
    require(bars != NULL);
    for (size_t i = 0; i < n; i++)
        bars[i] = (struct sheet_bar){str_or(arena_strdup(sheet->arena, days[i]), ""),
                                     tally_sum(tally, TALLY_DAYS, days[i], "attempts"),
                                     tally_sum(tally, TALLY_DAYS, days[i], "told")};
    if (n > 0)
        sheet_plot(sheet, &(struct sheet_block){.text = "Attempts and people told, by UTC day.",
                                                .bars = bars,
                                                .n_bars = n,
                                                .first = "attempts",
                                                .second = "told"});
    mem_free(days);
}

void summary_report(struct sheet *sheet, const struct tally *tally,
                    const struct summary_facts *facts)
{
    char at[TIME_TEXT_SIZE];
    sheet->at = facts->at;
    sheet->footer = arena_printf(sheet->arena, "%s, %s, made by Tocsin %s", facts->incident,
                                 time_format(at, facts->at), facts->version);
    sheet_text(sheet, SHEET_TITLE, "%s", facts->title);
    sheet_text(sheet, SHEET_TEXT, "Notice by %s. Incident %s; state: %s. Read at %s.",
               facts->organisation, facts->incident, facts->state, time_format(at, facts->at));
    sheet_text(sheet, SHEET_TEXT,
               "Handed over is not delivered, and delivered is not read: each person counts as "
               "told when the evidence that was set for the channel is there. %s",
               facts->log);
    sheet_text(sheet, SHEET_HEADING, "From roster to outcome");
    add_rows(sheet, tally);
    add_people(sheet, tally);
    add_matrix(sheet, tally, TALLY_TOLD_BY,
               (const char *const[2]){"Told, by channel and strongest evidence", "channel"});
    add_matrix(sheet, tally, TALLY_REASONS,
               (const char *const[2]){"Not told, by state and reason", "state"});
    sheet_text(sheet, SHEET_HEADING, "Jurisdictions");
    add_matrix(sheet, tally, TALLY_JURISDICTION,
               (const char *const[2]){"People by jurisdiction and state", "jurisdiction"});
    sheet_text(sheet, SHEET_HEADING, "Days");
    add_days(sheet, tally);
    add_matrix(sheet, tally, TALLY_DAYS,
               (const char *const[2]){"Receipts by UTC day (the columns overlap)", "day"});
    sheet_text(sheet, SHEET_HEADING, "Receipts");
    add_matrix(sheet, tally, TALLY_ATTEMPTS,
               (const char *const[2]){"Attempts by channel and outcome", "channel"});
    add_matrix(sheet, tally, TALLY_RERENDERED,
               (const char *const[2]){"Notices rendered again and compared with the receipt",
                                      "told people"});
    sheet_text(sheet, SHEET_HEADING, "Does it add up?");
    add_sums(sheet, tally);
}

/* ---- Declaration of mailing. ---- */

void declaration_report(struct sheet *sheet, const struct tally *tally,
                        const struct summary_facts *facts)
{
    char at[TIME_TEXT_SIZE];
    sheet->at = facts->at;
    sheet->footer = arena_printf(sheet->arena, "%s, %s, made by Tocsin %s", facts->incident,
                                 time_format(at, facts->at), facts->version);
    sheet_text(sheet, SHEET_TITLE, "Declaration of mailing");
    sheet_text(sheet, SHEET_TEXT, "Matter: %s (incident %s). Notice by %s.", facts->title,
               facts->incident, facts->organisation);
    sheet_text(sheet, SHEET_TEXT, "I, the undersigned, declare:");
    sheet_text(sheet, SHEET_TEXT,
               "1. I know of the matters below from the records that were kept in the regular "
               "course of business while the notices went out: the receipts in this archive.");
    sheet_text(sheet, SHEET_TEXT,
               "2. The notices, whose full texts are in the folder notices of this archive, were "
               "addressed to %s people; %s of them were told by the means below. The table counts "
               "the attempts by what became of them at hand-over, and the days of the hand-over "
               "stand below it.",
               number(sheet->arena, tally_sum(tally, TALLY_ROWS, "accepted", NULL)),
               number(sheet->arena, tally_sum(tally, TALLY_PEOPLE, "told", NULL)));
    add_matrix(sheet, tally, TALLY_ATTEMPTS,
               (const char *const[2]){"Pieces handed over, by means and outcome", "means"});
    add_days(sheet, tally);
    sheet_text(sheet, SHEET_TEXT,
               "3. Pieces that came back, bounced or failed are not left out: they stand in the "
               "summary and in the receipts.");
    sheet_text(sheet, SHEET_TEXT,
               "Practice: for letters in the United States keep the postmarked USPS PS Form 3817 "
               "or, for three pieces and more, the firm sheet PS Form 3665: it shows that each "
               "named piece was presented on a date. PS Form 3606-D shows the number of pieces "
               "only: attach the list of addresses to it. None of them shows delivery, and USPS "
               "keeps no copy.");
    sheet_text(sheet, SHEET_TEXT,
               "Wording under penalty of perjury, or its equal where this is filed, is for "
               "counsel to fill in here:");
    sheet_text(sheet, SHEET_LINE, "Wording (counsel)");
    sheet_text(sheet, SHEET_LINE, "Signature");
    sheet_text(sheet, SHEET_LINE, "Name and office");
    sheet_text(sheet, SHEET_LINE, "Date and place");
}
