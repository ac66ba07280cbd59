/*
 * Record data as it travels (RFC 1035 sections 3.3 and 3.4, RFC 3596) turned
 * into values.  The bytes are hostile; nothing is read past them.
 */
#ifndef MW_DNS_RDATA_H
#define MW_DNS_RDATA_H

#include "dns/dns.h"

#define DNS_RDATA_MAX 65535

/*
 * False when the data does not fit the type to its last byte: such a record
 * is as good as none.  Names and texts are copied into the arena.
 */
bool dns_rdata_parse(struct arena *arena, enum dns_type type, struct slice rdata,
    struct dns_rr *rr_r);

#endif
