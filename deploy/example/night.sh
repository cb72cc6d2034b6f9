# night.sh - the night of `deploy/demo --night`: sourced by deploy/demo once tocsind and the providers are up.
#
# A spreadsheet in bad shape, two jurisdictions whose regulators come first, a provider that has suspended the account,
# a canary, an error found at half, hold, correction, people found late, callbacks that stop coming. At the end every
# row of every upload must have its fate, and nobody keeps the wrong text. Every wait ends by itself.
# shellcheck shell=bash disable=SC2154  # run, tocsin, people, ...: deploy/demo sets them

as() { TOCSIN_TOKEN=${!1} "$tocsin" "${@:2}"; }       # as approver approve ...
quietly() { "$@" >>"$run/log/night" 2>&1; }
mails() { find "$run/mails" -name '*.eml' | wc -l; }
letters() { find "$run/letters" -type f | wc -l; }
saying() { grep -l -r -F -- "$1" "$run/mails" 2>/dev/null | wc -l; }
sim_is() { curl -fsS -X POST -d '' "$sim/_sim/$1" >/dev/null; }
texts() { grep -s '"twilio"' "$run/ledger.ndjson" | wc -l; }
# wave N EXPRESSION: of the wave as JSON, a Python expression over w
wave() {
    as responder incident show "$incident" --json | python3 -c '
import json, sys
w = [w for w in json.load(sys.stdin)["waves"] if w["ordinal"] == int(sys.argv[1])][0]
b = w.get("brakes") or {}
sys.exit(not eval(sys.argv[2], {"w": w, "b": b, "stops": [s["reason"] for s in b.get("stops") or []]}))' "$1" "$2"
}
mails_over() { [ "$(mails)" -gt "$1" ]; }
go() { quietly as approver wave approve "$incident" "$1" && quietly as responder wave release "$incident" "$1"; }
go_on() { quietly as approver wave continue "$incident" --wave "$1" --note "Looked at it"; }

step "22:10  Rosa opens the incident and uploads what the export of the customers has made"
export TOCSIN_TOKEN=$responder
make_roster() { deploy/example/make_roster.py --people "$people" "$@"; }
make_roster --night --out "$run/roster.csv"
python3 - "$run/incident-night.json" "$run/right.json" <<'PY'
import json, sys
incident = json.load(open("deploy/example/incident.json", encoding="utf-8"))
right = incident["facts"]["what_happened"]
incident["facts"]["what_happened"] = right.replace("3 and 5 May", "3 and 5 June")
json.dump(incident, open(sys.argv[1], "w"))
json.dump({"facts": {"what_happened": right}}, open(sys.argv[2], "w"))
PY
incident=$("$tocsin" incident create "$run/incident-night.json" --json | member id)
say "How its letters are encoded is not guessed:"
"$tocsin" recipients upload "$incident" "$run/roster.csv" 2>"$run/refused.txt" && die "the encoding was guessed"
sed -n '2p' "$run/refused.txt" | sed 's/^ */    /'
say "Rosa asks who made it, and says it:"
"$tocsin" recipients upload "$incident" "$run/roster.csv" --charset windows-1252 | sed 's/^/    /'
"$tocsin" recipients warnings "$incident" >"$run/warnings.txt"
say "What was repaired or left out; these people are told all the same:"
head -n 6 "$run/warnings.txt" | sed 's/^/    /'
say "    ... ($(wc -l <"$run/warnings.txt") lines in all)"

