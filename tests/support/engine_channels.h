/* engine_channels.h - the scripted channels of engine_rig.h. */
#pragma once
#include "tests/support/engine_rig.h"

extern const struct channel_driver scripted_drivers[RIG_CHANNELS];
extern const struct channel_driver scripted_ringing_sms;
extern const struct channel_driver scripted_asked_sms; /* the one that can be queried */
/* A machine dies: what lies in a provider's queue there leaves, or is gone, as the dice say. */
void scripted_crash(struct rig *rig);
/* The next channels that are opened belong to this rig. */
void scripted_bind(struct rig *rig);
void scripted_release(struct rig *rig, enum outcome_kind kind);
/* A crash: what hangs is gone without a callback. */
void scripted_forget(struct rig *rig);
