/* receipt_leaf.c - the leaf: canonical JSON, what the log proves and anybody may read. It has no
 * address, name, provider reference or exact time; the person appears as a salted commitment. Keys
 * in ascending order. */
/* Base. */
#include "base/json.h"

/* This module. */
#include "service/receipts/receipt_private.h"

enum { WORD_MAX = 64 };

static void put_outcome(struct members *members, const struct receipt *receipt)
{
    bool attempt = receipt->kind == RECEIPT_ATTEMPT;
    if (attempt && receipt->outcome >= 0 && receipt->outcome < OUTCOME_N)
        member_word(members, "outcome", outcome_name((enum outcome_kind)receipt->outcome));
}

static void put_facts(struct members *members, struct json_object *facts)
{
    if (facts == NULL)
        return;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    require(json_write(&text, facts)); /* ours: integers, words and hashes */
    buf_puts(members->to, members->any ? ",\"facts\":" : "\"facts\":");
    buf_add(members->to, text.data, text.length);
    members->any = true;
    buf_free(&text);
}

void leaf_write(struct buf *to, const struct receipt *receipt, enum details_form form,
                const uint8_t *commitment)
{
    char day[DAY_TEXT_SIZE], incident[ID_TEXT_SIZE];
    struct members members;
    members_begin(&members, to);
    members_text(&members, "actor", receipt->actor, WORD_MAX);
    if (receipt->attempt > 0)
        member_int(&members, "attempt", receipt->attempt);
    members_text(&members, "channel", receipt->channel, WORD_MAX);
    if (receipt->code != 0)
        member_int(&members, "code", receipt->code);
    member_word(&members, "day", day_format(day, receipt->at));
    if (form == DETAILS_INCIDENT)
        member_hex(&members, "details", commitment);
    member_word(&members, "event", receipt_event(receipt));
    if (receipt->evidence != EVIDENCE_NONE)
        member_word(&members, "evidence", evidence_name(receipt->evidence));
    put_facts(&members, receipt->facts);
    if (receipt->incident != 0)
        member_word(&members, "incident", id_format(incident, "inc", receipt->incident));
    member_word(&members, "kind", receipt_kind_name(receipt->kind));
    if (receipt->notice_digest != NULL)
        member_hex(&members, "notice", receipt->notice_digest);
    put_outcome(&members, receipt);
    if (form == DETAILS_PERSON)
        member_hex(&members, "person", commitment);
    members_text(&members, "reason", receipt->reason, WORD_MAX);
    if (receipt->status != NULL && receipt->status[0] != 0)
        members_text(&members, "status", receipt->status, WORD_MAX);
    member_int(&members, "v", RECEIPT_VERSION);
    if (receipt->wave != 0)
        member_int(&members, "wave", receipt->wave);
    members_end(&members);
}
