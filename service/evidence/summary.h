/* summary.h - what an export says to people: the summary and the declaration of mailing. Pure. */
#pragma once
#include "service/evidence/sheet.h"
#include "service/evidence/tally.h"

struct summary_facts {
    const char *incident, *title, *organisation, *state; /* state of the first wave */
    const char *version;                                 /* of the tool */
    time_ms at;                                          /* when the export was made */
    const char *log;                                     /* a sentence about the log */
    uint64_t receipts;
};
void summary_report(struct sheet *sheet, const struct tally *tally,
                    const struct summary_facts *facts);

/* One channel's hand-over for the declaration. */
void declaration_report(struct sheet *sheet, const struct tally *tally,
                        const struct summary_facts *facts);
