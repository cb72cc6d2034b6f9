/* brake.c - see the header. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/brake.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

enum { WINDOW = 60, USUAL_LEAST = 50, SILENT_SHARE = 4, ETA_HOURS = 24 * 366 };

/* ---- Where the wave is. ---- */

const char *brake_stage_name(enum brake_stage stage)
{
    static const char *const names[BRAKE_STAGES_N] = {
        [BRAKE_SEEDS] = "seeds",
        [BRAKE_CANARY] = "canary",
        [BRAKE_WAITING] = "waiting",
        [BRAKE_OPEN] = "open",
    };
    return (unsigned)stage < BRAKE_STAGES_N ? names[stage] : "unknown";
}

enum brake_stage brake_stage_now(const struct brake_facts *facts)
{
    const struct brakes *brakes = facts->brakes;
    enum brake_stage stage = facts->stage;
    if (!brakes->on)
        return BRAKE_OPEN;
    if (stage == BRAKE_SEEDS && !brakes->seeds)
        stage = BRAKE_CANARY;
    if (stage == BRAKE_CANARY && (brakes->canary == 0 || facts->people <= brakes->canary))
        stage = BRAKE_OPEN;
    return stage;
}

/* ---- Caps. ---- */

static struct brake_cap *cap_add(struct brake_caps *caps, enum brake_span span, int64_t limit,
                                 time_ms now)
{
    require(caps->n < BRAKE_CAPS_MAX);
    struct brake_cap *cap = &caps->list[caps->n++];
    *cap = (struct brake_cap){.span = span, .limit = limit, .next = TIME_NONE};
    if (span == SPAN_HOUR) {
        cap->bucket = now / MINUTE;
        cap->first = cap->bucket - WINDOW;
    } else if (span == SPAN_DAY) {
        cap->bucket = cap->first = now / DAY;
    }
    return cap;
}

/* The step of the ramp is an hour counted from where the road was opened: exact, not sliding. */
static void ramp_add(struct brake_caps *caps, const struct brake_facts *facts, time_ms now)
{
    const struct brakes *brakes = facts->brakes;
    time_ms since = facts->since == TIME_NONE ? now : facts->since;
    int64_t step = now < since ? 0 : (now - since) / HOUR;
    if (brakes->n_ramp == 0 || step >= (int64_t)brakes->n_ramp)
        return;
    struct brake_cap *cap = cap_add(caps, SPAN_STEP, brakes->ramp[step], now);
    cap->bucket = cap->first = step;
    cap->next = since + (step + 1) * HOUR;
    cap->reason = "ramp";
    snprintf(cap->scope, sizeof(cap->scope), "w%lld:ramp", (long long)facts->wave);
}

static void wave_caps(struct brake_caps *caps, const struct brake_facts *facts, time_ms now)
{
    const struct brakes *brakes = facts->brakes;
    long long wave = (long long)facts->wave;
    enum brake_stage stage = brake_stage_now(facts);
    struct brake_cap *cap;
    if (stage == BRAKE_CANARY) {
        cap = cap_add(caps, SPAN_EVER, brakes->canary, now);
        cap->people = true;
        cap->reason = "canary";
        snprintf(cap->scope, sizeof(cap->scope), "w%lld:canary", wave);
    } else if (stage == BRAKE_OPEN) {
        ramp_add(caps, facts, now);
    }
    if (brakes->per_hour > 0) {
        cap = cap_add(caps, SPAN_HOUR, brakes->per_hour, now);
        cap->reason = "wave_hour";
        snprintf(cap->scope, sizeof(cap->scope), "w%lld:all", wave);
    }
    if (brakes->per_domain_hour > 0 && !str_equal(facts->domain, "-") &&
        !str_equal(facts->domain, "other")) {
        cap = cap_add(caps, SPAN_HOUR, brakes->per_domain_hour, now);
        cap->reason = "domain_hour";
        snprintf(cap->scope, sizeof(cap->scope), "d:%.60s", facts->domain);
    }
    if (brakes->budget > 0 && facts->cost > 0) {
        cap = cap_add(caps, SPAN_EVER, brakes->budget, now);
        cap->costs = true;
        cap->reason = "budget";
        snprintf(cap->scope, sizeof(cap->scope), "w%lld:budget", wave);
    }
    if (brakes->call_centre && facts->centre_hour > 0) {
        cap = cap_add(caps, SPAN_HOUR, facts->centre_hour, now);
        cap->people = true;
        cap->reason = "call_centre";
        str_copy(cap->scope, sizeof(cap->scope), "centre");
    }
}

