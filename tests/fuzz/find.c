/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sections of a policy, a line each ("F/etc/?.conf", "Sssh.service", "Ppython3-*"), and in the
 * lines between what is looked for ("./etc/x.conf"): the section that governs a name is the one
 * that spells it, else the first that matches, and names that are none are in none.
 */
#include "reference.h"

#include "common/glob.h"
#include "common/policy.h"

enum { SECTIONS_MAX = 64 };

struct sections {
	const char *name[SECTIONS_MAX];
	size_t count;
};

static void add(struct sections *sections, const char *name, bool added)
{
	if (added)
		sections->name[sections->count++] = name;
}

static bool is_path(const char *text)
{
	if (text[0] != '/' || strlen(text) > 4095)
		return false;
	for (const char *p = text; *p; p++) {
		size_t length = strcspn(p + 1, "/");

		if ((unsigned char)*p < ' ' || *p == '\177')
			return false;
		if (*p == '/' && (length == 0 || (length == 1 && p[1] == '.') ||
				  (length == 2 && p[1] == '.' && p[2] == '.')))
			return false;
	}
	return true;
}

static bool is_made_of(const char *text, const char *others, bool capitals)
{
	for (; *text; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') &&
		    !(capitals && *text >= 'A' && *text <= 'Z') && !strchr(others, *text))
			return false;
	return true;
}

static bool is_unit(const char *text)
{
	static const char types[] = " service socket target timer path mount swap device slice "
				    "scope automount ";
	const char *dot = strrchr(text, '.');
	char type[REFERENCE_TEXT_MAX + 3];

	if (!dot || dot == text || text[0] == '-' || strlen(text) > 255 ||
	    !is_made_of(text, ":-_.@\\", true))
		return false;
	snprintf(type, sizeof(type), " %s ", dot + 1);
	return strstr(types, type) != NULL && dot[1] != '\0';
}

static bool is_package(const char *text)
{
	size_t length = strlen(text);

	return length >= 2 && length <= 128 && is_made_of(text, "+-.", false) &&
	       !strchr("+-.", text[0]) && text[length - 1] != '-';
}

static bool has_wildcard(const char *pattern)
{
	while (*(pattern += strcspn(pattern, "*?\\"))) {
		if (*pattern != '\\')
			return true;
		pattern += pattern[1] ? 2 : 1;
	}
	return false;
}

static ssize_t find(const struct sections *sections, const char *name)
{
	ssize_t found = -1;

	for (size_t i = sections->count; i-- > 0;)
		if (has_wildcard(sections->name[i]) && reference_glob_path(sections->name[i], name))
			found = (ssize_t)i;
	for (size_t i = sections->count; i-- > 0;)
		if (strcmp(sections->name[i], name) == 0)
			found = (ssize_t)i;
	return found;
}

struct world {
	struct policy *policy;
	struct sections files, units, logs, packages;
};

static void look(const struct world *w, const char *name)
{
	expect(policy_path_is_plain(name) == is_path(name));
	expect(policy_unit_name_valid(name) == is_unit(name));
	expect(policy_package_name_valid(name) == is_package(name));
	expect(policy_find_file(w->policy, name) == (is_path(name) ? find(&w->files, name) : -1));
	expect(policy_find_service(w->policy, name) ==
	       (is_unit(name) ? find(&w->units, name) : -1));
	expect(policy_find_log(w->policy, name) == (is_unit(name) ? find(&w->logs, name) : -1));
	expect(policy_find_package(w->policy, name) ==
	       (is_package(name) ? find(&w->packages, name) : -1));
}

static void take_line(struct world *w, const char *line)
{
	struct policy_service *service;
	struct policy_package *package;
	struct policy_file *file;
	struct policy_log *log;
	const char *name = line + 1;

	switch (line[0]) {
	case 'F':
		if (w->files.count < SECTIONS_MAX && !policy_path_fault(name))
			add(&w->files, name, policy_file_add(w->policy, name, &file) == 0);
		break;
	case 'S':
		if (w->units.count < SECTIONS_MAX && !policy_unit_fault(name))
			add(&w->units, name, policy_service_add(w->policy, name, &service) == 0);
		break;
	case 'L':
		if (w->logs.count < SECTIONS_MAX && !policy_unit_fault(name))
			add(&w->logs, name, policy_log_add(w->policy, name, &log) == 0);
		break;
	case 'P':
		if (w->packages.count < SECTIONS_MAX && !policy_package_fault(name))
			add(&w->packages, name, policy_package_add(w->policy, name, &package) == 0);
		break;
	case '.':
		look(w, name);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *text = fuzz_text(data, size);
	struct world w = { .policy = policy_new() };
	char *rest = text, *line;

	expect(w.policy);
	while ((line = strsep(&rest, "\n")))
		if (reference_takes(line))
			take_line(&w, line);
	policy_free(w.policy);
	return 0;
}
