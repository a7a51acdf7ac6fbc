/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What two sides did to one file, put together with real lenses, or refused and said why. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/memfd.h"
#include "common/message.h"
#include "config.h"
#include "engine/rebase.h"
#include "engine/rebase_check.h"
#include "verify/parse.h"

/* libaugeas loses some memory where a tree cannot be written. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libaugeas\n";
}

#define HOSTS "Hosts.lns"
#define SSHD "Sshd.lns"
#define SYSCTL "Sysctl.lns"

#define LOCAL "127.0.0.1 localhost\n"
#define A "10.0.0.1\ta\n"
#define B "10.0.0.2   b bb  # theirs is the layout\n"
#define C "10.0.0.3\tc\n"

static int text_fd(const char *text)
{
	return text ? memfd_of("text", text, strlen(text)) : -1;
}

/* One of a merge's three texts may be NULL: there is no such file. */
static struct rebase merge(const char *lens, const char *base, const char *ours, const char *theirs)
{
	scoped_fd b = text_fd(base), o = text_fd(ours), t = text_fd(theirs);
	const struct rebase_texts texts = {
		.lens = lens,
		.lens_path = LENS_PATH,
		.base = b,
		.ours = o,
		.theirs = t,
	};
	struct rebase rebase = { .merged = -1 };

	assert_int_equal(rebase_merge(&texts, &rebase), 0);
	return rebase;
}

static void assert_merged(const char *lens, const char *base, const char *ours, const char *theirs,
			  const char *merged)
{
	scoped_rebase rebase = merge(lens, base, ours, theirs);
	scoped_mapping mapping = { 0 };

	if (rebase.count > 0)
		fail_msg("both touch %s", rebase.touch[0].node);
	assert_int_equal(rebase.outcome, REBASE_DONE);
	if (!merged) {
		assert_int_equal(rebase.merged, -1);
		return;
	}
	assert_int_equal(memfd_map(rebase.merged, CONTENT_MAX, &mapping), 0);
	assert_int_equal(mapping.size, strlen(merged));
	assert_memory_equal(mapping.data, merged, mapping.size);
}

/* The nodes that both touch, one a line: what we did, what they did, which. */
static void assert_touches(const char *lens, const char *base, const char *ours, const char *theirs,
			   const char *expected)
{
	static const char signs[] = {
		[CHANGE_VALUE] = '=', [CHANGE_ADDED] = '+', [CHANGE_REMOVED] = '-'
	};
	scoped_rebase rebase = merge(lens, base, ours, theirs);
	char list[4096] = "";

	assert_int_equal(rebase.outcome, REBASE_TOUCHES);
	assert_int_equal(rebase.merged, -1);
	for (size_t i = 0; i < rebase.count; i++) {
		size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%c%c%s\n", signs[rebase.touch[i].ours],
			 signs[rebase.touch[i].theirs], rebase.touch[i].node);
	}
	assert_string_equal(list, expected);
}

static void changes_of_different_nodes_are_both_made(void **state)
{
	(void)state;
	assert_merged(HOSTS, LOCAL A B C, LOCAL "10.0.0.9\ta\n" B C, LOCAL A B "10.0.0.3 d\n",
		      LOCAL "10.0.0.9\ta\n" B "10.0.0.3 d\n");
	assert_merged(SSHD, "Port 22\nPermitRootLogin no\n", "Port 2222\nPermitRootLogin no\n",
		      "# theirs\nPort    22\nPermitRootLogin yes\n",
		      "# theirs\nPort    2222\nPermitRootLogin yes\n");
}

static void changes_of_one_entry_are_both_made_if_they_are_of_different_nodes(void **state)
{
	(void)state;
	assert_merged(HOSTS, LOCAL "10.0.0.1 a x y\n" B, LOCAL "10.0.0.9 a x y\n" B,
		      LOCAL "10.0.0.1 a x z\n" B, LOCAL "10.0.0.9 a x z\n" B);
}

