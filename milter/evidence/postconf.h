/*
 * The Postfix of this host, asked by its postconf(1).
 */
#ifndef MW_EVIDENCE_POSTCONF_H
#define MW_EVIDENCE_POSTCONF_H

#include <stdbool.h>

#define POSTCONF_TIMEOUT_MS 3000
#define POSTCONF_OUTPUT_MAX 8192

struct arena;

/* What postconf says, in the order asked. */
struct postconf {
	const char *bind_address;	/* smtp_bind_address */
	const char *bind_address6;
	const char *inet_interfaces;
	const char *inet_protocols;
	const char *myhostname;
	const char *helo_name;		/* smtp_helo_name */
	const char *utf8_enable;	/* smtputf8_enable */
	const char *utf8_classes;	/* smtputf8_autodetect_classes */
};

/* In the usual places: the program, and a directory with a main.cf.  NULL: none. */
const char *postconf_program(void);
const char *postconf_dir(struct arena *arena);

/* Without its file postconf complains and sleeps for a second. */
bool postconf_has_main(struct arena *arena, const char *dir);

/*
 * Runs `program` without a shell, about the main.cf in `dir`, and reads its answer;
 * 0, or -1 when it cannot be run, fails, or does not answer in time.  Texts are in
 * the arena.
 */
int postconf_ask(struct arena *arena, const char *program, const char *dir,
    struct postconf *postconf_r);

#endif
