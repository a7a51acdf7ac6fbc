/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_UNIT_FILE_H
#define EXM_SERVICE_UNIT_FILE_H

#include <stddef.h>

#include "common/service_verb.h"
#include "monitor/systemd/service_bus.h"

/*
 * Has systemd make or remove the links of a unit's file, for good (not until the
 * next boot only) and never in place of a file that stands there.
 */
int service_unit_file_ask(struct service_bus *bus, enum service_verb verb, const char *unit,
			  sd_bus_message_handler_t handler, void *data,
			  sd_bus_slot **ret_slot) must_check;

/*
 * Reads the answer: what was changed, a line each, as many whole lines as there is
 * room for, in UTF-8. ret_useless: there was nothing to enable, since the
 * unit's file has no [Install] section. 0 or -errno.
 */
int service_unit_file_read(sd_bus_message *message, enum service_verb verb, char *changes,
			   size_t size, bool *ret_useless) must_check;

#endif
