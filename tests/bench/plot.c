/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture of growth. Both axes are logarithmic, so that a power law is a straight line and its
 * exponent the slope. The two sides differ by colour and by shape, and the colours follow those of
 * whoever looks at it, light or dark.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include "plot.h"

#include <math.h>

#include "common/cleanup.h"

enum {
	COLUMNS = 3,
	LEFT = 84,
	TOP = 76,
	PANEL_WIDTH = 280,
	PANEL_HEIGHT = 230,
	STEP_X = 316,
	STEP_Y = 300,
	RIGHT = 20,
	BOTTOM = 66,
};

/* Where the axes end, as logarithms to the base 10. */
struct axes {
	double x_low, x_high, y_low, y_high;
};

struct panel {
	const struct axes *axes;
	int left, top;
};

static const char style[] = "<style>\n"
			    "text { font: 13px sans-serif; fill: #1f2328; }\n"
			    ".title { font-weight: bold; font-size: 14px; }\n"
			    ".tick, .note { font-size: 11px; }\n"
			    ".middle { text-anchor: middle; } .end { text-anchor: end; }\n"
			    ".paper { fill: #ffffff; } .frame { fill: none; stroke: #59636e; }\n"
			    ".grid { stroke: #d1d9e0; }\n"
			    ".ours { stroke: #0550ae; } .peer { stroke: #bc4c00; }\n"
			    ".line { fill: none; stroke-width: 2; } .dot { stroke-width: 2; }\n"
			    ".dot.ours { fill: #0550ae; } .dot.peer { fill: #bc4c00; }\n"
			    ".dot.guess { fill: #ffffff; } .line.guess { stroke-dasharray: 5 4; }\n"
			    "@media (prefers-color-scheme: dark) {\n"
			    "text { fill: #e6edf3; } .paper, .dot.guess { fill: #0d1117; }\n"
			    ".frame { stroke: #9198a1; } .grid { stroke: #30363d; }\n"
			    ".ours { stroke: #79c0ff; } .peer { stroke: #ffa657; }\n"
			    ".dot.ours { fill: #79c0ff; } .dot.peer { fill: #ffa657; }\n"
			    ".dot.guess { fill: #0d1117; }\n"
			    "}\n"
			    "</style>\n";

/* ---- axes -------------------------------------------------------------------------------- */

static void stretch(struct axes *axes, double us)
{
	if (isnan(us))
		return;
	axes->y_low = fmin(axes->y_low, floor(log10(us)));
	axes->y_high = fmax(axes->y_high, ceil(log10(us)));
}

static struct axes axes_of(const struct growth *growth, size_t count)
{
	struct axes axes = {
		.x_low = log10(growth_entries(0)) - 0.15,
		.x_high = log10(growth_entries(SIZES_MAX - 1)) + 0.15,
		.y_low = 1,
		.y_high = 4,
	};

	for (size_t i = 0; i < count; i++)
		for (size_t at = 0; at < SIZES_MAX && growth[i].plotted; at++) {
			stretch(&axes, growth[i].ours[at]);
			stretch(&axes, growth[i].peers[at]);
		}
	return axes;
}

static double x_of(const struct panel *panel, double entries)
{
	const struct axes *axes = panel->axes;

	return panel->left +
	       PANEL_WIDTH * (log10(entries) - axes->x_low) / (axes->x_high - axes->x_low);
}

static double y_of(const struct panel *panel, double us)
{
	const struct axes *axes = panel->axes;

	return panel->top +
	       PANEL_HEIGHT * (axes->y_high - log10(us)) / (axes->y_high - axes->y_low);
}

/* Of a power of ten. */
static void print_tick_name(FILE *file, int exponent)
{
	static const char *const units[] = { "\302\265s", "ms", "s" };
	int unit = exponent < 3 ? 0 : exponent < 6 ? 1 : 2;

	fprintf(file, "%g %s", pow(10, exponent - 3 * unit), units[unit]);
}

static void write_axes(FILE *file, const struct panel *panel, bool names)
{
	for (int exponent = (int)panel->axes->y_low; exponent <= panel->axes->y_high; exponent++) {
		double y = y_of(panel, pow(10, exponent));

		fprintf(file, "<path class=\"grid\" d=\"M%d %.1fh%d\"/>\n", panel->left, y,
			PANEL_WIDTH);
		if (!names)
			continue;
		fprintf(file, "<text class=\"tick end\" x=\"%d\" y=\"%.1f\">", panel->left - 6,
			y + 4);
		print_tick_name(file, exponent);
		fputs("</text>\n", file);
	}
	for (size_t i = 0; i < SIZES_MAX; i++) {
		double x = x_of(panel, growth_entries(i));

		fprintf(file,
			"<path class=\"grid\" d=\"M%.1f %dv%d\"/>\n"
			"<text class=\"tick middle\" x=\"%.1f\" y=\"%d\">%d</text>\n",
			x, panel->top, PANEL_HEIGHT, x, panel->top + PANEL_HEIGHT + 16,
			growth_entries(i));
	}
	fprintf(file, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
		panel->left, panel->top, PANEL_WIDTH, PANEL_HEIGHT);
}

