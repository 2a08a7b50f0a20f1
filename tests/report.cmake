ringside_add_test(report SOURCES test_report.c LIBRARIES ringside_harness)
