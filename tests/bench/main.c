/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures exmachina beside whatever else one would use, in one run, and prints ratios: the numbers
 * of one machine alone say little. Runs as root inside the sandbox (run.sh), trusts all.
 *
 * The exit status is 1 if a number is over what is asked of it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "common/log.h"
#include "plot.h"
#include "summary.h"

#define LIMIT_SECONDS 15.0

static const struct section {
	const char *name;
	void (*run)(struct bench *bench);
} sections[] = {
	/* first, while /etc is the one that Debian has made */
	{ "dropin", bench_dropin },
	{ "cold", bench_cold },
	{ "warm", bench_warm },
	{ "gets", bench_gets },
	{ "memory", bench_memory },
	{ "small", bench_small },
	{ "verify", bench_verification },
	{ "disk", bench_durable },
	{ "audit", bench_audit },
	{ "service", bench_service },
	/* last: large trees would be in the way of what is started from here */
	{ "growth", bench_growth },
};

static int usage(void)
{
	fputs("usage: bench [-q] [-l SECONDS] [-s SECTION] POLICY-DIRECTORY "
	      "UNVERIFIED-POLICY-DIRECTORY "
	      "UNIT\n"
	      "             DISK-DIRECTORY SCRIPT-DIRECTORY OUTPUT-DIRECTORY\n"
	      "  -q          only the sizes 100 and 1,000, and less often\n"
	      "  -l SECONDS  what would take longer is not measured; 12 times as long where\n"
	      "              a number is asked for\n"
	      "  -s SECTION  only this one:",
	      stderr);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		fprintf(stderr, " %s", sections[i].name);
	fputc('\n', stderr);
	return 2;
}

static bool read_options(int argc, char **argv, struct bench *bench)
{
	int option;

	while ((option = getopt(argc, argv, "ql:s:")) >= 0) {
		if (option == 'q')
			bench->quick = true;
		else if (option == 'l')
			bench->limit = strtod(optarg, NULL);
		else if (option == 's')
			bench->only = optarg;
		else
			return false;
	}
	argv += optind;
	if (argc - optind != 6)
		return false;
	bench->policy = argv[0];
	bench->unverified = argv[1];
	bench->unit = argv[2];
	bench->disk = argv[3];
	bench->scripts = argv[4];
	bench->out = argv[5];
	return true;
}

static FILE *open_output(const struct bench *bench, const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", bench->out, name);
	file = fopen(path, "we");
	if (!file)
		die(path);
	return file;
}

static void write_outputs(const struct bench *bench)
{
	scoped_file *plot = open_output(bench, "growth.svg");
	scoped_file *summary = open_output(bench, "summary.md");

	plot_write(plot, bench->growth, bench->grown);
	summary_write(summary, bench);
}

/* How many numbers are not what is asked. */
static size_t count_bad(const struct table *table)
{
	size_t bad = 0;

	for (size_t i = 0; i < table->count; i++) {
		enum verdict verdict = row_verdict(&table->rows[i]);

		bad += verdict == VERDICT_OVER || verdict == VERDICT_UNKNOWN;
	}
	return bad;
}

int main(int argc, char **argv)
{
	static struct bench bench = { .limit = LIMIT_SECONDS };
	size_t bad, run = 0;

	if (!read_options(argc, argv, &bench))
		return usage();
	if (bench.quick)
		measure_quickly();
	signal(SIGPIPE, SIG_IGN);
	log_open("bench", LOG_TO_STDERR);
	fputs("Machine: ", stdout);
	summary_machine(stdout);
	fputs("\n", stdout);
	summary_method(stdout);
	fputs("\n", stdout);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (bench.only && strcmp(bench.only, sections[i].name) != 0)
			continue;
		progress("section %s", sections[i].name);
		sections[i].run(&bench);
		run++;
	}
	if (run == 0)
		return usage();
	/* a part is nothing to show as the whole */
	if (!bench.quick && !bench.only)
		write_outputs(&bench);
	bad = count_bad(&bench.table);
	if (bad > 0)
		printf("%zu numbers are not what is asked\n", bad);
	else
		puts("all within their bounds");
	return bad > 0;
}
