/* commands.c - the table of commands: to add one, write its run function and a row here. */

/* This module. */
#include "service/ctl/ctl.h"

#define OPTIONS_END                                                                                \
    {                                                                                              \
        NULL, 0, NULL, NULL                                                                        \
    }

const struct ctl_option ctl_globals[] = {
    {"url", 0, "URL", "the server (default $TOCSIN_URL, else http://127.0.0.1:8080)"},
    {"token", 0, "TOKEN", "the bearer token; others on this machine may see it: prefer a file"},
    {"token-file", 0, "FILE", "a file that holds the token (default $TOCSIN_TOKEN_FILE)"},
    {"json", 0, NULL, "print the server's JSON as it is"},
    {"help", 'h', NULL, "tell more"},
    {"version", 0, NULL, "print the version"},
    OPTIONS_END,
};

static const struct ctl_option create_options[] = {
    {"idempotency-key", 0, "KEY", "repeat a call safely: the same key gives the same incident"},
    OPTIONS_END,
};

static const struct ctl_option upload_options[] = {
    {"type", 0, "csv|ndjson", "what the file is (default: by its suffix)"},
    {"resume", 0, NULL, "in parts, going on where an upload that broke off had come to"},
    {"part-size", 0, "SIZE", "size of a part, like 512K or 8M (default 8M)"},
    {"retries", 0, "N", "tries again for a part that did not get through (default 5)"},
    {"charset", 0, "NAME",
     "what a CSV is encoded in, when it cannot be told: windows-1252, utf-16le"},
    {"expect", 0, "N", "how many people you count on: a difference is shown before the approval"},
    {"replace", 0, NULL, "in place of all that was uploaded before"},
    {"repair", 0, NULL, "corrections: each row names a refused one in its column rejected_row"},
    OPTIONS_END,
};

static const struct ctl_option discard_options[] = {
    {"reason", 0, "TEXT", "why (needed)"},
    OPTIONS_END,
};

static const struct ctl_option waive_options[] = {
    {"rows", 0, "N,N", "numbers from the list of refused rows"},
    {"all", 0, NULL, "all that nobody decided about"},
    {"reason", 0, "TEXT", "why no notice is needed (needed)"},
    OPTIONS_END,
};

static const struct ctl_option rejected_options[] = {
    {"file", 0, "FILE", "the file that was uploaded: tells its lines, also when it went in parts"},
    {"type", 0, "csv|ndjson", "what the file is (default: by its suffix)"},
    {"part-size", 0, "SIZE", "as in the upload (default 8M)"},
    {"undecided", 0, NULL, "only those that nobody decided about"},
    OPTIONS_END,
};

static const struct ctl_option preview_options[] = {
    {"recipient", 'r', "ID", "your id of the person (needed)"},
    {"channel", 'c', "NAME", "email, sms, postal, banner (needed)"},
    {"only", 0, "MEMBER", "print this member alone, as it is (html, text, subject)"},
    OPTIONS_END,
};

static const struct ctl_option hold_options[] = {
    {"reason", 0, "TEXT", "why (needed)"},
    {"wave", 0, "N", "of this wave alone"},
    {"jurisdiction", 0, "PLACE", "of this jurisdiction alone, like US-CA"},
    {"channel", 'c', "NAME", "of this channel alone"},
    {"recipient", 'r', "ID", "of this person alone"},
    {"code", 0, "hold|order_rule", "order_rule: until the regulator is told (see fact)"},
    {"agency", 0, "NAME", "the law enforcement agency that asks for it"},
    {"officer", 0, "NAME", "who asks for it"},
    {"until", 0, "TIME", "an alarm, RFC 3339; it never resumes by itself"},
    OPTIONS_END,
};

static const struct ctl_option wave_resume_options[] = {
    {"notice-version", 0, "N", "go on with this one: the wave's own, or the newest, approved"},
    {"reason", 0, "TEXT", "why; it is sealed with the receipt"},
    OPTIONS_END,
};

