/* resources.h - the handlers of routes.c, by resource. Each owes one answer. */
#pragma once

struct call;

/* incidents.c */
void incidents_post(struct call *call);
void incidents_list(struct call *call);
void incidents_get(struct call *call);
/* patch.c */
void incidents_patch(struct call *call);
/* waves.c */
void waves_post(struct call *call);
void waves_list(struct call *call);
void wave_get(struct call *call);
void notices_list(struct call *call);
void notice_get(struct call *call);
/* holds.c */
void hold_post(struct call *call);
void holds_list(struct call *call);
void hold_resume_post(struct call *call);
void facts_post(struct call *call);
/* uploads.c */
void recipients_post(struct call *call);
void recipients_part_put(struct call *call);
void recipients_commit(struct call *call);
/* rejected.c */
void rejected_get(struct call *call);
/* warnings.c, waivers.c */
void warnings_get(struct call *call);
void rejected_decide(struct call *call);
/* roster.c, reconciliation.c */
void roster_get(struct call *call);
void upload_discard_post(struct call *call);
void reconciliation_get(struct call *call);
/* decisions.c */
void approvals_post(struct call *call);
void release_post(struct call *call);
void resume_post(struct call *call);
void cancel_post(struct call *call);
void review_post(struct call *call);
/* summary.c */
void approvals_get(struct call *call);
void samples_get(struct call *call);
/* progress.c */
void progress_route(struct call *call);
/* brakes.c */
void wave_continue_post(struct call *call);
/* preview.c */
void preview_get(struct call *call);
void rehearsal_get(struct call *call);
/* people.c */
void person_get(struct call *call);
void person_decide(struct call *call);
/* law.c */
void law_evaluate_post(struct call *call);
/* duties.c */
void plan_post(struct call *call);
void duty_post(struct call *call);
void obligations_get(struct call *call);
void not_notifying_post(struct call *call);
/* receipts.c */
void receipts_get(struct call *call);
/* evidence.c */
void evidence_get(struct call *call);
/* log.c */
void receipt_proof_get(struct call *call);
void log_checkpoint_get(struct call *call);
void log_key_get(struct call *call);
void log_tile_get(struct call *call);
void log_entries_get(struct call *call);
void log_consistency_get(struct call *call);
void log_shards_get(struct call *call);
/* reports.c */
void report_post(struct call *call);
/* banners.c */
void banners_get(struct call *call);
void banner_event_post(struct call *call);
/* written_requests.c */
void written_requests_post(struct call *call);
void written_requests_list(struct call *call);
void written_request_get(struct call *call);
void written_request_decide(struct call *call);
/* tokens.c */
void tokens_post(struct call *call);
void tokens_list(struct call *call);
void token_delete(struct call *call);
/* claim.c */
void token_claim_post(struct call *call);
/* erasures.c */
void preferences_put(struct call *call);
void preferences_lookup(struct call *call);
void erasures_post(struct call *call);
void incident_erasure_post(struct call *call);
void retention_get(struct call *call);
void retention_put(struct call *call);
/* backups.c */
void backups_post(struct call *call);
void backups_get_all(struct call *call);
void backup_get(struct call *call);
/* preflights.c */
void preflight_post(struct call *call);
void preflight_get(struct call *call);
/* restores.c */
void restores_get(struct call *call);
void restore_people_get(struct call *call);
void restore_approve_post(struct call *call);
/* health.c, metrics.c, help.c */
void healthz_get(struct call *call);
void readyz_get(struct call *call);
void metrics_get(struct call *call);
void openapi_get(struct call *call);
void problem_get(struct call *call);
