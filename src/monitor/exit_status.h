/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_EXIT_STATUS_H
#define EXM_EXIT_STATUS_H

/*
 * What exmachinad exits with when it is not the program's own status
 * (exmachinad(8), EXIT STATUS). 125 to 127 mean what they mean for env(1).
 */
enum exit_status {
	EXIT_POLICY_REFUSED_TEST = 1, /* under -t */
	EXIT_PROTOCOL = 120,          /* the engine broke the protocol */
	EXIT_POLICY = 121,            /* the policy was refused */
	EXIT_SANDBOX = 122,           /* a privilege could not be dropped */
	EXIT_SECRET = 123,            /* wrong secrets */
	EXIT_ENGINE = 124,            /* the engine was lost too often */
	EXIT_OTHER = 125,             /* usage, and every other failure of our own */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL_BASE = 128, /* plus the signal that ended the program */
};

#endif
