/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "table.h"

#include <math.h>
#include <string.h>

/* ---- in words ------------------------------------------------------------------------ */

static void time_text(char *text, double us)
{
	static const char *const names[] = { "us", "ms", "s" };
	size_t unit = 0;

	for (; us >= 1000 && unit + 1 < ARRAY_SIZE(names); unit++)
		us /= 1000;
	snprintf(text, TEXT_SIZE, "%.*f %s", us < 10 ? 2 : us < 100 ? 1 : 0, us, names[unit]);
}

void value_text(char *text, double value, enum unit unit)
{
	if (isnan(value))
		snprintf(text, TEXT_SIZE, "not measured");
	else if (unit == UNIT_TIME)
		time_text(text, value);
	else if (unit == UNIT_RATE)
		snprintf(text, TEXT_SIZE, "%.0f a second", value);
	else if (unit == UNIT_KIB)
		snprintf(text, TEXT_SIZE, "%.0f KiB", value);
	else
		snprintf(text, TEXT_SIZE, "%.2f", value);
}

static bool has_ratio(const struct row *row)
{
	return row->ratio > 0;
}

/* The words are those of the bound, where there is one; else those that sound as one talks. */
void ratio_text(char *text, const struct row *row)
{
	bool faster = row->bound == BOUND_FASTER || (row->bound != BOUND_RATIO && row->ratio < 1);
	double times = faster ? 1 / row->ratio : row->ratio;

	text[0] = '\0';
	if (has_ratio(row))
		snprintf(text, TEXT_SIZE, "%.*f times %s", times < 10 ? 2 : 0, times,
			 faster ? "faster" : "as long");
}

void bound_text(char *text, const struct row *row)
{
	char value[TEXT_SIZE];

	text[0] = '\0';
	if (row->asked[0])
		snprintf(text, TEXT_SIZE, "%s", row->asked);
	else if (row->bound == BOUND_VALUE) {
		value_text(value, row->limit, row->unit);
		snprintf(text, TEXT_SIZE, "at %s %.64s", row->unit == UNIT_RATE ? "least" : "most",
			 value);
	} else if (row->bound == BOUND_RATIO)
		snprintf(text, TEXT_SIZE, "at most %g times as long", row->limit);
	else if (row->bound == BOUND_FASTER)
		snprintf(text, TEXT_SIZE, "at least %g times faster", row->limit);
}

enum verdict row_verdict(const struct row *row)
{
	bool good = false, known = true;

	switch (row->bound) {
	case BOUND_NONE:
		return VERDICT_NONE;
	case BOUND_VALUE:
		known = !isnan(row->ours);
		good = row->unit == UNIT_RATE ? row->ours >= row->limit : row->ours <= row->limit;
		break;
	case BOUND_RATIO:
		known = has_ratio(row);
		good = row->ratio <= row->limit;
		break;
	case BOUND_FASTER:
		known = has_ratio(row);
		good = 1 / row->ratio >= row->limit;
		break;
	}
	return !known ? VERDICT_UNKNOWN : good ? VERDICT_WITHIN : VERDICT_OVER;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "",
		[VERDICT_WITHIN] = "within",
		[VERDICT_OVER] = "OVER",
		[VERDICT_UNKNOWN] = "NOT MEASURED",
	};

	return names[verdict];
}

/* ---- the table ------------------------------------------------------------------------- */

static void print_columns(const char *section, const char *what, const char *ours, const char *peer,
			  const char *peers, const char *ratio, const char *pairs,
			  const char *bound, const char *verdict)
{
	printf("%-8s %-42s %14s  %-36s %13s  %-17s %5s  %-26s %s\n", section, what, ours, peer,
	       peers, ratio, pairs, bound, verdict);
}

static void print_row(const struct row *row, bool new_section)
{
	char ours[TEXT_SIZE], peers[TEXT_SIZE + 8] = "", ratio[TEXT_SIZE], bound[TEXT_SIZE];
	char pairs[TEXT_SIZE] = "";

	value_text(ours, row->ours, row->unit);
	if (row->peer[0]) {
		value_text(peers, row->peers, row->unit);
		if (row->guessed)
			strcat(peers, " *");
	}
	ratio_text(ratio, row);
	bound_text(bound, row);
	if (row->count > 0)
		snprintf(pairs, sizeof(pairs), "%zu", row->count);
	print_columns(new_section ? row->section : "", row->what, ours, row->peer, peers, ratio,
		      pairs, bound, verdict_name(row_verdict(row)));
}

void table_add(struct table *table, const struct row *row)
{
	bool first = table->count == 0;

	if (table->count == ROWS_MAX)
		die("the table is full");
	if (first)
		print_columns("", "work", "exmachina", "beside it", "", "ratio", "pairs", "asked",
			      "");
	print_row(row, first || strcmp(table->rows[table->count - 1].section, row->section) != 0);
	fflush(stdout);
	table->rows[table->count++] = *row;
}

void table_add_pair(struct table *table, struct row row, const struct pair *pair)
{
	row.ours = pair->ours;
	row.peers = pair->peer;
	row.ratio = pair->ratio;
	row.count = pair->count;
	table_add(table, &row);
}
