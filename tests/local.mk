# One program a module; each links the convenience library and cmocka.
unit_tests =

EXTRA_PROGRAMS += $(unit_tests)
