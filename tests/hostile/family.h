/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HOSTILE_FAMILY_H
#define EXM_HOSTILE_FAMILY_H

#include <stdbool.h>

/* What the monitor has to do about a case. */
enum verdict {
	ENDS,  /* the session ends, with EXIT_PROTOCOL */
	BORNE, /* it goes on, up to an orderly BYE */
	/* the same, and the monitor's memory and life are looked at */
	FLOOD_ENDS,
	FLOOD_BORNE,
	VERDICT_MAX
};

/*
 * Cases of one kind. list() prints the names of those with that verdict; play() plays the
 * one of that name, and is false if there is none such.
 */
struct family {
	void (*list)(enum verdict verdict);
	bool (*play)(const char *name);
};

extern const struct family mangled_family;    /* a message in the wrong phase, of the wrong form */
extern const struct family field_family;      /* a field with an odd value */
extern const struct family descriptor_family; /* a descriptor of an odd kind */
extern const struct family repeat_family;     /* the same message again and again */

#endif
