/*
 * Dates by the grammar of RFC 5322, obsolete forms included.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "mail/date.h"
#include "mail/lex.h"

static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};
static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* Days from 1970-01-01 in the Gregorian calendar. */
static int64_t
days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t era, y = year - (month <= 2);
	unsigned in_era, in_year;

	era = (y >= 0 ? y : y - 399) / 400;
	in_era = (unsigned)(y - era * 400);
	in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year -
	    719468;
}

static unsigned
days_in_month(unsigned long year, unsigned month)
{
	static const unsigned char lengths[12] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return lengths[month - 1] + (month == 2 && leap);
}

/* A run of letters or of digits at *at, and what follows it skipped. */
static struct slice
take_run(struct lex *lex, size_t *at, bool digits)
{
	size_t start = *at, i = start;

	for (; i < lex->text.n; i++) {
		char c = lex->text.p[i];
		bool is_digit = c >= '0' && c <= '9';
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (digits ? !is_digit : !is_letter)
			break;
	}
	*at = lex_skip(lex, i);
	return slice_sub(lex->text, start, i - start);
}

static bool
take_number(struct lex *lex, size_t *at, unsigned digits_max, unsigned long *number_r)
{
	struct slice run = take_run(lex, at, true);

	return run.n <= digits_max && slice_number(run, 9999, number_r);
}

static bool
take_byte(struct lex *lex, size_t *at, char byte)
{
	if (*at >= lex->text.n || lex->text.p[*at] != byte)
		return false;
	*at = lex_skip(lex, *at + 1);
	return true;
}

/* 1 to n by the place in the table, 0 when it is not there. */
static unsigned
take_word(struct lex *lex, size_t *at, const char (*words)[4], unsigned n)
{
	struct slice word = take_run(lex, at, false);

	for (unsigned i = 0; i < n; i++) {
		if (slice_is(word, words[i]))
			return i + 1;
	}
	return 0;
}

static bool
take_weekday(struct lex *lex, size_t *at)
{
	if (*at < lex->text.n && lex->text.p[*at] >= '0' && lex->text.p[*at] <= '9')
		return true;
	return take_word(lex, at, days, 7) != 0 && take_byte(lex, at, ',');
}

static bool
take_year(struct lex *lex, size_t *at, unsigned long *year_r)
{
	struct slice run = take_run(lex, at, true);

	if (run.n < 2 || run.n > 4 || !slice_number(run, 9999, year_r))
		return false;
	/* Section 4.3. */
	if (run.n == 2 && *year_r < 50)
		*year_r += 2000;
	else if (run.n < 4)
		*year_r += 1900;
	return *year_r >= 1900;
}

static bool
take_time(struct lex *lex, size_t *at, unsigned long *seconds_r)
{
	unsigned long hour, minute, second = 0;

	if (!take_number(lex, at, 2, &hour) || !take_byte(lex, at, ':') ||
	    !take_number(lex, at, 2, &minute))
		return false;
	if (take_byte(lex, at, ':') && !take_number(lex, at, 2, &second))
		return false;
	*seconds_r = hour * 3600 + minute * 60 + second;
	return hour < 24 && minute < 60 && second <= 60;
}

/* Minutes east.  Letters that say nothing known are +0000 (section 4.3). */
static bool
take_zone(struct lex *lex, size_t *at, long *minutes_r)
{
	static const char zones[8][4] = {
		"EDT", "EST", "CDT", "CST", "MDT", "MST", "PDT", "PST"
	};
	static const signed char hours[8] = { -4, -5, -5, -6, -6, -7, -7, -8 };
	unsigned long number;
	bool west = take_byte(lex, at, '-');
	struct slice run;

	*minutes_r = 0;
	if (west || take_byte(lex, at, '+')) {
		run = take_run(lex, at, true);
		if (run.n != 4 || !slice_number(run, 9959, &number) ||
		    number % 100 >= 60)
			return false;
		*minutes_r = (long)(number / 100 * 60 + number % 100) * (west ? -1 : 1);
		return true;
	}
	run = take_run(lex, at, false);
	for (unsigned i = 0; i < 8; i++) {
		if (slice_is(run, zones[i]))
			*minutes_r = hours[i] * 60;
	}
	return run.n >= 1 && run.n <= 5;
}

bool
date_parse(struct slice value, time_t *when_r)
{
	struct lex lex = { .text = value };
	unsigned long day, year, seconds;
	size_t at = lex_skip(&lex, 0);
	unsigned month;
	long zone;

	if (!take_weekday(&lex, &at) || !take_number(&lex, &at, 2, &day) ||
	    (month = take_word(&lex, &at, months, 12)) == 0 ||
	    !take_year(&lex, &at, &year) || !take_time(&lex, &at, &seconds) ||
	    !take_zone(&lex, &at, &zone) || at != value.n)
		return false;
	if (day < 1 || day > days_in_month(year, month))
		return false;
	*when_r = (time_t)(days_of((int64_t)year, month, (unsigned)day) * 86400 +
	    (int64_t)seconds - zone * 60);
	return true;
}

const char *
date_format(struct arena *arena, time_t when)
{
	struct tm tm;

	/* Names of our own: the locale's would be other ones. */
	if (gmtime_r(&when, &tm) == NULL)
		return arena_strdup(arena, "Thu, 01 Jan 1970 00:00:00 +0000");
	return arena_printf(arena, "%s, %02d %s %04d %02d:%02d:%02d +0000",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}