static void removals_are_done_again(void **state)
{
	(void)state;
	assert_merged(HOSTS, LOCAL A B C, LOCAL B, LOCAL A B C "10.0.0.4\td\n",
		      LOCAL B "10.0.0.4\td\n");
	assert_merged(HOSTS, LOCAL A B C, LOCAL A B C "10.0.0.4\td\n", LOCAL B,
		      LOCAL B "10.0.0.4\td\n");
}

static void what_both_append_is_theirs_then_ours(void **state)
{
	(void)state;
	assert_merged(HOSTS, LOCAL A, LOCAL A "10.0.1.1\tx\n10.0.1.2\ty\n",
		      LOCAL A "10.0.2.1\tp\n10.0.2.2\tq\n",
		      LOCAL A "10.0.2.1\tp\n10.0.2.2\tq\n10.0.1.1\tx\n10.0.1.2\ty\n");
	assert_merged(HOSTS, LOCAL A, LOCAL A "# ours\n10.0.1.1\tx\n",
		      LOCAL A "# theirs\n10.0.2.1\tp\n",
		      LOCAL A "# theirs\n10.0.2.1\tp\n# ours\n10.0.1.1\tx\n");
	assert_merged(SSHD, "AcceptEnv A\n", "AcceptEnv A OURS\n", "AcceptEnv A THEIRS\n",
		      "AcceptEnv A THEIRS OURS\n");
}

static void what_both_insert_at_the_front_or_between_is_theirs_then_ours(void **state)
{
	(void)state;
	assert_merged(HOSTS, A B, "10.0.1.1\tx\n" A "10.0.1.2\ty\n" B,
		      "10.0.2.1\tp\n" A "10.0.2.2\tq\n" B,
		      "10.0.2.1\tp\n10.0.1.1\tx\n" A "10.0.2.2\tq\n10.0.1.2\ty\n" B);
}

static void what_is_put_into_an_emptied_file_is_kept(void **state)
{
	(void)state;
	assert_merged(HOSTS, A, A "10.0.1.1\tx\n", "", "10.0.1.1\tx\n");
	assert_merged(HOSTS, A, "10.0.1.1\tx\n10.0.1.2\ty\n", "# only theirs\n" A,
		      "# only theirs\n10.0.1.1\tx\n10.0.1.2\ty\n");
}

static void what_both_did_alike_counts_once(void **state)
{
	(void)state;
	assert_merged(HOSTS, LOCAL A B, LOCAL B "10.0.1.1\tx\n10.0.1.2\ty\n",
		      LOCAL B "10.0.1.1\tx\n", LOCAL B "10.0.1.1\tx\n10.0.1.2\ty\n");
	assert_merged(SSHD, "Port 22\n", "Port 2222\nPermitRootLogin no\n",
		      "Port 2222\nPermitRootLogin no\n", "Port 2222\nPermitRootLogin no\n");
}

static void one_value_changed_twice_is_a_touch(void **state)
{
	(void)state;
	assert_touches(SSHD, "Port 22\nPermitRootLogin no\n", "Port 1\nPermitRootLogin yes\n",
		       "Port 2\nPermitRootLogin no\n", "==/Port\n");
}

static void what_one_removes_and_the_other_changes_is_a_touch(void **state)
{
	(void)state;
	assert_touches(HOSTS, LOCAL A B, LOCAL B, LOCAL "10.0.0.1 a alias\n" B, "-=/2\n");
	assert_touches(HOSTS, LOCAL A B, LOCAL "10.0.0.1 a alias\n" B, LOCAL B, "=-/2\n");
}

static void what_one_moves_and_the_other_takes_away_is_a_touch(void **state)
{
	(void)state;
	assert_touches(HOSTS, LOCAL A B C, LOCAL B C A, LOCAL B C, "--/2\n");
	assert_touches(HOSTS, LOCAL A B C, LOCAL B C A, LOCAL "10.0.0.1 a alias\n" B C, "-=/2\n");
	assert_merged(HOSTS, LOCAL A B C, LOCAL B C A, LOCAL A B C "10.0.0.4\td\n",
		      LOCAL B C "10.0.0.4\td\n" A);
}

