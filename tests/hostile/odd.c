/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test program's part: values that nobody honest sends. */
#include "odd.h"

#include <stdio.h>
#include <string.h>

#include "common/message.h"

const char *oddity_name(enum oddity oddity)
{
	static const char *const names[] = {
#define X(NAME, text, ...) [ODD_##NAME] = (text),
		ODD_INTEGERS(X) ODD_TEXTS(X) MALFORMED_TEXTS(X)
#undef X
	};

	return names[oddity];
}

uint64_t odd_integer(enum oddity oddity, uint64_t right, size_t size)
{
	switch (oddity) {
	case ODD_ZERO:
		return 0;
	case ODD_ONE:
		return 1;
	case ODD_NEXT:
		return right + 1;
	case ODD_HIGHEST_BIT:
		return UINT64_C(1) << (8 * size - 1);
	default:
		return UINT64_MAX;
	}
}

const char *odd_text(enum oddity oddity, const char *right, size_t max)
{
	static const struct {
		const char *before;
		bool right;
		const char *behind;
	} texts[] = {
#define X(NAME, text, ...) [ODD_##NAME] = { __VA_ARGS__ },
		ODD_TEXTS(X)
#undef X
	};
	static char text[MESSAGE_MAX];
	size_t length = strlen(right);

	if (oddity == ODD_AS_LONG) {
		memset(text, 'a', max - length);
		memcpy(text + max - length, right, length + 1);
	} else {
		snprintf(text, sizeof(text), "%s%s%s", texts[oddity].before,
			 texts[oddity].right ? right : "", texts[oddity].behind);
	}
	return text;
}

void change_begin(struct change *change)
{
	change->at = 0;
	change->name = NULL;
	change->fits = false;
}

bool change_turn(struct change *change, const char *name, bool is_integer)
{
	if (change->at++ != change->which)
		return false;
	change->name = name;
	change->fits = is_integer == (change->oddity <= ODD_LARGEST);
	return change->fits;
}

void put_malformed(struct wire *w, enum oddity oddity, const char *right, size_t max)
{
	const char *text = oddity == ODD_TOO_LONG ? odd_text(ODD_AS_LONG, right, max + 1)
			   : strlen(right) > 3    ? right
						  : "text";
	uint32_t length = (uint32_t)strlen(text);
	struct wire at = wire_over(w->data + w->pos, sizeof(length));

	wire_put_str(w, text, length);
	if (oddity == ODD_NUL_INSIDE)
		w->data[w->pos - 3] = '\0';
	else if (oddity == ODD_NO_NUL)
		w->data[w->pos - 1] = 'x';
	else if (oddity == ODD_LENGTH_SHORT)
		wire_put_u32(&at, length - 1);
	else if (oddity == ODD_LENGTH_LONG)
		wire_put_u32(&at, length + 1);
	else if (oddity == ODD_LENGTH_HUGE)
		wire_put_u32(&at, UINT32_MAX);
}
