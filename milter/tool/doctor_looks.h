/*
 * What the sections about domains, keys and addresses share: each domain is
 * looked at once.
 */
#ifndef MW_TOOL_DOCTOR_LOOKS_H
#define MW_TOOL_DOCTOR_LOOKS_H

#include <stddef.h>

#include "checks/check.h"
#include "tool/doctor.h"

struct look;

#define DOCTOR_DOMAINS_MAX 1000	/* looked at in one run */

/* A check that found something or could not tell. */
struct doctor_hit {
	const struct check *check;
	struct check_result result;
};

struct doctor_look {
	const char *domain;
	struct look *look;
	struct doctor_hit *hits;	/* those that others cover left out */
	size_t n_hits;
	struct doctor_look *next;
};

/* Asks once; lives as long as the doctor's arena. */
const struct doctor_look *doctor_look_at(struct doctor *doctor, const char *domain);

/* Before the parts that they were made with. */
void doctor_looks_free(struct doctor *doctor);

/* The names of the managed domains, and of --domain; NULL at the end. */
const char *const *doctor_domain_names(struct doctor *doctor, size_t *n_r);

/* The name this host says HELO with where neither settings nor Postfix tell. */
const char *doctor_host_name(struct doctor *doctor);

/* The finding as a line, in the words of the check; what could not be told. */
struct doctor_line *doctor_say_hit(struct doctor *doctor, const struct doctor_hit *hit,
    const char *subject);

/* How grave a finding of that weight is. */
enum doctor_grade doctor_grade_of(int weight);

/* The fix in words; a DNS record at its end is what to paste. */
void doctor_fix_by(struct doctor *doctor, struct doctor_line *line, const char *fix);

#endif