static const struct ctl_option resume_options[] = {
    {"hold", 0, "ID", "lift this hold (see holds)"},
    OPTIONS_END,
};

static const struct ctl_option plan_options[] = {
    {"ics", 0, "FILE", "write the deadlines as a calendar file too"},
    OPTIONS_END,
};

static const struct ctl_option duty_options[] = {
    {"done-at", 0, "TIME", "when it was done, RFC 3339 or a day"},
    {"reference", 0, "TEXT", "the regulator's, or ours; sealed"},
    {"attachment", 0, "HEX", "SHA-256 of what was handed in"},
    {"override", 0, NULL, "let people be told although it is not done; approvers, with --note"},
    {"note", 0, "TEXT", "why; sealed"},
    OPTIONS_END,
};

static const struct ctl_option fact_options[] = {
    {"jurisdiction", 0, "PLACE", "whose regulator is told (needed)"},
    {"note", 0, "TEXT", "how; it is sealed with the receipt"},
    OPTIONS_END,
};

static const struct ctl_option patch_options[] = {
    {"reason", 0, "TEXT", "why (needed); it is kept with old and new value"},
    {"version", 0, "N", "the version that you read (default: as it is now)"},
    OPTIONS_END,
};

static const struct ctl_option rehearse_options[] = {
    {"limit", 0, "N", "name up to this many people who would not be told (default 100)"},
    OPTIONS_END,
};

static const struct ctl_option decide_options[] = {
    {"channel", 'c', "NAME", "the channel whose message is in doubt (needed)"},
    {"decision", 0, "sent|resend|next_rung", "what is decided (needed)"},
    {"note", 0, "TEXT", "why; it is sealed with the receipt"},
    OPTIONS_END,
};

static const struct ctl_option approve_options[] = {
    {"wave", 'w', "N", "this wave (default: the first)"},
    {"people", 0, "N", "the number of people, instead of typing it"},
    {"samples", 's', "DIR", "write a sample of every variant into this directory"},
    {"real", 0, NULL, "samples of real people (roles that may read people; it is a receipt)"},
    {"dry-run", 'n', NULL, "only show, approve nothing"},
    OPTIONS_END,
};

static const struct ctl_option release_options[] = {
    {"alone", 0, NULL, "without an approval, where that is configured; it is alarmed"},
    {"reason", 0, "TEXT", "with --alone: why; it stands in the receipt"},
    OPTIONS_END,
};

static const struct ctl_option review_options[] = {
    {"note", 0, "TEXT", "what you found; it is sealed with the receipt"},
    OPTIONS_END,
};

static const struct ctl_option status_options[] = {
    {"watch", 'w', NULL, "go on until everything has settled"},
    {"interval", 0, "SECONDS", "with --watch: how often to look (default 2)"},
    OPTIONS_END,
};

static const struct ctl_option receipts_options[] = {
    {"format", 'f', "csv|ndjson", "default ndjson; also by the suffix of the output file"},
    {"output", 'o', "FILE", "write to a file, which appears only when it is whole"},
    {"recipient", 'r', "ID", "of this person only"},
    {"limit", 0, "N", "in pages of this many (default: one stream)"},
    OPTIONS_END,
};

static const struct ctl_option erase_options[] = {
    {"recipient", 'r', "ID", "your id of the person"},
    {"account", 0, "ID", "or the account of the person"},
    {"incident", 'i', "ID", "in this incident"},
    {"all", 0, NULL, "or in all of them"},
    {"basis", 0, "REF", "the legal basis, as gdpr-17-1-b; it stands in the receipt (needed)"},
    OPTIONS_END,
};

static const struct ctl_option retention_options[] = {
    {"months", 0, "N", "keep it this long after it has settled; 0 = as configured"},
    {"legal-hold", 0, "on|off", "set or lift a legal hold"},
    {"reason", 0, "TEXT", "why (needed for a change)"},
    OPTIONS_END,
};

static const struct ctl_option restore_options[] = {
    {"reason", 0, "TEXT", "what was compared, and why it may go on (needed)"},
    {"missing", 0, "N",
     "receipts that others have seen and this store lacks, as restore status says"},
    OPTIONS_END,
};

