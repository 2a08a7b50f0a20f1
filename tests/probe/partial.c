/*
 * A driver of few operations, none of which touches the device: what is skipped shows in the
 * reports.
 *
 * Its option `answer` is what its `init` comes to: `ok`, `refused` or `unsupported`.
 */
#include <ringside/ringside.h>

static int answer;

static int init(void)
{
    return answer;
}

static int poll(void)
{
    return ringside_zero_is_ok(-110);
}

static _Bool set_option(const char *name, const char *value)
{
    if (name[0] != 'a' || (value[0] != 'o' && value[0] != 'r' && value[0] != 'u'))
        return 0;
    answer = value[0] == 'o'   ? RINGSIDE_OK
             : value[0] == 'r' ? RINGSIDE_NO_DEVICE
                               : RINGSIDE_UNSUPPORTED;
    return 1;
}

static const char *const option_names[] = {"answer", 0};

RINGSIDE_DRIVER("partial", .set_option = set_option, .option_names = option_names, .init = init,
                .poll = poll);
