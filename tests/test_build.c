/*
 * Building drivers without CMake, from outside: `new-driver`, `cc`, `link`, and what each says when
 * something is amiss.
 *
 * Commands are run by a shell in a folder of their own below the build folder, with $R the program.
 */
#include "shell_rig.h"

static void setup(void)
{
    shell_begin("test_build");
    ck_assert_int_eq(system("mkdir taken no-programs"), 0);
    shell_write("empty.c", "typedef int nothing;\n");
    shell_write("broken.c", "int f( { }\n");
    shell_write("calls.c", "#include <ringside/ringside.h>\nint kmalloc(void);\n"
                           "RINGSIDE_DRIVER(\"calls\", .init = kmalloc);\n");
    shell_write("shims.c", "#include <ringside/ringside.h>\nvoid *kmalloc(unsigned long, int);\n"
                           "static int init(void) { return kmalloc(8, 0) == 0; }\n"
                           "RINGSIDE_DRIVER(\"shims\", .init = init);\n");
    shell_write("plus.cpp", "#include <ringside/ringside.h>\n"
                            "static int init() { return RINGSIDE_OK; }\n"
                            "RINGSIDE_DRIVER(\"plus\", .init = init);\n");
    shell_write("init.scn", "device gpu\ndriver x wide on\ncall init\ncall frobnicate\n");
}

START_TEST(every_use_has_its_status_and_its_words)
{
    static const struct shell_case cases[] = {
        {"$R new-driver", 2, "", "usage: ringside new-driver NAME"},
        {"$R new-driver --help", 0, "usage: ringside new-driver NAME", ""},
        {"$R new-driver a b c", 2, "", "usage: ringside new-driver NAME"},
        {"$R new-driver -x", 2, "", "usage: ringside new-driver NAME"},
        {"$R new-driver taken", 2, "", "taken: is there already; nothing was written\n"},
        {"$R new-driver mine taken; ls -A taken", 0, "", "taken: is there already"},
        {"$R new-driver Mine", 2, "", "a driver's name is made of"},
        {"$R new-driver ../mine", 2, "", "a driver's name is made of"},
        {"$R new-driver mine no/where", 2, "", "no/where: No such file or directory\n"},
        {"$R new-driver mine && ls mine", 0, "CMakeLists.txt\nREADME.md\nadapter.c\ndriver.c\n",
         ""},
        {"$R new-driver thine && grep -r @ thine", 1, "wrote thine/", ""},
        {"$R new-driver ours elsewhere && cat elsewhere/first.scn", 0, "driver    ours\n", ""},
        {"$R cc", 2, "", "cc has no source file to compile; usage: ringside cc"},
        {"$R cc --help", 0, "usage: ringside cc", ""},
        {"$R cc -c -o x.o", 2, "", "cc has no source file"},
        {"$R cc --cc", 2, "", "a compiler's name is missing after `--cc`"},
        {"$R cc --cc= empty.c", 2, "", "a compiler's name is missing after `--cc`"},
        {"$R cc broken.c", 1, "", "broken.c:1:"},
        {"$R cc nowhere.c", 1, "", "nowhere.c"},
        {"$R cc empty.c && test -s empty.o", 0, "", ""},
        {"$R cc --cc clang -- -o e.o empty.c && test -s e.o", 0, "", ""},
        {"$R cc --cc no-such-gcc empty.c", 2, "", "ringside: no-such-gcc cannot be run\n"},
        {"PATH=no-programs $R cc empty.c", 2, "",
         "ringside: gcc is not there; it is in the package gcc: apt-get install gcc\n"},
        {"PATH=no-programs $R cc --cc clang empty.c", 2, "", "it is in the package clang:"},
        {"PATH=no-programs $R cc --cc clang++-14 plus.cpp", 2, "", "it is in the package clang:"},
        {"PATH=no-programs $R cc --cc g++ plus.cpp", 2, "", "it is in the package g++:"},
        {"$R cc -X -march=rv64gc -mcmodel=medany -T k.ld -Werror -target riscv64 -DA=1 -O1 empty.c",
         0, "gcc -std=gnu11 -DA=1 -O1 empty.c -c -g ", ""},
        {"$R cc -X --cc clang -S -D march= empty.c", 0,
         "clang -std=gnu11 -S -D march= empty.c -O2 ", ""},
        {"$R cc -X plus.cpp", 0, "gcc -std=gnu++17 ", ""},
        {"$R link", 2, "", "link has no `-o FILE.so`; usage: ringside link"},
        {"$R link --help", 0, "usage: ringside link", ""},
        {"$R link -o x.so", 2, "", "link has no object file to link"},
        {"$R link empty.o -o", 2, "", "link has no `-o FILE.so`"},
        {"$R link -o x.so nowhere.o", 1, "", "nowhere.o"},
        {"PATH=no-programs $R link -o x.so e.o", 2, "", "gcc is not there"},
        {"TMPDIR=nowhere $R link -o x.so e.o", 2, "", ": No such file or directory\n"},
        {"$R cc empty.c && $R link -o x.so empty.o", 1, "", "x.so: there is no adapter in it"},
        {"$R cc calls.c && $R link -o x.so calls.o", 1, "", "x.so: `kmalloc` is defined nowhere"},
        {"$R cc shims.c && $R link --shims -o s.so shims.o", 0, "", NULL},
        {"$R run --driver ./s.so init.scn", 0, "driver `shims` has no frobnicate;", ""},
        {"$R cc plus.cpp && $R link -o plus.so plus.o && $R run --driver ./plus.so init.scn", 0,
         "1 ok", ""},
        {"$R run --driver ./plus.so init.scn", 0,
         "option wide on ... skipped: driver `plus` has no such option\n", ""},
    };
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

#define LINK "$R link -o mine.so driver.o adapter.o && $R run --driver ./mine.so first.scn suite"

/* Both compilers: the skeleton passes the whole suite, and nothing is left in the folder of links.
 */
START_TEST(a_new_driver_builds_and_passes_the_suite)
{
    static const char *const compilers[] = {"gcc", "clang"};
    char command[512];

    ck_assert_int_eq(shell_run("$R new-driver mine"), 0);
    ck_assert_int_eq(chdir("mine"), 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(command, sizeof command,
                 "mkdir -p t && export TMPDIR=t && $R cc --cc %s driver.c && "
                 "$R cc --cc %s adapter.c && " LINK " && rmdir t",
                 compilers[i], compilers[i]);
        ck_assert_msg(shell_run(command) == 0, "%s\n%.2000s%.2000s", command, shell_output,
                      shell_errors);
        ck_assert_ptr_nonnull(strstr(shell_output, " 0 failed;"));
        ck_assert_ptr_nonnull(strstr(shell_output, "driver `mine` has no cursor"));
    }
    ck_assert_int_eq(chdir(".."), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("build");
    TCase *build = tcase_create("build");
    tcase_set_timeout(build, 100);
    tcase_add_checked_fixture(build, setup, NULL);
    tcase_add_test(build, every_use_has_its_status_and_its_words);
    tcase_add_test(build, a_new_driver_builds_and_passes_the_suite);
    suite_add_tcase(suite, build);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
