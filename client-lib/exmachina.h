/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_H
#define EXMACHINA_H

/*
 * libexmachina: change system configuration and control services through an
 * exmachina server, without any privilege of one's own. libexmachina(3)
 * describes it with examples.
 *
 * Conventions: a function returns 0 or a positive count when done, and a
 * negative number on failure: -errno where no answer of the server is
 * involved, and -EREMOTEIO when the server answered with an error, which
 * exm_last_error() then describes. A ret_ argument is untouched on failure.
 * Strings handed out through char ** belong to the caller: free(3).
 * Timeouts are in milliseconds. A handle may be used by one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EXM_PUBLIC __attribute__((visibility("default")))
#else
#define EXM_PUBLIC
#endif

/*
 * The errors of the server, beside those of JSON-RPC 2.0 itself (which are
 * negative). X(number, name, meaning)
 */
#define EXM_ERRORS(X) \
	X(1, UNAUTHENTICATED, "the secret was not shown, or was wrong") \
	X(2, DENIED, "the policy does not allow it") \
	X(3, NO_MATCH, "no such node") \
	X(4, TOO_MANY_MATCHES, "the expression names more than one node") \
	X(5, BAD_PATH, "the path expression is malformed") \
	X(6, BAD_VALUE, "the value is not possible there") \
	X(7, PARSE_FAILED, "the file is not what its lens describes") \
	X(8, CONFLICT, "the file was changed by somebody else") \
	X(9, CHECK_FAILED, "a validator refused the change") \
	X(10, SERVICE_FAILED, "the service did not do it") \
	X(11, TIMEOUT, "it took longer than allowed") \
	X(12, LIMIT, "it is larger than allowed") \
	X(13, BUSY, "the server is busy with another") \
	X(14, ENGINE_LOST, "the engine died; uncommitted edits are gone") \
	X(15, IO, "the system failed it")

enum exm_error_code {
#define X(number, name, meaning) EXM_ERROR_##name = number,
	EXM_ERRORS(X)
#undef X
		EXM_ERROR_PARSE = -32700,
	EXM_ERROR_INVALID_REQUEST = -32600,
	EXM_ERROR_UNKNOWN_METHOD = -32601,
	EXM_ERROR_INVALID_PARAMS = -32602,
	EXM_ERROR_INTERNAL = -32603
};