/* A provider is one for all waves, braked or not. */
static void provider_caps(struct brake_caps *caps, const struct brake_facts *facts, time_ms now)
{
    int64_t hour = facts->provider_hour;
    struct brake_cap *cap;
    if (facts->brakes->on && facts->brakes->per_provider_hour > 0 &&
        (hour == 0 || facts->brakes->per_provider_hour < hour))
        hour = facts->brakes->per_provider_hour;
    if (hour > 0) {
        cap = cap_add(caps, SPAN_HOUR, hour, now);
        cap->reason = "provider_hour";
        snprintf(cap->scope, sizeof(cap->scope), "p:%.24s/%.24s:hour", facts->channel,
                 facts->provider);
    }
    if (facts->quota > 0) {
        cap = cap_add(caps, SPAN_DAY, facts->quota, now);
        cap->reason = "quota";
        snprintf(cap->scope, sizeof(cap->scope), "p:%.24s/%.24s:day", facts->channel,
                 facts->provider);
    }
}

void brake_caps_make(struct brake_caps *ret_caps, const struct brake_facts *facts, time_ms now)
{
    ret_caps->n = 0;
    if (facts->brakes->on)
        wave_caps(ret_caps, facts, now);
    provider_caps(ret_caps, facts, now);
}

/* ---- The verdict. ---- */

static int64_t room_of(const struct brake_cap *cap, const struct brake_facts *facts,
                       const struct book *book)
{
    int64_t left = cap->limit - book_sum(book, cap->scope, cap->first, INT64_MAX);
    if (cap->costs)
        left = left / facts->cost;
    return left < 0 ? 0 : left;
}

static time_ms next_of(const struct brake_cap *cap, const struct book *book)
{
    int64_t blocker;
    switch (cap->span) {
    case SPAN_HOUR:
        blocker = book_blocker(book, cap->scope, cap->first, cap->limit);
        return blocker == INT64_MIN ? TIME_NONE : (blocker + WINDOW + 1) * MINUTE;
    case SPAN_DAY:
        return (cap->bucket + 1) * DAY;
    case SPAN_STEP:
        return cap->next;
    case SPAN_EVER:
        break;
    }
    return TIME_NONE;
}

static void refuse(struct brake_verdict *verdict, const char *reason, time_ms next)
{
    *verdict = (struct brake_verdict){.room = 0, .next = next, .reason = reason};
}

/* The walls that are no counts. False: nothing may go. */
static bool pass_gates(struct brake_verdict *verdict, const struct brake_facts *facts, time_ms now)
{
    const struct brakes *brakes = facts->brakes;
    enum brake_stage stage = brake_stage_now(facts);
    if (brakes->on && brakes->start_at != TIME_NONE && now < brakes->start_at)
        refuse(verdict, "start_at", brakes->start_at);
    else if (stage == BRAKE_SEEDS)
        refuse(verdict, "seeds", TIME_NONE);
    else if (stage == BRAKE_WAITING)
        refuse(verdict, "canary_waits", TIME_NONE);
    else if (stage == BRAKE_CANARY && !facts->ladder)
        refuse(verdict, "canary", TIME_NONE);
    else if (facts->balance == 0)
        refuse(verdict, "out_of_funds", now + 10 * MINUTE);
    else if (brakes->on && brakes->call_centre && facts->centre_hour > 0 &&
             !hours_open(facts->centre, facts->centre_zone, now))
        refuse(verdict, "call_centre_closed",
               hours_opens(facts->centre, &facts->centre_zone, 1, now));
    else if (facts->quiet != NULL && !brakes->urgent && facts->n_zones > 0 &&
             hours_opens(facts->quiet, facts->zones, facts->n_zones, now) > now)
        refuse(verdict, "quiet_hours",
               hours_opens(facts->quiet, facts->zones, facts->n_zones, now));
    else
        return true;
    return false;
}

void brake_judge(struct brake_verdict *ret, const struct brake_facts *facts,
                 const struct book *book, time_ms now)
{
    struct brake_caps caps;
    *ret = (struct brake_verdict){.room = INT64_MAX, .next = now};
    if (!pass_gates(ret, facts, now))
        return;
    brake_caps_make(&caps, facts, now);
    for (unsigned i = 0; i < caps.n; i++) {
        const struct brake_cap *cap = &caps.list[i];
        int64_t room = room_of(cap, facts, book);
        if (room >= ret->room && !(room == 0 && cap->costs))
            continue;
        ret->room = room;
        ret->reason = cap->reason;
        ret->next = room == 0 ? next_of(cap, book) : now;
        ret->stop = room == 0 && cap->costs;
    }
    if (ret->room > 0)
        ret->stop = false;
    if (ret->room == INT64_MAX)
        ret->reason = NULL;
    if (facts->balance > 0 && facts->balance < ret->room)
        ret->room = facts->balance;
}