step "22:20  Two rows have no customer number: nothing goes out while nobody has decided about them"
"$tocsin" recipients rejected "$incident" | sed 's/^/    /'
quietly as approver approve "$incident"
quietly as responder release "$incident" && die "it was released although refused rows are undecided"
row=$("$tocsin" recipients rejected "$incident" --json | python3 -c '
import json, sys
items = [json.loads(line) for line in sys.stdin if line.strip()]
print((items[0]["items"] if "items" in items[0] else items)[0]["row"])')
make_roster --repair "$row" --out "$run/repair.csv"
quietly "$tocsin" recipients upload "$incident" "$run/repair.csv" --repair
quietly as approver recipients waive "$incident" --all --reason "A line of totals, not a person"
say "Rosa found one of them and uploaded the correction; Paul waived the other and said why"

step "22:30  In Texas and Germany the authority must be told first: their people wait"
for place in US-TX EU-DE; do
    quietly "$tocsin" hold "$incident" --jurisdiction "$place" --code order_rule --reason "The authority comes first"
done

step "22:40  Paul approves, Rosa releases. The text message provider has suspended our account"
sim_is suspended/on
quietly as approver approve "$incident"
quietly as responder release "$incident"
wait_for 60 "the canary" wave 1 'b.get("stage") == "waiting"'
canary=$(mails)
sleep 2
[ "$(mails)" = "$canary" ] || die "more people got the notice behind the canary"
say "$canary messages went to the canary, then it waits for a person. Paul has looked: go on"
go_on 1

step "23:30  At half somebody reads it again: it says June, and it was May. Rosa holds it"
wait_for 120 "half of the mails" mails_over $((people * 3 / 10))
quietly "$tocsin" wave hold "$incident" 1 --reason "The month is wrong"
sleep 3
wrong=$(mails)
sleep 3
[ "$(mails)" = "$wrong" ] || die "mails left under the hold"
say "$wrong mails say the wrong month, and so do the banners in the accounts; nothing leaves any more"

step "23:50  The correction goes to those who got the wrong month by any way, and to nobody else"
quietly "$tocsin" incident patch "$incident" "$run/right.json" --reason "The month was wrong"
cat >"$run/correction.json" <<'JSON'
{"kind": "correction", "audience": {"told_with_notice": [1]},
 "facts": {"what_was_wrong": "We wrote that it happened in June. It happened in May."}}
JSON
quietly "$tocsin" wave create "$incident" "$run/correction.json"
go 2
wait_for 60 "the canary of the correction" wave 2 'b.get("stage") == "waiting"'
go_on 2
corrected() { [ "$(saying "It happened in May")" -ge "$wrong" ]; }
wait_for 120 "the correction" corrected
say "$(saying "It happened in May") corrections have gone out by mail"

step "00:10  Paul approves the right text and asks to go on; Petra, who may approve too, agrees"
quietly as approver wave approve "$incident" 1
petra=$(token_for "Petra Approver" approver)
quietly as petra wave resume "$incident" 1 --notice-version 2
quietly as approver wave resume "$incident" 1 --notice-version 2

step "00:40  Another 60 people are found. They get a wave of their own while the first one runs"
make_roster --late --out "$run/late.csv"
printf '{"kind": "late_addition"}' >"$run/late.json"
quietly "$tocsin" wave create "$incident" "$run/late.json"
"$tocsin" recipients upload "$incident" "$run/late.csv" | sed 's/^/    /'
go 3
wait_for 60 "the canary of the late wave" wave 3 'b.get("stage") == "waiting"'
go_on 3

step "01:30  The text messages: the provider refused them all, and nobody was given up for it"
wait_for 60 "the stop of the text messages" wave 1 '"provider_refused" in stops'
[ "$(texts)" = 0 ] || die "text messages were taken by a suspended account"
sim_is silent/on
sim_is suspended/off
some_texts() { [ "$(texts)" -ge 20 ]; }
wait_for 150 "the text messages" some_texts
say "the account works again: $(texts) text messages have left by themselves"

step "02:15  No report comes back about them: their callbacks do not reach us"
before=$(letters)
wait_for 60 "the stop for silence" wave 1 '"silence" in stops'
say "Tocsin noticed: nobody gets a letter because our own URL was broken. It is mended, and Paul says go on"
sim_is silent/off
sleep 4
say "letters before: $before, now: $(letters)"
go_on 1 || true
go_on 2 || true
go_on 3 || true

step "03:00  The authorities are told: Texas first, then Germany"
for place in US-TX EU-DE; do
    quietly "$tocsin" fact "$incident" --jurisdiction "$place"
done

step "04:00  The rest of the night (days of waiting for evidence are seconds here)"
settled() { wave 1 'w["state"] == "settled"' && wave 2 'w["state"] == "settled"' && wave 3 'w["state"] == "settled"'; }
wait_for 300 "the end of all three waves" settled

step "In the morning: every row of every upload, and what became of it"
as compliance incident reconcile "$incident" | sed 's/^/    /'
step "Anybody may verify the log of receipts"
as compliance verify --key "$log_key" --save "$run/checkpoint"
as compliance receipts "$incident" --output "$run/receipts.ndjson"
deploy/example/reckon_night.py "$run" || die "the night does not add up: see the receipts"
kill -0 "$daemon" 2>/dev/null || die "tocsind has gone: see ${run#"$PWD"/}/log/tocsind"
