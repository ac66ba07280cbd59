/*
 * Base64 is counted sixteen octets at a time as long as they are digits and
 * line ends; quoted-printable from one "=" to the next.
 */
#include <string.h>

#include "base/base64.h"
#include "mail/transfer.h"

/* Any compiler and machine that we build for has these (SSE2, NEON or plain). */
typedef unsigned char vector __attribute__((vector_size(16)));

enum { QP_TEXT, QP_EQUALS, QP_DIGIT, QP_BLANK, QP_CR };

void
transfer_begin(struct transfer *transfer, enum transfer_encoding encoding)
{
	*transfer = (struct transfer){ .encoding = encoding };
}

/* All bits of each byte that lies in first..last. */
static vector
in_range(vector bytes, unsigned char first, unsigned char last)
{
	return (vector)((vector)(bytes - first) <= (unsigned char)(last - first));
}

static bool
is_all(vector mask)
{
	uint64_t words[2];

	memcpy(words, &mask, sizeof(words));
	return (words[0] & words[1]) == UINT64_MAX;
}

/* Line ends in the vector, or -1 when something in it is none and no digit. */
static int
count_ends(const char *p)
{
	vector bytes, digits, ends;
	uint64_t words[2];

	memcpy(&bytes, p, sizeof(bytes));
	digits = in_range(bytes | 0x20, 'a', 'z') |
	    in_range(bytes, '/', '9') | (vector)(bytes == '+');
	if (is_all(digits))
		return 0;
	ends = (vector)(bytes == '\r') | (vector)(bytes == '\n');
	if (!is_all(digits | ends))
		return -1;
	memcpy(words, &ends, sizeof(words));
	return (__builtin_popcountll(words[0]) + __builtin_popcountll(words[1])) / 8;
}

static void
base64_octet(struct transfer *transfer, char octet)
{
	if (base64_value(octet) >= 0) {
		transfer->digits++;
		transfer->bad |= transfer->pads > 0;
	} else if (octet == '=') {
		transfer->pads++;
	} else if (octet != '\r' && octet != '\n' && octet != ' ' && octet != '\t') {
		transfer->bad = true;
	}
}

static void
base64_add(struct transfer *transfer, const char *p, size_t n)
{
	int ends;

	for (; n >= sizeof(vector); p += sizeof(vector), n -= sizeof(vector)) {
		ends = transfer->pads > 0 ? -1 : count_ends(p);
		if (ends >= 0) {
			transfer->digits += sizeof(vector) - (unsigned)ends;
			continue;
		}
		for (size_t i = 0; i < sizeof(vector); i++)
			base64_octet(transfer, p[i]);
	}
	for (size_t i = 0; i < n; i++)
		base64_octet(transfer, p[i]);
}

static bool
is_hex(char octet)
{
	return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'F') ||
	    (octet >= 'a' && octet <= 'f');
}

/* An octet after "=", which has not been counted. */
static void
qp_octet(struct transfer *transfer, char octet)
{
	bool is_blank = octet == ' ' || octet == '\t';

	switch (transfer->state) {
	case QP_EQUALS:
		if (is_hex(octet)) {
			transfer->state = QP_DIGIT;
			return;
		}
		break;
	case QP_DIGIT:
		transfer->digits += is_hex(octet) ? 1 : 3;
		transfer->bad |= !is_hex(octet);
		transfer->state = QP_TEXT;
		return;
	}
	/* Blanks between "=" and the line end are dropped (rule 3). */
	if (octet == '\n')
		transfer->state = QP_TEXT;
	else if (octet == '\r' && transfer->state != QP_CR)
		transfer->state = QP_CR;
	else if (is_blank && transfer->state != QP_CR)
		transfer->state = QP_BLANK;
	else {
		transfer->bad = true;
		transfer->digits += 2;
		transfer->state = QP_TEXT;
	}
}

static void
qp_add(struct transfer *transfer, const char *p, size_t n)
{
	const char *end = p + n, *equals;

	while (p < end) {
		if (transfer->state != QP_TEXT) {
			qp_octet(transfer, *p++);
			continue;
		}
		equals = memchr(p, '=', (size_t)(end - p));
		transfer->digits += (size_t)((equals == NULL ? end : equals) - p);
		if (equals == NULL)
			return;
		transfer->state = QP_EQUALS;
		p = equals + 1;
	}
}

void
transfer_add(struct transfer *transfer, const char *bytes, size_t n)
{
	switch (transfer->encoding) {
	case CTE_BASE64:
		base64_add(transfer, bytes, n);
		break;
	case CTE_QUOTED_PRINTABLE:
		qp_add(transfer, bytes, n);
		break;
	case CTE_NONE: case CTE_7BIT: case CTE_8BIT: case CTE_BINARY: case CTE_UNKNOWN:
		transfer->digits += n;
		break;
	}
}

unsigned
transfer_missing(const struct transfer *transfer)
{
	unsigned over = (unsigned)((transfer->digits + transfer->pads) % 4);

	return transfer->encoding == CTE_BASE64 && over >= 2 ? 4 - over : 0;
}

uint64_t
transfer_finish(struct transfer *transfer, bool *bad_r)
{
	uint64_t octets = transfer->digits;

	switch (transfer->encoding) {
	case CTE_BASE64:
		if (transfer->pads > 2 || (octets + transfer->pads) % 4 != 0)
			transfer->bad = true;
		octets = octets / 4 * 3 + octets % 4 * 3 / 4;
		break;
	case CTE_QUOTED_PRINTABLE:
		/* The end of a soft line break may be the boundary's. */
		if (transfer->state == QP_DIGIT)
			transfer->bad = true;
		break;
	case CTE_NONE: case CTE_7BIT: case CTE_8BIT: case CTE_BINARY: case CTE_UNKNOWN:
		break;
	}
	*bad_r = transfer->bad;
	return octets;
}