/* ---- What stops by itself. ---- */

const char *brake_stop_reason(const struct brakes *brakes, const struct brake_tally *tally)
{
    if (!brakes->on)
        return NULL;
    if (brakes->policy_blocks > 0 && tally->blocked >= brakes->policy_blocks)
        return "policy_block";
    if (tally->sent < brakes->sample || tally->sent == 0)
        return NULL;
    if (brakes->complaints > 0 && tally->complained * 1000 > brakes->complaints * tally->sent)
        return "complaint_rate";
    if (brakes->bounces > 0 && tally->bounced * 1000 > brakes->bounces * tally->sent)
        return "bounce_rate";
    return NULL;
}

/* Less than a quarter of what it used to report; nothing at all where nothing is known of it. */
bool brake_silent(const struct brake_reports *r)
{
    if (r->sent < r->sample || r->sent <= 0)
        return false;
    if (r->usual_sent < USUAL_LEAST || r->usual_reported == 0)
        return r->reported == 0;
    return r->reported * r->usual_sent * SILENT_SHARE < r->usual_reported * r->sent;
}

/* ---- When it will be done. ---- */

/* How many go in the hour from `at`, as far as caps, hours and the provider let them. */
static int64_t hour_takes(const struct brake_course *course, time_ms at, const int64_t *day_left)
{
    const struct brake_facts *facts = course->facts;
    const struct brakes *brakes = facts->brakes;
    int64_t open = HOUR, takes;
    if (brakes->on && brakes->start_at != TIME_NONE && at < brakes->start_at)
        return 0;
    if (facts->quiet != NULL && !brakes->urgent && facts->n_zones > 0)
        open = hours_open_ms(facts->quiet, facts->zones, facts->n_zones, at, open);
    if (brakes->on && brakes->call_centre && facts->centre_hour > 0)
        open = hours_open_ms(facts->centre, &facts->centre_zone, 1, at, open);
    takes = course->rate > 0 ? (int64_t)(course->rate * (double)open / 1000.0) : INT64_MAX;
    struct brake_caps caps;
    brake_caps_make(&caps, facts, at);
    for (unsigned i = 0; i < caps.n; i++) {
        int64_t limit = caps.list[i].limit;
        if (caps.list[i].span == SPAN_DAY || caps.list[i].span == SPAN_EVER)
            continue;
        takes = limit < takes ? limit : takes;
    }
    takes = *day_left >= 0 && *day_left < takes ? *day_left : takes;
    return open == 0 ? 0 : takes;
}

static int64_t quota_left(const struct brake_course *course, time_ms now)
{
    char scope[BOOK_SCOPE_SIZE];
    const struct brake_facts *facts = course->facts;
    snprintf(scope, sizeof(scope), "p:%.24s/%.24s:day", facts->channel, facts->provider);
    int64_t left = facts->quota - book_sum(course->book, scope, now / DAY, INT64_MAX);
    return facts->quota == 0 ? -1 : left < 0 ? 0 : left;
}

/* What is left of this hour is walked by what its caps have left; later hours begin afresh. */
static int64_t first_takes(const struct brake_course *course, time_ms now, int64_t most)
{
    struct brake_verdict verdict;
    brake_judge(&verdict, course->facts, course->book, now);
    return verdict.room < most ? verdict.room : most;
}

time_ms brake_eta(const struct brake_course *course, time_ms now)
{
    enum brake_stage stage = brake_stage_now(course->facts);
    int64_t left = course->remaining, day_left = quota_left(course, now);
    if (left <= 0)
        return now;
    if (stage == BRAKE_WAITING || stage == BRAKE_CANARY || stage == BRAKE_SEEDS)
        return TIME_NONE;
    for (unsigned i = 0; i < ETA_HOURS; i++) {
        time_ms at = now + i * HOUR;
        if (i > 0 && at / DAY != (at - HOUR) / DAY)
            day_left = course->facts->quota == 0 ? -1 : course->facts->quota;
        int64_t takes = hour_takes(course, at, &day_left);
        if (i == 0)
            takes = first_takes(course, now, takes);
        if (takes >= left) {
            double share = takes == INT64_MAX ? 0 : (double)left / (double)takes;
            return takes == INT64_MAX ? TIME_NONE : at + (int64_t)(share * (double)HOUR);
        }
        left -= takes;
        if (day_left >= 0)
            day_left -= takes;
    }
    return TIME_NONE;
}
