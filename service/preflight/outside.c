/* outside.c - endpoints of providers and names of the DNS, asked on the lane and judged on the
 * loop.
 */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/probe/probe.h"
#include "service/preflight/endpoint.h"
#include "service/preflight/mail_text.h"
#include "service/preflight/names.h"
#include "service/preflight/run.h"

#define DAY_MS INT64_C(86400000)
enum { CERTIFICATE_WARN_DAYS = 21, CERTIFICATE_FAIL_DAYS = 3 };

/* ---- Endpoints ---- */

struct looking {
    struct lane_job job;
    struct run *run;
    struct check *reach, *certificate; /* certificate NULL: no TLS is meant */
    time_ms asked_at;
    struct endpoint_look look;
};

static void look_work(struct lane_job *job, unsigned thread)
{
    struct looking *it = container_of(job, struct looking, job);
    (void)thread;
    endpoint_look(&it->look);
}

static void judge_certificate(const struct looking *it)
{
    const struct endpoint_look *look = &it->look;
    struct check *check = it->certificate;
    const enum check_state bad = look->at.lax ? CHECK_WARNING : CHECK_FAILED;
    if (look->trust[0] != 0) {
        check_say(check, bad, "%s: renew it, or correct ca_file or the name.", look->trust);
        return;
    }
    if (!look->encrypted || look->not_after == TIME_NONE) {
        check_say(check, CHECK_NOT_CHECKED, "No certificate was seen: see that it is reachable.");
        return;
    }
    char until[TIME_TEXT_SIZE];
    const long long days = (long long)((look->not_after - run_now(it->run)) / DAY_MS);
    time_format(until, look->not_after);
    if (days < CERTIFICATE_FAIL_DAYS)
        check_say(check, CHECK_FAILED, "Its certificate ends in %lld days, at %s: renew it.", days,
                  until);
    else if (days < CERTIFICATE_WARN_DAYS)
        check_say(check, CHECK_WARNING, "Its certificate ends in %lld days, at %s: renew it.", days,
                  until);
    else
        check_say(check, CHECK_OK, "Its certificate is good until %s.", until);
}

/* A stranger's clock counts only behind a good certificate. */
static void hear_clock(const struct looking *it)
{
    struct run *run = it->run;
    if (it->look.date == TIME_NONE || !it->look.encrypted || it->look.trust[0] != 0)
        return;
    const int64_t now = run_now(run);
    int64_t drift = 0; /* the answer was written between asking and now, to the second */
    if (it->look.date > now)
        drift = now - it->look.date;
    else if (it->look.date + 1000 < it->asked_at)
        drift = it->asked_at - it->look.date - 1000;
    if ((drift < 0 ? -drift : drift) > (run->drift_ms < 0 ? -run->drift_ms : run->drift_ms))
        run->drift_ms = drift;
    run->clocks++;
}

static void look_done(struct lane_job *job)
{
    struct looking *it = container_of(job, struct looking, job);
    struct run *run = it->run;
    const struct endpoint_look *look = &it->look;
    if (look->problem[0] != 0 || !look->reached)
        check_say(it->reach, CHECK_FAILED,
                  "It cannot be reached (%s): look at the name, the network and the firewall.",
                  str_or(look->problem[0] ? look->problem : NULL, "no answer"));
    else
        check_say(it->reach, CHECK_OK, "It answers.");
    if (it->certificate != NULL)
        judge_certificate(it);
    hear_clock(it);
    mem_free(it);
    run_release(run);
}

void outside_look(struct run *run, const char *subject, const struct channel_endpoint *at)
{
    struct looking *it = mem_new(struct looking);
    const char *name = arena_printf(run->arena, "%s %s:%u", subject, at->host, at->port);
    it->run = run;
    it->reach = check_add(run, "reach", str_or(name, subject));
    if (at->protocol == CHANNEL_HTTPS || at->protocol == CHANNEL_SMTP_STARTTLS)
        it->certificate = check_add(run, "certificate", str_or(name, subject));
    it->look.at = *at;
    it->asked_at = run_now(run);
    it->job.work = look_work;
    it->job.done = look_done;
    run_hold(run);
    lane_submit(run->lane, &it->job);
}

/* ---- Names ---- */

struct asking {
    struct lane_job job;
    struct run *run;
    struct check *check;
    bool reverse; /* the addresses' names must lead back */
    struct mail_finding (*judge)(const char *const *texts, size_t n);
    struct name_ask ask;   /* the first question */
    struct name_ask other; /* PTR of an address */
    char wanted[254];
};

static void ask_work(struct lane_job *job, unsigned thread)
{
    struct asking *it = container_of(job, struct asking, job);
    (void)thread;
    name_ask(&it->ask);
    if (!it->reverse || it->ask.answer != NAME_FOUND)
        return;
    it->other.resolver = it->ask.resolver;
    it->other.type = NAME_POINTER;
    name_reversed(it->other.name, it->ask.texts[0]);
    name_ask(&it->other);
}

