/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "summary.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "scene.h"

/* ---- the machine ---------------------------------------------------------------------------- */

/* What stands behind a name in a file of names and values; "" if there is none. */
static void read_value(const char *path, const char *name, char *value)
{
	scoped_file *file = fopen(path, "re");
	char line[256];

	value[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		const char *at = line + strlen(name);

		if (strncmp(line, name, strlen(name)) != 0)
			continue;
		at += strspn(at, " \t:=\"");
		snprintf(value, TEXT_SIZE, "%.*s", (int)strcspn(at, "\"\n"), at);
		return;
	}
}

/* The point release, where the name has only the first number. */
static void read_debian(char *name)
{
	scoped_file *file = fopen("/etc/debian_version", "re");
	char version[16];

	read_value("/etc/os-release", "NAME", name);
	if (file && fscanf(file, "%15s", version) == 1)
		snprintf(name + strlen(name), TEXT_SIZE - strlen(name), " %s", version);
}

void summary_machine(FILE *file)
{
	char cpu[TEXT_SIZE], system[TEXT_SIZE];
	struct utsname kernel;
	augeas *aug = aug_init(NULL, NULL, AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD);
	const char *version;

	if (!aug || aug_get(aug, "/augeas/version", &version) != 1 || uname(&kernel) < 0)
		die("the machine");
	read_value("/proc/cpuinfo", "model name", cpu);
	read_debian(system);
	fprintf(file, "%s, %ld cores; Linux %s; %s; Augeas %s", cpu[0] ? cpu : kernel.machine,
		sysconf(_SC_NPROCESSORS_ONLN), kernel.release, system, version);
	aug_close(aug);
}

/* ---- the text -------------------------------------------------------------------------------- */

void summary_method(FILE *file)
{
	fputs("The two sides of a row are measured in turn in one run, either first every other\n"
	      "time, so that a change of the machine's pace meets both. Their numbers are medians\n"
	      "of so many pairs, and the ratio is the median of the pairs' ratios; what is quick "
	      "is\n"
	      "done many times in each turn, whose median counts. A call of ours has ended with "
	      "the\n"
	      "last byte of its answer, a program with its exit. Where `*` stands Augeas would "
	      "take\n"
	      "too long: its number is extrapolated from the two sizes before, as the square at\n"
	      "most. Exponents are fitted from 1,000 entries on, by least squares of logarithms.\n",
	      file);
}

static void write_row(FILE *file, const struct row *row)
{
	char ours[TEXT_SIZE], peers[TEXT_SIZE], ratio[TEXT_SIZE], bound[TEXT_SIZE];

	value_text(ours, row->ours, row->unit);
	value_text(peers, row->peers, row->unit);
	ratio_text(ratio, row);
	bound_text(bound, row);
	fprintf(file, "| %s | %s | %s", row->what, bound, ours);
	if (row->peer[0])
		fprintf(file, " | %s: %s%s", row->peer, peers, row->guessed ? " `*`" : "");
	else
		fputs(" | ", file);
	fprintf(file, " | %s | ", ratio);
	if (row->count > 0)
		fprintf(file, "%zu", row->count);
	fprintf(file, " | %s |\n", verdict_name(row_verdict(row)));
}

void summary_write(FILE *file, const struct bench *bench)
{
	size_t asked = 0, within = 0;

	fputs("Measured by `make bench` on: ", file);
	summary_machine(file);
	fputs(".\n\n", file);
	summary_method(file);
	fputs("\n| work | asked | exmachina | beside it | ratio | pairs | "
	      "|\n|---|---|---|---|---|---|---|\n",
	      file);
	for (size_t i = 0; i < bench->table.count; i++) {
		const struct row *row = &bench->table.rows[i];

		if (row->summary)
			write_row(file, row);
		asked += row_verdict(row) != VERDICT_NONE;
		within += row_verdict(row) == VERDICT_WITHIN;
	}
	fprintf(file,
		"\n%zu of all %zu numbers that are asked for, here and in the whole table, "
		"are within their bounds.\n\n"
		"![How time grows with the file](tests/bench/growth.svg)\n",
		within, asked);
}
