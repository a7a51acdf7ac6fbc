/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Texts come from the engine, bounded, and from systemd;
 * sd-journal takes them as they are, and the log line escapes them.
 */
#include "monitor/audit.h"

#include <inttypes.h>
#include <syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "common/log.h"

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

void audit_record(const struct audit *audit)
{
	/* done by systemd-journald's own protocol, which never waits and fails in silence */
	(void)sd_journal_send("MESSAGE=%s of %s for %s: %s%s%s", audit->method, audit->subject,
			      audit->user, audit->result, audit->detail[0] ? ": " : "",
			      audit->detail, "PRIORITY=%i", LOG_NOTICE,
			      "SYSLOG_IDENTIFIER=exmachinad", "EXMACHINA_METHOD=%s", audit->method,
			      "EXMACHINA_SUBJECT=%s", audit->subject, "EXMACHINA_USER=%s",
			      audit->user, "EXMACHINA_RULE=%s", or_nothing(audit->rule),
			      "EXMACHINA_RESULT=%s", audit->result, "EXMACHINA_DETAIL=%s",
			      audit->detail, "EXMACHINA_USEC=%" PRIu64, audit->usec, NULL);
}