static void judge_texts(struct asking *it)
{
    static const enum check_state states[] = {
        [MAIL_GOOD] = CHECK_OK, [MAIL_WEAK] = CHECK_WARNING, [MAIL_BAD] = CHECK_FAILED};
    const char *texts[NAME_TEXTS_MAX];
    for (size_t i = 0; i < it->ask.n; i++)
        texts[i] = it->ask.texts[i];
    const struct mail_finding finding = it->judge(texts, it->ask.n);
    check_say(it->check, states[finding.verdict], "%s", finding.sentence);
}

static bool leads_back(const struct asking *it)
{
    for (size_t i = 0; i < it->other.n; i++)
        if (str_equal_nocase(it->other.texts[i], it->wanted))
            return true;
    return false;
}

static void judge_reverse(struct asking *it)
{
    if (it->ask.answer == NAME_NONE)
        check_say(it->check, CHECK_FAILED,
                  "The name has no address: publish one, or correct helo.");
    else if (it->other.answer == NAME_UNREACHABLE)
        check_say(it->check, CHECK_NOT_CHECKED,
                  "The DNS cannot be asked for the address's name: look at the resolver.");
    else if (!leads_back(it))
        check_say(it->check, CHECK_WARNING,
                  "The address %s has another name or none: have its PTR record set to this name.",
                  it->ask.texts[0]);
    else
        check_say(it->check, CHECK_OK, "Name and address lead to each other.");
}

static void ask_done(struct lane_job *job)
{
    struct asking *it = container_of(job, struct asking, job);
    struct run *run = it->run;
    if (it->ask.answer == NAME_UNREACHABLE)
        check_say(it->check, CHECK_NOT_CHECKED,
                  "The DNS cannot be asked: look at the resolver (preflight.resolver).");
    else if (it->reverse)
        judge_reverse(it);
    else
        judge_texts(it);
    mem_free(it);
    run_release(run);
}

static struct asking *ask_new(struct run *run, const char *check, const char *name)
{
    struct asking *it = mem_new(struct asking);
    it->run = run;
    it->check = check_add(run, check, name);
    it->ask.resolver = run->config->resolver;
    it->ask.type = NAME_TXT;
    str_copy(it->ask.name, sizeof(it->ask.name), name);
    it->job.work = ask_work;
    it->job.done = ask_done;
    run_hold(run);
    return it;
}

static void ask_text(struct run *run, const char *check, const char *name,
                     struct mail_finding (*judge)(const char *const *texts, size_t n))
{
    struct asking *it = ask_new(run, check, name);
    it->judge = judge;
    lane_submit(run->lane, &it->job);
}

static void mail_begin(struct run *run, const struct channel_reach *reach)
{
    char name[400];
    if (reach->mail_domain[0] == 0)
        return;
    ask_text(run, "spf", reach->mail_domain, spf_judge);
    snprintf(name, sizeof(name), "_dmarc.%s", reach->mail_domain);
    ask_text(run, "dmarc", name, dmarc_judge);
    if (reach->dkim_selector != NULL) {
        snprintf(name, sizeof(name), "%s._domainkey.%s", reach->dkim_selector, reach->mail_domain);
        ask_text(run, "dkim", name, dkim_judge);
    } else {
        check_say(check_add(run, "dkim", reach->mail_domain), CHECK_NOT_CHECKED,
                  "The relay's selector is not known: set dkim_selector in the channel's section.");
    }
    const char *helo = str_or(reach->helo, reach->mail_domain);
    struct asking *it = ask_new(run, "ptr", helo);
    it->ask.type = NAME_ADDRESS;
    it->reverse = true;
    str_copy(it->wanted, sizeof(it->wanted), helo);
    lane_submit(run->lane, &it->job);
}

void outside_begin(struct run *run)
{
    struct channel_reach *reach = mem_new(struct channel_reach);
    for (size_t i = 0; i < delivery_probe_channels(run->config->delivery); i++) {
        const struct delivery_channel *channel = delivery_probe_channel(run->config->delivery, i);
        if (channel->driver->reach == NULL)
            continue;
        *reach = (struct channel_reach){0};
        channel->driver->reach(channel->config, reach);
        for (size_t e = 0; e < reach->n; e++)
            outside_look(run, channel->driver->facts.provider, &reach->endpoints[e]);
        mail_begin(run, reach);
    }
    *reach = (struct channel_reach){0};
    channel_reach_add(reach, run->config->public_url);
    if (reach->n > 0)
        outside_look(run, "public_url", &reach->endpoints[0]);
    mem_free(reach);
}