/* ---- lines ------------------------------------------------------------------------------- */

/* Ours are circles, the peer's are squares. */
static void write_dot(FILE *file, double x, double y, bool ours, bool guessed)
{
	const char *kind = guessed ? " guess" : "";

	if (ours)
		fprintf(file, "<circle class=\"dot ours\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", x,
			y);
	else
		fprintf(file,
			"<rect class=\"dot peer%s\" x=\"%.1f\" y=\"%.1f\" width=\"7\" "
			"height=\"7\"/>\n",
			kind, x - 3.5, y - 3.5);
}

static void write_line(FILE *file, const struct panel *panel, const double *times,
		       const bool *guessed)
{
	const char *side = guessed ? "peer" : "ours";

	for (size_t i = 1; i < SIZES_MAX; i++) {
		bool guess = guessed && guessed[i];

		if (isnan(times[i - 1]) || isnan(times[i]))
			continue;
		fprintf(file, "<path class=\"line %s%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", side,
			guess ? " guess" : "", x_of(panel, growth_entries(i - 1)),
			y_of(panel, times[i - 1]), x_of(panel, growth_entries(i)),
			y_of(panel, times[i]));
	}
	for (size_t i = 0; i < SIZES_MAX; i++)
		if (!isnan(times[i]))
			write_dot(file, x_of(panel, growth_entries(i)), y_of(panel, times[i]),
				  !guessed, guessed && guessed[i]);
}

static void write_panel(FILE *file, const struct panel *panel, const struct growth *growth,
			bool names)
{
	int largest, peers_largest;
	double ours = growth_exponent(growth->ours, NULL, &largest);
	double peers = growth_exponent(growth->peers, growth->guessed, &peers_largest);

	write_axes(file, panel, names);
	fprintf(file, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", panel->left,
		panel->top - 22, growth->work);
	fprintf(file, "<text class=\"note\" x=\"%d\" y=\"%d\">beside %s</text>\n", panel->left,
		panel->top - 7, growth->peer);
	/* of a series that ended before, the table says how far it goes */
	if (!isnan(ours) && !isnan(peers) && largest == growth_entries(SIZES_MAX - 1))
		fprintf(file,
			"<text class=\"note end\" x=\"%d\" y=\"%d\">exponents: %.2f, Augeas "
			"%.2f (to %d)</text>\n",
			panel->left + PANEL_WIDTH - 8, panel->top + PANEL_HEIGHT - 8, ours, peers,
			peers_largest);
	write_line(file, panel, growth->peers, growth->guessed);
	write_line(file, panel, growth->ours, NULL);
}

/* ---- the picture ---------------------------------------------------------------------------- */

static void write_legend(FILE *file)
{
	static const struct {
		const char *line, *name;
		bool ours, guess;
	} entries[] = {
		{ "ours", "exmachina", true, false },
		{ "peer", "Augeas, measured", false, false },
		{ "peer guess", "Augeas, extrapolated", false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		int x = LEFT + (int)i * 200;

		fprintf(file,
			"<path class=\"line %s\" d=\"M%d 20h40\"/>\n"
			"<text x=\"%d\" y=\"25\">%s</text>\n",
			entries[i].line, x, x + 48, entries[i].name);
		write_dot(file, x + 20, 20, entries[i].ours, entries[i].guess);
	}
}

static void write_titles(FILE *file, int width, int height)
{
	fprintf(file,
		"<text class=\"middle\" x=\"%d\" y=\"%d\">entries of /etc/hosts (number, "
		"logarithmic)</text>\n",
		width / 2, height - 16);
	fprintf(file,
		"<text class=\"middle\" transform=\"translate(20 %d) rotate(-90)\">median time "
		"(\302\265s, ms, s, logarithmic)</text>\n",
		height / 2);
}

void plot_write(FILE *file, const struct growth *growth, size_t count)
{
	struct axes axes = axes_of(growth, count);
	int width = LEFT + (COLUMNS - 1) * STEP_X + PANEL_WIDTH + RIGHT, rows, height, panels = 0;

	for (size_t i = 0; i < count; i++)
		panels += growth[i].plotted;
	rows = (panels + COLUMNS - 1) / COLUMNS;
	height = TOP + (rows - 1) * STEP_Y + PANEL_HEIGHT + BOTTOM;
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" role=\"img\">\n"
		"<title>How time grows with the file: exmachina beside Augeas</title>\n"
		"<desc>For each kind of work the median time over the number of entries, both "
		"logarithmic: a line for exmachina, and one for Augeas.</desc>\n%s"
		"<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n",
		width, height, width, height, style);
	write_legend(file);
	panels = 0;
	for (size_t i = 0; i < count; i++) {
		struct panel panel = { &axes, LEFT + panels % COLUMNS * STEP_X,
				       TOP + panels / COLUMNS * STEP_Y };

		if (!growth[i].plotted)
			continue;
		write_panel(file, &panel, &growth[i], panels % COLUMNS == 0);
		panels++;
	}
	write_titles(file, width, height);
	fputs("</svg>\n", file);
}
