/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENGINE_MARK_H
#define EXM_ENGINE_MARK_H

#include <stdint.h>

/*
 * How far the engine is, at the start of the memfd that it hands on to the next one. The
 * monitor reads it (with pread(2): an engine that is the enemy may truncate the file), and
 * takes it as a hint, which can bring the engine's end or nothing.
 */
enum stream_stage {
	STREAM_IDLE,
	STREAM_READING, /* the line is being parsed */
	STREAM_WORKING, /* the line was parsed well, and its requests are carried out */
};

struct engine_mark {
	uint32_t magic;
	uint32_t beat;  /* another one with each step: a line, a request, an event */
	uint32_t stage; /* enum stream_stage */
};

#endif