static void one_node_made_twice_is_a_touch(void **state)
{
	(void)state;
	assert_touches(SSHD, "Port 22\n", "Port 22\nPermitRootLogin no\n",
		       "PermitRootLogin yes\nPort 22\n", "++/PermitRootLogin\n");
	assert_touches(SYSCTL, "a = 1\n", "a = 1\nb = 1\n", "a = 1\nb = 2\n", "++/b\n");
	/* half of the one is the other: it may be meant to be the same host */
	assert_touches(HOSTS, LOCAL, LOCAL "10.0.0.5 x\n", LOCAL "10.0.0.5 y\n", "++/2\n");
	/* the same at two places would be there twice */
	assert_touches(HOSTS, LOCAL A, LOCAL A C, C LOCAL A, "++/3\n");
}

static void what_both_replace_by_something_else_is_a_touch(void **state)
{
	(void)state;
	assert_touches(SYSCTL, "a = 1\nb = 1\nc = 1\n", "a = 1\nx = 1\nc = 1\n",
		       "a = 1\ny = 1\nc = 1\n", "--/b\n");
	assert_merged(SYSCTL, "a = 1\nb = 1\nc = 1\n", "a = 1\nc = 1\nx = 1\n",
		      "a = 1\ny = 1\nc = 1\n", "a = 1\ny = 1\nc = 1\nx = 1\n");
}

static void labels_may_hold_any_byte(void **state)
{
	(void)state;
	assert_merged(SYSCTL, "net/a = 1\n", "net/a = 1\nnet/b.c = 1\n", "# x\nnet/a = 2\n",
		      "# x\nnet/a = 2\nnet/b.c = 1\n");
}

static void files_may_come_and_go(void **state)
{
	(void)state;
	/* ours is made, and so is theirs */
	assert_merged(HOSTS, NULL, A, B, B A);
	assert_merged(HOSTS, NULL, A, NULL, A);
	assert_touches(SSHD, NULL, "Port 1\n", "Port 2\n", "++/Port\n");
	/* ours is gone */
	assert_merged(HOSTS, A, NULL, "10.0.0.1    a\n", NULL);
	assert_touches(HOSTS, A B, NULL, A "10.0.0.2 b\n", "-=/2\n");
	/* theirs is gone */
	assert_merged(HOSTS, A, A, NULL, NULL);
	assert_touches(HOSTS, A B, A "10.0.0.2 b\n", NULL, "=-/2\n");
	assert_merged(HOSTS, A, NULL, NULL, NULL);
}

static void a_file_that_is_gone_gets_no_entry_of_ours(void **state)
{
	(void)state;
	/* an entry more in a file that somebody has removed: there is nothing to add it to */
	assert_touches(HOSTS, A, A B, NULL, "=-\n");
	assert_touches(HOSTS, A, NULL, A B, "-=\n");
}

static void a_text_that_the_lens_does_not_take_is_unreadable(void **state)
{
	scoped_rebase bad = merge(HOSTS, A, A B, "no hosts file\n{\n");
	static const char nul[] = "10.0.0.1 a\n\0 10.0.0.2 b\n";
	scoped_fd base = text_fd(A), theirs = memfd_of("text", nul, sizeof(nul));
	const struct rebase_texts texts = {
		.lens = HOSTS, .lens_path = LENS_PATH, .base = base, .ours = base, .theirs = theirs
	};
	scoped_rebase cut = { .merged = -1 };

	(void)state;
	assert_int_equal(bad.outcome, REBASE_UNREADABLE);
	assert_int_equal(rebase_merge(&texts, &cut), 0);
	assert_int_equal(cut.outcome, REBASE_UNREADABLE);
}

