/* upload_head.h - what the head of an upload says about its body: format, charset, what it is for.
 */
#pragma once
#include "service/delivery/roster/intake.h"

struct call;
struct upload_head {
    enum intake_format format;
    enum sheet_charset charset; /* of a CSV: SHEET_UNSAID when nothing is declared */
    enum upload_mode mode;      /* ?mode=append (default), replace, repair */
    int64_t expected;           /* ?expected_people=; 0: not said */
};
/* False: answered already. */
bool upload_head_read(struct call *call, struct upload_head *ret_head);
