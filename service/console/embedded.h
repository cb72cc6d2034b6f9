/* embedded.h - bytes of static/, made by embed.cmake. */
#pragma once
#include <stddef.h>

extern const unsigned char console_css[], console_js[];
extern const size_t console_css_length, console_js_length;
