/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the value of a node:
 *
 *     exmachinad -- ./get /files/etc/hosts/1/ipaddr
 *
 * Runs as the ordinary user that exmachinad pairs with; all that it may read
 * is what the policy names.
 */
#include <exmachina.h>
#include <stdio.h>
#include <stdlib.h>

static int print_value(struct exm *session, const char *path)
{
	char *value = NULL;
	int r;

	r = exm_connect(session, 0);
	if (r == 0)
		r = exm_get(session, path, &value);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, exm_strerror(session, r));
		return EXIT_FAILURE;
	}
	puts(value ? value : "(none)");
	free(value);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct exm *session;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PATH\n", argv[0]);
		return 2;
	}
	if (exm_new(&session) < 0)
		return EXIT_FAILURE;
	status = print_value(session, argv[1]);
	exm_free(session);
	return status;
}
