/*
 * mailworthy: the tool for a person.
 */
#include "tool/tool.h"

int
main(int argc, char **argv)
{
	return tool_run(argc, argv);
}
