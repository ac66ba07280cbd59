/*
 * The page of `mailworthy status`.
 */
#ifndef MW_TOOL_STATUS_H
#define MW_TOOL_STATUS_H

#include "base/slice.h"
#include "tool/page.h"

/*
 * Lays a document of GET /status out.  1 when something in it needs care, 0
 * when all is well, -1 when it is no such document.  What is missing in it, as
 * from a daemon of another version, is left out.
 */
int status_page(struct page *page, struct slice document);

/* The same value without a page. */
int status_care(struct slice document);

#endif