static void what_the_lens_cannot_write_is_unsure(void **state)
{
	/* behind Match no global keyword can stand */
	scoped_rebase rebase = merge(SSHD, "Port 22\n", "Port 22\nUseDNS no\n",
				     "Port 22\nMatch User x\n  X11Forwarding no\n");

	(void)state;
	assert_int_equal(rebase.outcome, REBASE_UNSURE);
	assert_int_equal(rebase.merged, -1);
}

static void a_lens_that_is_not_there_is_an_error(void **state)
{
	scoped_fd base = text_fd(A);
	const struct rebase_texts texts = { "NoSuch.lns", LENS_PATH, base, base, base };
	struct rebase rebase;

	(void)state;
	assert_int_equal(rebase_merge(&texts, &rebase), -ENOENT);
}

static struct node *tree_of(struct parser *parser, const char *text)
{
	struct node *tree = NULL;

	assert_int_equal(parse_text(parser, text, &tree), 0);
	return tree;
}

static int check(const char *base, const char *ours, const char *theirs, const char *merged)
{
	const char *const text[] = { base, ours, theirs, merged };
	struct parser *parser = NULL;
	struct node *tree[4];
	int r;

	assert_int_equal(parser_new(HOSTS, LENS_PATH, &parser), 0);
	for (size_t i = 0; i < 4; i++)
		tree[i] = tree_of(parser, text[i]);
	r = rebase_check(tree[0], tree[1], tree[2], tree[3]);
	for (size_t i = 0; i < 4; i++)
		node_free(tree[i]);
	parser_free(parser);
	return r;
}

static void a_merge_that_is_not_both_is_found_out(void **state)
{
	(void)state;
	assert_int_equal(check(A, A B, A C, A C B), 1);
	assert_int_equal(check(A, A B, A C, A B), 0);
	assert_int_equal(check(A, A B, A C, A C), 0);
	assert_int_equal(check(A, A B, A C, A), 0);
	assert_int_equal(check(A, A B, A C, B C), 0);
	assert_int_equal(check(A, A B, A C, A C B B), 0);
	assert_int_equal(check(A, A B, A C, A C B "10.0.0.4\td\n"), 0);
	assert_int_equal(check(A, A B, A C, "10.0.0.1 z\n" C B), 0);
	assert_int_equal(check(A B, A, A B C, A C), 1);
	assert_int_equal(check(A B, A, A B C, A B C), 0);
}

/* ---- random edits of both sides ---- */

enum { ROUNDS = 400, LINES = 8 };

static unsigned int seed = 1;

static unsigned int below(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* Each line has a number of its own, so that the result can be told by them. */
static void edit_lines(char *out, size_t size, unsigned int side, bool *gone, bool *changed)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned int i = 0; i < LINES; i++) {
		unsigned int dice = below(12);

		gone[i] = dice == 0;
		changed[i] = dice == 1;
		if (!gone[i])
			used += (size_t)snprintf(out + used, size - used, "10.0.0.%u h%u%s\n", i, i,
						 changed[i] ? side ? "t" : "o" : "");
		if (dice == 2)
			used += (size_t)snprintf(out + used, size - used, "10.%u.0.%u n%u.%u\n",
						 side + 1, i, side, i);
	}
}

static size_t lines_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Whatever comes out has each line of each side, unless the other took it away. */
static void assert_has_both(const char *merged, const char *ours, const char *theirs,
			    const char *base)
{
	const char *const texts[] = { ours, theirs };
	size_t fresh = 0;

	for (size_t side = 0; side < 2; side++) {
		scoped_ptr char *copy = strdup(texts[side]);
		char *at = copy, *line;

		while ((line = strsep(&at, "\n")) && *line) {
			bool in_base = strstr(base, line) != NULL;

			fresh += !in_base;
			if (!in_base && !strstr(merged, line))
				fail_msg("%s is lost", line);
		}
	}
	assert_true(lines_of(merged) >= fresh);
}

