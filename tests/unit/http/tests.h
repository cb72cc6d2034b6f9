/* tests.h - the test groups of this folder. */
#pragma once
int run_router(void);
int run_gate(void);
int run_uri(void);
int run_problem(void);
