/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a program that uses Augeas: aug_init() and aug_close(). The program knows of no server;
 * the environment says where that is, and all handles of a process are one session of it.
 */
#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "connect.h"
#include "settings.h"

/* Where a program notes that the session is its own, until another one begins anew. */
#define MARK "/augeas/events/exmachina"

enum { MARK_BYTES = 8, MARK_SIZE = 2 * MARK_BYTES + 1 };

/* Of the process, since the interface has nothing else that its handles share. */
static struct {
	pthread_mutex_t mutex;
	struct exm *exm;
	unsigned int handles;
	pid_t pid;    /* that has begun; a child leaves the session as it is */
	bool changed; /* anything that the next one should not find */
	char mark[MARK_SIZE];
} process = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void lock(void)
{
	pthread_mutex_lock(&process.mutex);
}

static void unlock(void)
{
	pthread_mutex_unlock(&process.mutex);
}

/* A child begins with the lock free, whichever thread was in the midst of a call. */
static __attribute__((constructor)) void watch_forks(void)
{
	(void)!pthread_atfork(lock, unlock, unlock);
}

struct augeas *turn_begin(const augeas *aug)
{
	/* Augeas promises not to change what looks to be constant, but has errors there */
	struct augeas *handle = (struct augeas *)(uintptr_t)aug;

	lock();
	if (handle->exm)
		error_clear(handle);
	return handle;
}

void turn_end(struct augeas **handle)
{
	(void)handle;
	unlock();
}

void turn_changes(void)
{
	process.changed = true;
	variables_forget();
}

/* Does the mark say that nobody else has begun anew? */
static bool is_ours(struct exm *exm)
{
	scoped_ptr char *mark = NULL;

	return exm_get(exm, MARK, &mark) == 0 && mark && strcmp(mark, process.mark) == 0;
}

bool handle_has_edits(struct augeas *aug)
{
	if (!aug->exm)
		return false;
	if (is_ours(aug->exm))
		return true;
	error_other(aug, AUG_EINTERNAL, "Edits that were not saved are lost",
		    "another program has begun anew in this session, or the server had to");
	return false;
}

/* ---- the end ------------------------------------------------------------------ */

/* The next program finds the session as if there had been none. */
static void leave(void)
{
	if (process.exm && process.changed && process.pid == getpid() && is_ours(process.exm))
		(void)!exm_load_anew(process.exm, true, false);
	process.changed = false;
}

/* Of a program that ends without aug_close(). */
static __attribute__((destructor)) void leave_at_exit(void)
{
	/* one that is in the midst of a call in another thread has itself to thank for it */
	if (pthread_mutex_trylock(&process.mutex) != 0)
		return;
	leave();
	unlock();
}

static void release_session(void)
{
	if (--process.handles > 0)
		return;
	leave();
	variables_forget();
	exm_free(process.exm);
	process.exm = NULL;
}

void aug_close(augeas *aug)
{
	if (!aug)
		return;
	lock();
	if (aug->exm)
		release_session();
	unlock();
	error_clear(aug);
	keep_clear(&aug->keep);
	free(aug);
}

/* ---- the beginning -------------------------------------------------------------- */

static void make_mark(void)
{
	unsigned char bytes[MARK_BYTES] = { 0 };

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) < 0)
		memset(bytes, getpid(), sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(process.mark + 2 * i, 3, "%02x", bytes[i]);
}

static const char *save_mode(unsigned int flags)
{
	if (flags & AUG_SAVE_NOOP)
		return "noop";
	if (flags & AUG_SAVE_NEWFILE)
		return "newfile";
	return flags & AUG_SAVE_BACKUP ? "backup" : "overwrite";
}

/* Lenses and spans count from the load on that is behind them. */
static int set_up(struct exm *exm, unsigned int flags)
{
	scoped_ptr struct exm_script *done = NULL;
	scoped_ptr char *script = NULL;

	if (asprintf(&script, "set " MARK " %s\nset /augeas/save %s\nset /augeas/span %s\n%s%s",
		     process.mark, save_mode(flags), flags & AUG_ENABLE_SPAN ? "enable" : "disable",
		     flags & AUG_NO_MODL_AUTOLOAD ? "rm /augeas/load/*\n" : "",
		     flags & AUG_NO_LOAD ? "" : "load\n") < 0)
		return -ENOMEM;
	return exm_srun(exm, script, &done);
}

/* The tree as Augeas would have it now. */
static int begin_anew(struct exm *exm, unsigned int flags)
{
	int r = exm_load_anew(exm, true, false);

	if (r < 0)
		return r;
	make_mark();
	process.pid = getpid();
	process.changed = flags & ~(unsigned int)AUG_NO_ERR_CLOSE;
	r = set_up(exm, flags);
	if (r == 0 && flags & AUG_NO_LOAD)
		r = exm_call(exm, "augeas.load", "{\"empty\":true}", NULL);
	return r;
}

static int join_session(struct augeas *aug, unsigned int flags)
{
	int r = 0;

	if (!process.exm) {
		r = connect_session(&process.exm);
		if (r == 0)
			r = begin_anew(process.exm, flags);
	}
	if (r == 0) {
		process.handles++;
		aug->exm = process.exm;
		return 0;
	}
	error_other(aug, AUG_EINTERNAL, "There is no session with a server",
		    exm_strerror(process.exm, r));
	process.exm = exm_free(process.exm);
	return r;
}

static void begin(struct augeas *aug, const char *root, const char *loadpath, unsigned int flags)
{
	/* the environment of such a program is that of somebody with less rights */
	if (getauxval(AT_SECURE)) {
		error_other(aug, AUG_EINTERNAL, "There is no session with a server",
			    "a program with more rights than its user has takes none");
		return;
	}
	if (join_session(aug, flags) < 0)
		return;
	if (settings_are_those_of_server(aug, root, loadpath))
		return;
	release_session();
	aug->exm = NULL;
}

augeas *aug_init(const char *root, const char *loadpath, unsigned int flags)
{
	struct augeas *aug = calloc(1, sizeof(*aug));

	if (!aug)
		return NULL;
	error_clear(aug);
	lock();
	begin(aug, root, loadpath, flags);
	unlock();
	if (!aug->exm && !(flags & AUG_NO_ERR_CLOSE)) {
		aug_close(aug);
		return NULL;
	}
	return aug;
}
