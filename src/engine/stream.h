/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STREAM_H
#define EXM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/engine_mark.h"

/*
 * The client's byte stream: lines in, lines out. What has been read but not
 * yet answered is kept in a memfd that outlives the engine, so that the next engine
 * can tell the client what became of its requests.
 */
enum {
	STREAM_LINE_MAX = 1 << 20,                  /* bytes of one line, without its end */
	STREAM_LOCKED_LINE_MAX = 4096,              /* the same before authentication */
	STREAM_ID_MAX = 128,                        /* bytes of an id that is a string */
	STREAM_ID_TEXT_MAX = 6 * STREAM_ID_MAX + 2, /* the same as JSON text, all escaped */
	STREAM_OPEN_MAX = 128,                      /* requests that wait for something */
};

struct stream_open {
	uint32_t used;
	uint32_t length;
	char id[STREAM_ID_TEXT_MAX];
};

struct stream_shared;

struct stream {
	int fd;
	struct stream_shared *shared;
	bool ended;        /* the client will say no more */
	int pass;          /* goes with the next line; -1: nothing */
	uint32_t hold_max; /* bytes of answers that are held */
};

/*
 * How many bytes the socket takes in one piece. To be asked before the sandbox is entered, in which
 * it cannot be.
 */
uint32_t stream_piece(int fd);

/* Maps the memfd and gives it its size if it is new. 0 or -errno. */
int stream_open(struct stream *stream, int fd, uint32_t piece, int memfd) must_check;

/* Reads what is there, and waits until something is, or a signal comes. 0 or -errno; sets ended. */
int stream_fill(struct stream *stream) must_check;

enum stream_line {
	STREAM_NOTHING,
	STREAM_LINE,
	STREAM_TOO_LONG, /* told once; the line is skipped up to its end */
};

/* The next complete line, which stays where it is until it is marked idle. */
enum stream_line stream_next(struct stream *stream, size_t max, const char **ret_line,
			     size_t *ret_length);
/* Marks how far the line got; STREAM_IDLE drops it. */
void stream_mark(struct stream *stream, enum stream_stage stage, size_t length);
/* Tells the monitor, without a system call, that this engine is getting on. */
void stream_beat(struct stream *stream);

/*
 * Writes a line, which includes its end, behind those that are held, however long the client takes.
 * 0 or -errno.
 */
int stream_write(struct stream *stream, const char *text, size_t length) must_check;

/* Has more of the client arrived than the line that is worked on? */
bool stream_has_more(const struct stream *stream);

/*
 * Holds a line, which includes its end, so that several are written at once. It is not lost with
 * the engine: the next one writes it. False if there is no room for it.
 */
bool stream_hold(struct stream *stream, const char *text, size_t length) must_check;
/* Writes what is held. 0 or -errno, and then it is dropped. */
int stream_flush(struct stream *stream);

/* A descriptor, which stays the caller's, goes with the first byte of the next line; -1: none does.
 */
void stream_pass(struct stream *stream, int fd);

/* Whether edits wait to be committed. */
void stream_set_edits(struct stream *stream, bool edits);
/* Whether units are watched. */
void stream_set_watches(struct stream *stream, bool watches);

/* A request that is answered later. Its slot, or -1 if there are too many. */
int stream_open_request(struct stream *stream, const char *id, size_t length);
void stream_close_request(struct stream *stream, int slot);

/* What the last engine left. */
struct stream_rest {
	enum stream_stage stage;
	const char *line; /* unless idle */
	size_t length;
	bool edits;
	bool watches;
};

struct stream_rest stream_rest(const struct stream *stream);
/* The slots that are in use; NULL if that one is not. */
const struct stream_open *stream_slot(const struct stream *stream, int slot);
/* Writes what the last engine held, or ends a line that it may have left half written. 0 or -errno.
 */
int stream_mend(struct stream *stream) must_check;

#endif
