/* rigs.c - one entry per row of channels/registry.c. Add yours here. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "rigs.h"

#define FROM                                                                                       \
    "from: {name: Acme, line1: 1 Main St, city: Springfield, region: IL, postal_code: \"62701\", " \
    "country: US}\n"
#define HOOK "signing_secret_file: env:RIG_HOOK\nreport_secret_file: env:RIG_HOOK\n"
#define SIDS "account_sid: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nauth_token_file: env:RIG_SECRET\n"

#define RELAY                                                                                      \
    "relays: [{name: relay, host: 127.0.0.1, port: @PORT, starttls: \"off\", sessions: 1}]\n"
#define RELAY_ANY  "relays: [{name: r, host: 127.0.0.1}]\n"
#define RELAY_USER "relays: [{name: r, host: 127.0.0.1, user: u}]\n"
#define SENDER                                                                                     \
    "from: {name: Acme, address: notices@example.org}\nbounce_domain: bounce.example.org\n"
#define TIMES                                                                                      \
    "timeouts: {connect: 2s, greeting: 300ms, envelope: 2s, data: 2s, transfer: 2s, "              \
    "reply: 300ms, idle: 100ms, below_rfc: yes}\n"

static const struct rig rigs[] = {
    {.channel = "email",
     .provider = "smtp",
     .good = RELAY SENDER TIMES,
     .bad = {RELAY_ANY "timeouts: {reply: soon}\n" SENDER, RELAY_USER SENDER,
             RELAY_ANY "from: {name: Acme, address: nobody}\n"},
     .relay = true,
     .holds = true},
    {.channel = "sms",
     .provider = "twilio",
     .good = SIDS "from: \"+15005550006\"\nvalidity: 4h\n",
     .bad = {"from: \"+1\"\n", SIDS, SIDS "from: \"+1\"\nvalidity: 11h\n",
             SIDS "from: \"+1\"\nbase_url: http://api.example.org\n"},
     .status = 201,
     .body = "{\"sid\":\"SM1\",\"status\":\"queued\"}",
     .holds = true},
    {.channel = "sms",
     .provider = "kannel",
     .good = "sendsms_url: http://127.0.0.1:13013/cgi-bin/sendsms\nusername: u\n"
             "password_file: env:RIG_SECRET\nfrom: \"12345\"\n",
     .bad = {"username: u\n", "sendsms_url: gopher://x\n",
             "sendsms_url: http://h/x\nusername: u\npassword_file: secret\nfrom: \"1\"\n"},
     .status = 202,
     .body = "0: Accepted for delivery",
     .holds = true},
    {.channel = "sms",
     .provider = "webhook",
     .good = "url: https://hooks.example.org/sms\n" HOOK,
     .bad = {"url: https://x.example\n", HOOK, "url: http://x.example\n" HOOK,
             "url: https://u@x.example\n" HOOK},
     .status = 202,
     .body = "{\"reference\":\"r1\"}",
     .holds = true},
    {.channel = "voice",
     .provider = "webhook",
     .good = "url: https://hooks.example.org/voice\n" HOOK,
     .bad = {"url: https://x.example\n"},
     .status = 202,
     .body = "{}",
     .holds = true},
    {.channel = "postal",
     .provider = "lob",
     .good = "api_key_file: env:RIG_SECRET\nwebhook_secret_file: env:RIG_SECRET\n" FROM,
     .bad = {FROM, "api_key_file: env:RIG_SECRET\n",
             "api_key_file: env:RIG_SECRET\nmail_type: pigeon\n" FROM,
             "api_key_file: env:RIG_SECRET\nfrom_id: x\n"},
     .status = 200,
     .body = "{\"id\":\"ltr_1\"}",
     .holds = true,
     .undo_body = "{\"id\":\"ltr_1\",\"deleted\":true}",
     .found_body = "{\"data\":[{\"id\":\"ltr_1\",\"metadata\":{\"key\":\"key0\"}}]}"},
    {.channel = "postal",
     .provider = "postgrid",
     .good = "api_key_file: env:RIG_SECRET\nwebhook_secret_file: env:RIG_SECRET\n" FROM,
     .bad = {FROM, "api_key_file: env:RIG_SECRET\n",
             "api_key_file: env:RIG_SECRET\nsize: b5\n" FROM,
             "api_key_file: env:RIG_SECRET\nfrom_id: x\n"},
     .status = 201,
     .body = "{\"id\":\"letter_1\",\"status\":\"ready\"}",
     .holds = true,
     .undo_body = "{\"id\":\"letter_1\",\"status\":\"cancelled\"}",
     .found_body =
         "{\"data\":[{\"id\":\"letter_1\",\"status\":\"ready\",\"metadata\":{\"key\":\"key0\"}}]}"},
    {.channel = "postal",
     .provider = "spool",
     .good = "directory: \"@DIR\"\n",
     .bad = {"directory: relative/path\n"}},
    {.channel = "banner", .provider = "board", .good = "comment: none\n"},
    {.channel = "email",
     .provider = "discard",
     .good = "delay_ms: 30\n",
     .bad = {"delay_ms: 99999\n"},
     .holds = true},
    {.channel = "sms",
     .provider = "discard",
     .good = "delay_ms: 30\n",
     .bad = {"delay_ms: 99999\n"},
     .holds = true},
    {.channel = "voice",
     .provider = "discard",
     .good = "delay_ms: 30\n",
     .bad = {"delay_ms: 99999\n"},
     .holds = true},
    {.channel = "postal",
     .provider = "discard",
     .good = "delay_ms: 30\n",
     .bad = {"delay_ms: 99999\n"},
     .holds = true},
    {.channel = "banner",
     .provider = "discard",
     .good = "delay_ms: 30\n",
     .bad = {"delay_ms: 99999\n"},
     .holds = true},
};

const struct rig *rig_find(const struct channel_facts *facts)
{
    for (size_t i = 0; i < sizeof rigs / sizeof *rigs; i++)
        if (str_equal(rigs[i].channel, facts->channel) &&
            str_equal(rigs[i].provider, facts->provider))
            return &rigs[i];
    return NULL;
}
