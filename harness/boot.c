/*
 * QEMU as a child process.
 *
 *   boot_start()            boot_listen()         qmp_...()          boot_end()
 *   directory, sockets,  -> serial line up to  -> screendump,     -> quit or kill, wait,
 *   fork, accept, QMP       done or fault         memory             directory removed
 *
 * Invariants: QEMU never outlives us (it gets SIGKILL when we die) nor boot_end(); the directory is
 * ours alone (mkdtemp) and holds nothing but the files named here; every wait has a deadline.
 */
#include "boot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "patience.h"
#include "transcript.h"

#define EXEC_FAILED 127
#define QUIT_MS     2000
#define READ_BYTES  4096u
#define CONNECTIONS 2u

/* Everything that may lie in the private directory. */
static const char *const private_files[] = {"uart",       "qmp",          "screen.ppm",
                                            "screen.png", "response.bin", "guest_errors"};

__attribute__((format(printf, 2, 3))) static const char *boot_fail(struct boot *boot,
                                                                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(boot->error, sizeof boot->error, format, arguments);
    va_end(arguments);
    return boot->error;
}

void boot_path(const struct boot *boot, const char *name, char *out, size_t out_bytes)
{
    int used = snprintf(out, out_bytes, "%s/%s", boot->dir, name);
    assert(used > 0 && (size_t)used < out_bytes);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- start ---- */

static const char *make_dir(struct boot *boot)
{
    const char *base = getenv("TMPDIR");
    struct sockaddr_un address;
    char path[BOOT_PATH_BYTES];

    int used = snprintf(path, sizeof path, "%s/ringside-XXXXXX", base && *base ? base : "/tmp");
    if (used < 0 || (size_t)used + sizeof "/uart" > sizeof address.sun_path)
        return boot_fail(boot, "TMPDIR is too long for a socket in it: %s", base);
    if (!mkdtemp(path))
        return boot_fail(boot, "%s: %s", path, strerror(errno));
    snprintf(boot->dir, sizeof boot->dir, "%s", path);
    return NULL;
}

static const char *listen_at(struct boot *boot, const char *name, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[BOOT_PATH_BYTES];

    boot_path(boot, name, path, sizeof path);
    assert(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(*fd, 1) != 0)
        return boot_fail(boot, "%s: %s", path, strerror(errno));
    return NULL;
}

/* The child: becomes QEMU or leaves a message on standard error. */
_Noreturn static void become_qemu(char *const *words, pid_t parent, int errors)
{
    int null = open("/dev/null", O_RDONLY);

    patience_child();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* the parent died before the line above */
        _exit(EXEC_FAILED);
    dup2(null, STDIN_FILENO);
    dup2(errors, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execvp(words[0], words);
    dprintf(STDERR_FILENO, "%s\n", strerror(errno));
    _exit(EXEC_FAILED);
}

static const char *spawn(struct boot *boot, const struct boot_target *target,
                         const struct scenario *scenario, const char *image)
{
    struct boot_command command;
    int errors[2];

    const char *reason = boot_command(target, scenario, image, boot->dir, &command);
    if (reason)
        return boot_fail(boot, "%s", reason);
    if (pipe2(errors, O_CLOEXEC) != 0) {
        boot_command_free(&command);
        return boot_fail(boot, "pipe: %s", strerror(errno));
    }
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become_qemu(command.word, parent, errors[1]);
    boot_command_free(&command);
    close(errors[1]);
    boot->errors = errors[0];
    if (pid < 0)
        return boot_fail(boot, "fork: %s", strerror(errno));
    boot->pid = pid;
    return NULL;
}

/* Takes what QEMU said on standard error; returns false at its end, that is when QEMU is gone. */
static bool take_complaint(struct boot *boot)
{
    char rest[READ_BYTES];
    ssize_t got = read(boot->errors, rest, sizeof rest);
    if (got <= 0)
        return false;
    size_t room = sizeof boot->complaint - 1 - boot->complaint_bytes;
    size_t kept = (size_t)got < room ? (size_t)got : room;
    memcpy(boot->complaint + boot->complaint_bytes, rest, kept);
    boot->complaint_bytes += kept;
    boot->complaint[boot->complaint_bytes] = '\0';
    return true;
}

/* QEMU is gone: its own last words, on one line. */
static const char *qemu_died(struct boot *boot)
{
    size_t bytes = strlen(boot->complaint);
    while (bytes > 0 && boot->complaint[bytes - 1] == '\n')
        boot->complaint[--bytes] = '\0';
    for (size_t i = 0; i < bytes; i++) {
        if (boot->complaint[i] == '\n')
            boot->complaint[i] = ' ';
    }
    if (!bytes)
        return boot_fail(boot, "QEMU ended without a word");
    return boot_fail(boot, "QEMU ended: %.900s", boot->complaint);
}

/* Takes serial output; what is over the limit is dropped. False at the end. */
static bool take_serial(void *context)
{
    struct boot *boot = context;
    char more[READ_BYTES];
    ssize_t got = read(boot->uart, more, sizeof more);
    if (got <= 0)
        return false;
    size_t room = BOOT_LOG_BYTES - boot->log_bytes;
    size_t kept = (size_t)got < room ? (size_t)got : room;
    memcpy(boot->log + boot->log_bytes, more, kept);
    boot->log_bytes += kept;
    boot->log[boot->log_bytes] = '\0';
    return true;
}

/* A connection to QEMU broke: if that is because it ended, its last words tell more than `error`.
 */
static const char *explain(struct boot *boot, const char *error)
{
    struct pollfd gone = {.fd = boot->errors, .events = POLLIN};
    int64_t deadline_ms = patience_deadline(QUIT_MS);

    while (patience_wait(&gone, 1, deadline_ms) == PATIENCE_READY) { /* ends with QEMU's output */
        if (!take_complaint(boot))
            return qemu_died(boot);
    }
    return error;
}

/* QEMU connects to both sockets, in whatever order. */
static const char *accept_both(struct boot *boot, int64_t deadline_ms)
{
    while (boot->uart < 0 || boot->monitor < 0) { /* each turn accepts one or ends */
        struct pollfd wait[] = {
            {.fd = boot->uart < 0 ? boot->uart_listen : -1, .events = POLLIN},
            {.fd = boot->monitor < 0 ? boot->qmp_listen : -1, .events = POLLIN},
            {.fd = boot->errors, .events = POLLIN},
        };
        enum patience_end how = patience_wait(wait, 3, deadline_ms);
        if (how != PATIENCE_READY)
            return boot_fail(boot, "QEMU did not start: %s", patience_text(how));
        if (wait[2].revents && !take_complaint(boot))
            return qemu_died(boot);
        if (wait[0].revents)
            boot->uart = accept4(boot->uart_listen, NULL, NULL, SOCK_CLOEXEC);
        if (wait[1].revents)
            boot->monitor = accept4(boot->qmp_listen, NULL, NULL, SOCK_CLOEXEC);
    }
    return NULL;
}

const char *boot_start(struct boot *boot, const struct boot_target *target,
                       const struct scenario *scenario, const char *image, int64_t deadline_ms)
{
    memset(boot, 0, sizeof *boot);
    boot->uart_listen = boot->qmp_listen = boot->uart = boot->monitor = boot->errors = -1;
    boot->log = malloc(BOOT_LOG_BYTES + 1);
    if (!boot->log)
        return boot_fail(boot, "memory ran out");
    boot->log[0] = '\0';
    const char *error = make_dir(boot);
    if (!error)
        error = listen_at(boot, "uart", &boot->uart_listen);
    if (!error)
        error = listen_at(boot, "qmp", &boot->qmp_listen);
    if (!error)
        error = spawn(boot, target, scenario, image);
    if (!error)
        error = accept_both(boot, deadline_ms);
    if (error)
        return error;
    const struct qmp_meanwhile serial = {boot->uart, take_serial, boot};
    error = qmp_open(&boot->qmp, boot->monitor, &serial, deadline_ms);
    return error ? explain(boot, error) : NULL;
}

/* ---- listen ---- */

const char *boot_listen(struct boot *boot, bool *over, int64_t deadline_ms)
{
    /* Much may have come while the monitor was opened. */
    *over = transcript_is_over(boot->log, boot->log_bytes);
    while (!*over) { /* bounded by the deadline */
        struct pollfd wait[] = {
            {.fd = boot->uart, .events = POLLIN},
            {.fd = boot->errors, .events = POLLIN},
        };
        enum patience_end how = patience_wait(wait, 2, deadline_ms);
        if (how == PATIENCE_TIMEOUT)
            return NULL;
        if (how != PATIENCE_READY)
            return boot_fail(boot, "QEMU: %s", patience_text(how));
        if (wait[0].revents && !take_serial(boot)) {
            boot->qmp.meanwhile.fd = -1;
            close_fd(&boot->uart); /* poll() skips -1; the end of standard error follows */
        }
        *over = transcript_is_over(boot->log, boot->log_bytes);
        if (!*over && wait[1].revents && !take_complaint(boot))
            return qemu_died(boot);
    }
    return NULL;
}

/* ---- end ---- */

static void end_process(struct boot *boot)
{
    if (boot->pid <= 0)
        return;
    if (boot->monitor >= 0 && !qmp_quit(&boot->qmp, patience_deadline(QUIT_MS))) {
        int64_t deadline_ms = patience_deadline(QUIT_MS);
        bool running = true;
        while (running) { /* bounded by the deadline; ends when QEMU closes its standard error */
            struct pollfd wait[] = {{.fd = boot->errors, .events = POLLIN},
                                    {.fd = boot->qmp.meanwhile.fd, .events = POLLIN}};
            running = patience_wait(wait, 2, deadline_ms) == PATIENCE_READY;
            if (running && wait[1].revents && !take_serial(boot))
                boot->qmp.meanwhile.fd = -1;
            if (running && wait[0].revents)
                running = take_complaint(boot);
        }
    }
    kill(boot->pid, SIGKILL); /* no harm when it has ended: it is not waited for yet */
    while (waitpid(boot->pid, NULL, 0) < 0 && errno == EINTR)
        ; /* killed, so this ends */
    boot->pid = 0;
}

void boot_end(struct boot *boot)
{
    end_process(boot);
    close_fd(&boot->uart_listen);
    close_fd(&boot->qmp_listen);
    close_fd(&boot->uart);
    close_fd(&boot->monitor);
    close_fd(&boot->errors);
    if (!boot->dir[0])
        return;
    for (size_t i = 0; i < sizeof private_files / sizeof private_files[0]; i++) {
        char path[BOOT_PATH_BYTES];
        boot_path(boot, private_files[i], path, sizeof path);
        unlink(path);
    }
    rmdir(boot->dir);
    boot->dir[0] = '\0';
}

char *boot_read_file(const char *path, size_t most_bytes, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(most_bytes + 1) : NULL;

    *bytes = 0;
    if (text) {
        *bytes = fread(text, 1, most_bytes, file);
        text[*bytes] = '\0';
    }
    if (file)
        fclose(file);
    return text;
}
