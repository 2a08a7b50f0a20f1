/*
 * Texts of reports.
 */
#include "report.h"
