/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In place of Augeas's own functions, for fuzz-rpc: the same, but for the expressions that are
 * known to be its end.
 */
#include <augeas.h>
#include <dlfcn.h>

#include "fuzz.h"

/* Leaks of its own on the way out of an error are not what is looked for here. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libaugeas\nleak:libfa\n";
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

/*
 * `a else b else c` reads freed memory, nesting overflows the stack, and time grows with the
 * power of what stands for any node; an engine that ends over it is proved in tests/system.
 * Such an expression is replaced by one that is wrong.
 */
static const char *tame(const char *expr)
{
	static const char *const parts[] = { "else", "=~", "!~" };

	for (size_t i = 0; expr && i < ARRAY_SIZE(parts); i++)
		if (strstr(expr, parts[i]))
			return "/[";
	/* of what has parentheses, last() alone, which the engine itself uses */
	if (expr && (count(expr, "(") > count(expr, "last()") || count(expr, "[") > 4 ||
		     count(expr, "//") > 2 || count(expr, "*") > 3 || count(expr, "::") > 2))
		return "/[";
	return expr;
}

/* Calls the library's function of the same name. */
#define REAL(name, ...) \
	static int (*real)(augeas *, __VA_ARGS__); \
	if (!real) \
		*(void **)(void *)&real = dlsym(RTLD_NEXT, name); \
	expect(real)

int aug_get(const augeas *aug, const char *path, const char **value)
{
	REAL("aug_get", const char *, const char **);
	return real((augeas *)(uintptr_t)aug, tame(path), value);
}

int aug_label(const augeas *aug, const char *path, const char **label)
{
	REAL("aug_label", const char *, const char **);
	return real((augeas *)(uintptr_t)aug, tame(path), label);
}

int aug_match(const augeas *aug, const char *path, char ***matches)
{
	REAL("aug_match", const char *, char ***);
	return real((augeas *)(uintptr_t)aug, tame(path), matches);
}

int aug_set(augeas *aug, const char *path, const char *value)
{
	REAL("aug_set", const char *, const char *);
	return real(aug, tame(path), value);
}

int aug_setm(augeas *aug, const char *base, const char *sub, const char *value)
{
	REAL("aug_setm", const char *, const char *, const char *);
	return real(aug, tame(base), tame(sub), value);
}

int aug_insert(augeas *aug, const char *path, const char *label, int before)
{
	REAL("aug_insert", const char *, const char *, int);
	return real(aug, tame(path), label, before);
}

int aug_rm(augeas *aug, const char *path)
{
	REAL("aug_rm", const char *);
	return real(aug, tame(path));
}

int aug_mv(augeas *aug, const char *from, const char *to)
{
	REAL("aug_mv", const char *, const char *);
	return real(aug, tame(from), tame(to));
}

int aug_rename(augeas *aug, const char *path, const char *label)
{
	REAL("aug_rename", const char *, const char *);
	return real(aug, tame(path), label);
}

int aug_defvar(augeas *aug, const char *name, const char *expr)
{
	REAL("aug_defvar", const char *, const char *);
	return real(aug, name, tame(expr));
}

int aug_defnode(augeas *aug, const char *name, const char *expr, const char *value, int *created)
{
	REAL("aug_defnode", const char *, const char *, const char *, int *);
	return real(aug, name, tame(expr), value, created);
}

int aug_source(const augeas *aug, const char *path, char **file)
{
	REAL("aug_source", const char *, char **);
	return real((augeas *)(uintptr_t)aug, tame(path), file);
}

int aug_print(const augeas *aug, FILE *out, const char *path)
{
	REAL("aug_print", FILE *, const char *);
	return real((augeas *)(uintptr_t)aug, out, tame(path));
}

int aug_cp(augeas *aug, const char *from, const char *to)
{
	REAL("aug_cp", const char *, const char *);
	return real(aug, tame(from), tame(to));
}

int aug_text_retrieve(augeas *aug, const char *lens, const char *node_in, const char *path,
		      const char *node_out)
{
	REAL("aug_text_retrieve", const char *, const char *, const char *, const char *);
	return real(aug, lens, tame(node_in), tame(path), tame(node_out));
}

int aug_to_xml(const augeas *aug, const char *path, xmlNode **xml, unsigned int flags)
{
	REAL("aug_to_xml", const char *, xmlNode **, unsigned int);
	return real((augeas *)(uintptr_t)aug, tame(path), xml, flags);
}