static void random_edits_are_merged_or_touch(void **state)
{
	char base[512] = "", ours[1024], theirs[1024];
	bool gone[2][LINES], changed[2][LINES];
	size_t merged_count = 0;

	(void)state;
	for (unsigned int i = 0; i < LINES; i++)
		snprintf(base + strlen(base), sizeof(base) - strlen(base), "10.0.0.%u h%u\n", i, i);
	for (size_t round = 0; round < ROUNDS; round++) {
		bool touch = false;

		edit_lines(ours, sizeof(ours), 0, gone[0], changed[0]);
		edit_lines(theirs, sizeof(theirs), 1, gone[1], changed[1]);
		for (size_t i = 0; i < LINES; i++)
			touch |= (gone[0][i] && changed[1][i]) || (gone[1][i] && changed[0][i]);

		scoped_rebase rebase = merge(HOSTS, base, ours, theirs);
		scoped_mapping text = { 0 };

		if (touch) {
			assert_int_not_equal(rebase.outcome, REBASE_DONE);
			continue;
		}
		if (rebase.outcome != REBASE_DONE)
			continue;
		merged_count++;
		assert_int_equal(memfd_map(rebase.merged, CONTENT_MAX, &text), 0);
		scoped_ptr char *merged = strndup(text.data, text.size);

		/* layout is the lens's */
		for (char *p = merged; *p; p++)
			*p = *p == '\t' ? ' ' : *p;
		assert_has_both(merged, ours, theirs, base);
	}
	/* most of what can be merged is */
	print_message("%zu of %d merged\n", merged_count, ROUNDS);
	assert_true(merged_count > ROUNDS / 3);
}

static void many_touches_are_bounded(void **state)
{
	static char base[16384], ours[16384], theirs[16384];

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		sprintf(base + strlen(base), "k%u = 0\n", i);
		sprintf(ours + strlen(ours), "k%u = 1\n", i);
		sprintf(theirs + strlen(theirs), "k%u = 2\n", i);
	}

	scoped_rebase rebase = merge(SYSCTL, base, ours, theirs);

	assert_int_equal(rebase.outcome, REBASE_TOUCHES);
	assert_int_equal(rebase.count, REBASE_TOUCHES_MAX);
	assert_true(rebase.more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_of_different_nodes_are_both_made),
		cmocka_unit_test(changes_of_one_entry_are_both_made_if_they_are_of_different_nodes),
		cmocka_unit_test(removals_are_done_again),
		cmocka_unit_test(what_both_append_is_theirs_then_ours),
		cmocka_unit_test(what_both_insert_at_the_front_or_between_is_theirs_then_ours),
		cmocka_unit_test(what_is_put_into_an_emptied_file_is_kept),
		cmocka_unit_test(what_both_did_alike_counts_once),
		cmocka_unit_test(one_value_changed_twice_is_a_touch),
		cmocka_unit_test(what_one_removes_and_the_other_changes_is_a_touch),
		cmocka_unit_test(what_one_moves_and_the_other_takes_away_is_a_touch),
		cmocka_unit_test(one_node_made_twice_is_a_touch),
		cmocka_unit_test(what_both_replace_by_something_else_is_a_touch),
		cmocka_unit_test(labels_may_hold_any_byte),
		cmocka_unit_test(files_may_come_and_go),
		cmocka_unit_test(a_file_that_is_gone_gets_no_entry_of_ours),
		cmocka_unit_test(a_text_that_the_lens_does_not_take_is_unreadable),
		cmocka_unit_test(what_the_lens_cannot_write_is_unsure),
		cmocka_unit_test(a_lens_that_is_not_there_is_an_error),
		cmocka_unit_test(a_merge_that_is_not_both_is_found_out),
		cmocka_unit_test(random_edits_are_merged_or_touch),
		cmocka_unit_test(many_touches_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
