/* store.h - the domain verbs of the store, by aggregate: no SQL above this line. What holds for all
 * of them stands at the head of store_request.h; the log, forgetting, backups and evidence have
 * headers of their own. */
#pragma once
#include "tocsin/store_access.h"
#include "tocsin/store_approval.h"
#include "tocsin/store_brake.h"
#include "tocsin/store_chunk.h"
#include "tocsin/store_desk.h"
#include "tocsin/store_duty.h"
#include "tocsin/store_hold.h"
#include "tocsin/store_incident.h"
#include "tocsin/store_receipt.h"
#include "tocsin/store_request.h"
#include "tocsin/store_roster.h"
#include "tocsin/store_wave.h"
