/* receipt_kind.c - the names of facts, as they stand in leaves. Frozen. Pure. */
/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/receipt.h"

static const char *const names[RECEIPT_KINDS_N] = {
    [RECEIPT_INCIDENT_OPENED] = "incident_opened",
    [RECEIPT_ROSTER_ACCEPTED] = "roster_accepted",
    [RECEIPT_APPROVED] = "approved",
    [RECEIPT_APPROVAL_VOIDED] = "approval_voided",
    [RECEIPT_RELEASED] = "released",
    [RECEIPT_PLANNED] = "planned",
    [RECEIPT_WITHHELD] = "withheld",
    [RECEIPT_UNREACHABLE] = "unreachable",
    [RECEIPT_HELD] = "held",
    [RECEIPT_RESUMED] = "resumed",
    [RECEIPT_CANCELED] = "canceled",
    [RECEIPT_SETTLED] = "settled",
    [RECEIPT_ATTEMPT] = "attempt",
    [RECEIPT_EVIDENCE] = "evidence",
    [RECEIPT_ESCALATED] = "escalated",
    [RECEIPT_TOLD] = "told",
    [RECEIPT_REQUEST_OPENED] = "request_opened",
    [RECEIPT_REQUEST_MATCHED] = "request_matched",
    [RECEIPT_REQUEST_CLOSED] = "request_closed",
    [RECEIPT_TOKEN_MINTED] = "token_minted",
    [RECEIPT_TOKEN_REVOKED] = "token_revoked",
    [RECEIPT_EXPORTED] = "exported",
    [RECEIPT_NODE_STARTED] = "node_started",
    [RECEIPT_CONFIGURED] = "configured",
    [RECEIPT_ERASED] = "erased",
    [RECEIPT_KEEPING] = "keeping",
    [RECEIPT_RESTORED] = "restored",
    [RECEIPT_LOG_BEGUN] = "log_begun",
    [RECEIPT_READ] = "read",
    [RECEIPT_FACTS_CHANGED] = "facts_changed",
    [RECEIPT_ATTACHED] = "attached",
    [RECEIPT_NOT_NOTIFIED] = "not_notified",
    [RECEIPT_APPROVAL_REFUSED] = "approval_refused",
    [RECEIPT_BREAK_GLASS] = "break_glass",
    [RECEIPT_REVIEWED] = "reviewed",
    [RECEIPT_TOKEN_CLAIMED] = "token_claimed",
    [RECEIPT_FORMAT_OWED] = "format_owed",
    [RECEIPT_PREFERENCE] = "preference",
    [RECEIPT_BACKUP_MADE] = "backup_made",
    [RECEIPT_WAVE_OPENED] = "wave_opened",
    [RECEIPT_INCIDENT_CHANGED] = "incident_changed",
    [RECEIPT_HOLD_PLACED] = "hold_placed",
    [RECEIPT_HOLD_LIFTED] = "hold_lifted",
    [RECEIPT_RESUME_ASKED] = "resume_asked",
    [RECEIPT_REGULATOR_TOLD] = "regulator_told",
    [RECEIPT_SEED_SENT] = "seed_sent",
    [RECEIPT_BRAKE_WAITING] = "brake_waiting",
    [RECEIPT_BRAKE_STOPPED] = "brake_stopped",
    [RECEIPT_BRAKE_RESUMED] = "brake_resumed",
    [RECEIPT_ROSTER_DISCARDED] = "roster_discarded",
    [RECEIPT_ROW_REPAIRED] = "row_repaired",
    [RECEIPT_ROW_WAIVED] = "row_waived",
    [RECEIPT_PLAN_MADE] = "plan_made",
    [RECEIPT_DUTY_DONE] = "duty_done",
    [RECEIPT_DUTY_OVERRIDDEN] = "duty_overridden",
};

const char *receipt_kind_name(enum receipt_kind kind)
{
    return (unsigned)kind < RECEIPT_KINDS_N ? names[kind] : "unknown";
}

int receipt_kind_find(const char *name)
{
    for (int i = 0; i < RECEIPT_KINDS_N; i++)
        if (str_equal(names[i], name))
            return i;
    return -1;
}
