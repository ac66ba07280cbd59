# One program a module; each links the convenience library and cmocka.
unit_tests =

unit_tests += \
	tests/unit/test_base_arena \
	tests/unit/test_base_buf \
	tests/unit/test_base_cache \
	tests/unit/test_base_clock \
	tests/unit/test_base_ip \
	tests/unit/test_base_log \
	tests/unit/test_base_map \
	tests/unit/test_base_slice

EXTRA_PROGRAMS += $(unit_tests)