static const struct ctl_option preflight_options[] = {
    {"no-messages", 0, NULL, "send nothing; only look"},
    {"last", 0, NULL, "show the last result instead"},
    OPTIONS_END,
};

static const struct ctl_option backup_options[] = {
    {"to", 0, "FILE", "fetch the copy too, and check it (admin)"},
    {"list", 0, NULL, "only show the copies there are"},
    OPTIONS_END,
};

static const struct ctl_option key_split_options[] = {
    {"shares", 0, "N", "how many there are to be (needed)"},
    {"threshold", 0, "K", "how many of them give the key back (needed)"},
    {"output", 'o', "PREFIX", "write PREFIX.share-1, ... (default: the key's file)"},
    OPTIONS_END,
};

static const struct ctl_option key_join_options[] = {
    {"output", 'o', "FILE", "where the key goes; it must not be there yet (needed)"},
    OPTIONS_END,
};

static const struct ctl_option requests_list_options[] = {
    {"incident", 'i', "ID", "of this incident only"},
    OPTIONS_END,
};

static const struct ctl_option requests_create_options[] = {
    {"file", 0, "FILE", "the whole request as JSON (- = standard input)"},
    {"incident", 'i', "ID", "the incident"},
    {"recipient", 'r', "ID", "your id of the person"},
    {"channel-received", 0, "NAME", "how the person asked: web, email, phone, post, chat, ..."},
    {"note", 0, "TEXT", "a note for the file"},
    {"idempotency-key", 0, "KEY", "repeat a call safely"},
    OPTIONS_END,
};

static const struct ctl_option evidence_options[] = {
    {"output", 'o', "FILE", "the archive (- = standard output; needed)"},
    OPTIONS_END,
};

static const struct ctl_option verify_options[] = {
    {"key", 0, "VKEY", "the verifier key of the log (default: asked of the server itself)"},
    {"from", 0, "FILE", "an earlier checkpoint that the log must extend"},
    {"old-key", 0, "VKEY", "with --from of a log that has ended: its verifier key"},
    {"save", 0, "FILE", "keep the checkpoint that was verified, for --from next time"},
    {"witness", 0, "VKEY", "this witness must have cosigned"},
    {"tiles-only", 0, NULL, "hash tiles, not entries (which need the role compliance or admin)"},
    {"receipt", 0, "FILE", "with a proof: the leaf that it proves"},
    {"tsa", 0, "FILE", "with an archive: the certificate (PEM) of the timestamp authority"},
    {"recipient", 'r', "ID", "with an archive: what it proves of this person, in words"},
    OPTIONS_END,
};

static const struct ctl_option rules_options[] = {
    {"rules", 0, "DIR", "the folder of rules (default $TOCSIN_RULES, else the installed one)"},
    {"overlay", 0, "FILE", "counsel's file over them"},
    OPTIONS_END,
};

static const struct ctl_option keygen_options[] = {
    {"name", 0, "NAME", "the log's origin, such as notify.example.org/log (needed)"},
    {"witness", 0, NULL, "a key for a witness, not for a log"},
    OPTIONS_END,
};

static const struct ctl_option proof_options[] = {
    {"output", 'o', "FILE", "the proof goes there (default: standard output)"},
    {"leaf", 0, "FILE", "and the receipt's leaf, byte for byte, there"},
    OPTIONS_END,
};

static const struct ctl_option witness_options[] = {
    {"listen", 0, "ADDRESS", "such as 127.0.0.1:8081 (needed)"},
    {"allow-public", 0, NULL, "also addresses that others reach"},
    {"key", 0, "FILE", "its signing key: log keygen FILE --name NAME --witness (needed)"},
    {"log-vkey", 0, "VKEY", "the verifier key of the log (needed)"},
    {"state", 0, "FILE", "what it saw last; made at its first checkpoint (needed)"},
    OPTIONS_END,
};

static const struct ctl_option continue_options[] = {
    {"wave", 0, "N", "which wave, by its ordinal (default: 1)"},
    {"scope", 0, "SCOPE", "one stop only, as status shows it, such as email or email|gmail.com"},
    {"note", 0, "TEXT", "why; sealed with the receipt"},
    OPTIONS_END,
};

static const struct ctl_option token_options[] = {
    {"role", 0, "ROLES",
     "responder, approver, compliance, operator, app, admin; commas between (needed)"},
    {"name", 0, "NAME", "whose it is (needed)"},
    {"invite", 0, NULL, "an invitation: its person claims a credential that you never see"},
    OPTIONS_END,
};

static const char upload_help[] =
    "FILE is CSV (a header row; columns like address_line1) or NDJSON (one object a line); - is\n"
    "standard input, with --type. A CSV may be as a spreadsheet wrote it: how it was read is "
    "shown. Files over 64 MiB, and all with --resume, go in parts: what has\n"
    "arrived stays, and FILE.tocsin-parts remembers it until the upload is whole.";

const struct ctl_command ctl_commands[] = {
    {"incident create", "FILE", 1, "Open an incident described in a JSON file (- = standard input)",
     "The server describes every member at /v1/openapi.yaml. Prints the id of the incident.",
     create_options, run_incident_create},
    {"incident list", "", 0, "List the incidents, newest first", NULL, NULL, run_incident_list},
    {"incident show", "ID", 1, "Show one incident, all that is known of it", NULL, NULL,
     run_incident_show},
    {"incident patch", "ID FILE", 2, "Change facts, dates, organisation, notes",
     "FILE is a JSON merge patch (RFC 7396). What is sent by it becomes a new notice version;\n"
     "waves that are not released must be approved again.",
     patch_options, run_incident_patch},
    {"incident reconcile", "ID", 1, "Show what became of every row of every upload",
     "Exit code 1 when they do not add up.", NULL, run_incident_reconcile},
    {"recipients summary", "ID", 1, "Show what the roster is made of, before it is approved", NULL,
     NULL, run_recipients_summary},
    {"recipients discard", "ID UPLOAD", 2, "Take an upload back, before anything is released",
     "tocsin recipients summary ID lists the uploads.", discard_options, run_recipients_discard},
    {"recipients upload", "ID FILE", 2, "Upload the people to tell", upload_help, upload_options,
     run_recipients_upload},
    {"recipients rejected", "ID", 1, "List the rows that were refused, and why",
     "Lines are counted within what was sent; --file translates those of parts into lines of it.",
     rejected_options, run_recipients_rejected},
    {"recipients warnings", "ID", 1, "List the fields that were repaired or left out, and why",
     NULL, NULL, run_recipients_warnings},
    {"recipients waive", "ID", 1, "Say that refused rows need no notice: a release waits for it",
     "Another person than the one who uploaded them must do this; each row gets a receipt. Rows "
     "that "
     "need a notice are corrected with tocsin recipients upload ID FILE --repair.",
     waive_options, run_recipients_waive},
    {"recipients show", "ID RECIPIENT", 2, "Show what happened to one person", NULL, NULL,
     run_recipients_show},
    {"preview", "ID", 1, "Show exactly what one person would get",
     "Markup is printed for reading; tocsin preview ID -r R -c email --only html > notice.html "
     "keeps it.",
     preview_options, run_preview},
    {"rehearse", "ID", 1, "Show what a release would do: who would not be told, and why", NULL,
     rehearse_options, run_rehearse},
    {"approve", "ID", 1, "Show what would be sent, ask for the number of people, and approve it",
     "Another person than the author must do this. Any later change voids it. At a terminal the\n"
     "summary is shown and the number of people is asked for; elsewhere --people gives it, and\n"
     "without it the approval is of what is there now, unseen.",
     approve_options, run_approve},
    {"release", "ID", 1, "Release: from now on people are told",
     "What changed since the approval is named; the notice is then approved again.",
     release_options, run_release},
    {"review", "ID", 1, "Confirm that you have looked at what one person released alone",
     "The alarm of a release --alone ends with it.", review_options, run_review},
    {"hold", "ID", 1, "Stop: nothing more leaves until it is resumed",
     "The whole incident, letters on request too, or what the options narrow it to.", hold_options,
     run_hold},
    {"holds", "ID", 1, "List the holds", NULL, NULL, run_holds},
    {"resume", "ID", 1, "Go on after a hold",
     "The first to say it asks; another person says it too, and it goes on.", resume_options,
     run_resume},
    {"fact", "ID", 1, "Record that a jurisdiction's regulator is told",
     "Lifts the holds of code order_rule that waited for it.", fact_options, run_fact},
    {"wave create", "ID FILE", 2, "Open one more wave: correction, update, late addition, re-mail",
     "FILE is JSON: kind, audience, facts, notice_version, channels, schedule, caps.",
     create_options, run_wave_create},
    {"wave list", "ID", 1, "List the waves of an incident", NULL, NULL, run_wave_list},
    {"wave show", "ID N", 2, "Show one wave", NULL, NULL, run_wave_show},
    {"wave approve", "ID N", 2, "Approve a wave",
     "A released wave that is held is approved as it would go on.", NULL, run_wave_approve},
    {"wave release", "ID N", 2, "Let a wave go", NULL, NULL, run_wave_release},
    {"wave hold", "ID N", 2, "Stop one wave", NULL, hold_options, run_wave_hold},
    {"wave resume", "ID N", 2, "Go on with a wave after a hold",
     "The first to say it asks; another person says it too, and it goes on.", wave_resume_options,
     run_wave_resume},
    {"wave cancel", "ID N", 2, "End a wave for good", NULL, NULL, run_wave_cancel},
    {"wave continue", "ID", 1, "Go on behind the canary, or after what stopped by itself",
     "Look at tocsin status first. What stopped by itself is lifted by an approver.",
     continue_options, run_wave_continue},
    {"cancel", "ID", 1, "End it for good: nothing more leaves", NULL, NULL, run_cancel},
    {"decide", "ID RECIPIENT", 2,
     "Decide about a message of which nobody knows whether it was sent (state asked)",
     "sent: it was, count it as accepted; resend: send it again; next_rung: use the next channel.",
     decide_options, run_decide},
    {"status", "ID", 1, "Show how far it has come",
     "With --watch a terminal is redrawn; into a pipe goes a line for each change. It ends when\n"
     "everything has settled, or the incident was canceled.",
     status_options, run_status},
    {"receipts", "ID", 1, "Export the receipts of an incident",
     "All of them. --json is --format ndjson.", receipts_options, run_receipts},
    {"erase", "", 0, "Forget a person, or with --incident alone a whole incident",
     "It cannot be undone. Receipts stay, and go on to verify. Refused while a notice or a "
     "request\n"
     "is open, or a legal hold stands.",
     erase_options, run_erase},
    {"retention", "ID", 1, "Show or change how long an incident is kept", NULL, retention_options,
     run_retention},
    {"preflight", "", 0, "Check that everything is there that a night of notices needs",
     "Sends a test message to each address under preflight.addresses, and looks at clock, disk,\n"
     "copies, keys, providers, certificates, callbacks and the DNS. Exit code 1: a check failed.",
     preflight_options, run_preflight},
    {"backup", "", 0, "Make a copy of the store while it is served",
     "It lands in the configured directory. Exit code 0: it is whole, on the disk, and described "
     "by\nits manifest.",
     backup_options, run_backup},
    {"restore status", "", 0, "Show what a restored store does not know, and what others saw", NULL,
     NULL, run_restore_status},
    {"restore people", "", 0, "List of whom a restored store does not know whether they were told",
     NULL, NULL, run_restore_people},
    {"restore approve", "", 0, "Let a store that was restored from a copy go on", NULL,
     restore_options, run_restore_approve},
    {"key split", "FILE", 1, "Split a key file into shares for several people",
     "Any K of the shares give the key back, fewer tell nothing (Shamir 1979). Print them, or "
     "give\n"
     "each file to another person, then remove the files. No server is asked.",
     key_split_options, run_key_split},
    {"key join", "", 0, "Put a key together from shares on standard input, one a line", NULL,
     key_join_options, run_key_join},
    {"evidence", "ID", 1, "Save everything about an incident as one archive for auditors",
     "A .tar.gz: receipts, people, notices, decisions, summary, proofs. tocsin verify FILE checks "
     "it.",
     evidence_options, run_evidence},
    {"requests list", "", 0, "List the requests for a written notice", NULL, requests_list_options,
     run_requests_list},
    {"requests create", "", 0, "Enter a request for a written notice",
     "Give --file, or --incident, --recipient and --channel-received. The file may tell who asks "
     "by\n"
     "name, email, phone, account_id or postal_code instead, and where the letter goes (address).",
     requests_create_options, run_requests_create},
    {"requests show", "ID", 1, "Show one request and its steps", NULL, NULL, run_requests_show},
    {"verify", "[FILE]", CTL_WORD_OPTIONAL,
     "Verify an archive of evidence, one receipt's proof, or the log of --url",
     "An archive (of tocsin evidence) needs no server and no network: hashes, signature, every\n"
     "receipt in the log's tree, openings, sums.\n"
     "The log: its checkpoint, tiles and entries are fetched and hashed again. A proof needs "
     "--receipt\n"
     "and --key, and no network. Exit code 1, and the first thing that is wrong, if it does not "
     "hold.",
     verify_options, run_verify},
    {"plan", "ID", 1, "Say who must be told of an incident by law, by when, and who has to wait",
     "Walks the roster and keeps the duties. Defaults; have counsel review them.", plan_options,
     run_plan},
    {"duty", "ID KEY", 2, "Record that a duty of the plan is done, or override it",
     "KEY is of the plan. People who waited for it go on.", duty_options, run_duty},
    {"obligations", "", 0, "List what is open over all incidents, by due date", NULL, NULL,
     run_obligations},
    {"law evaluate", "FILE", 1,
     "Say who must be told, how and by when, for any scenario (- = standard input)",
     "No server is asked. FILE holds facts and counts, as POST /v1/law/evaluate takes them. "
     "Defaults;\n"
     "have counsel review them.",
     rules_options, run_law_evaluate},
    {"rules list", "", 0, "List the rules of law, with the day of their review", NULL,
     rules_options, run_rules_list},
    {"rules show", "ID", 1, "Show one record, such as US-CA", NULL, rules_options, run_rules_show},
    {"rules check", "FILE", 1, "Check a file of your counsel against the rules",
     "Exit code 1, and the place, when something is wrong.", rules_options, run_rules_check},
    {"rules diff", "A B", 2, "Show what differs between two folders or records",
     "A and B are folders of rules, or ids of records.", rules_options, run_rules_diff},
    {"log keygen", "FILE", 1, "Make a signing key; its verifier key is printed",
     "The new file is of mode 0400. Put its path into log.key_file, and give the printed line to "
     "those\n"
     "who verify.",
     keygen_options, run_log_keygen},
    {"log proof", "RECEIPT", 1, "Fetch the proof that a receipt is in the log", NULL, proof_options,
     run_log_proof},
    {"witness", "", 0, "Run a witness: it cosigns a log that was never rewritten",
     "For another machine than the log's, run by somebody else. Its verifier key is printed at "
     "the\n"
     "start and belongs into log.witnesses of the log. Without its state file it must not go on.",
     witness_options, run_witness},
    {"token create", "", 0, "Make a token; it is shown this once", NULL, token_options,
     run_token_create},
    {"token claim", "", 0, "Exchange an invitation on standard input for your own credential",
     "It is shown this once. The invitation opens nothing any more.", NULL, run_token_claim},
    {"token list", "", 0, "List the tokens, without their secrets", NULL, NULL, run_token_list},
    {"token revoke", "ID", 1, "Revoke a token at once", NULL, NULL, run_token_revoke},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};
