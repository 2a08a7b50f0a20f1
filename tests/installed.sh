#!/usr/bin/env bash
# Holds an installed ringside against what it promises: its demo, its manual pages, its completion, a
# project that brings a driver to it, and the page on how to do so.
#
# Usage: tests/installed.sh PREFIX FOLDER [PART]...
# PREFIX is where it is installed (a staged tree, or an unpacked package's usr), FOLDER is emptied.
# PART: demo manual completion pkg-config consumer page; all of them without one.
# shellcheck disable=SC2016 # backquotes are what the program prints
set -euo pipefail
sources=$(cd "$(dirname "$0")/.." && pwd)
prefix=$(cd "$1" && pwd)
rm -rf "$2"
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2

export PATH="$prefix/bin:$PATH"
export CMAKE_PREFIX_PATH="$prefix"
export PKG_CONFIG_PATH="$prefix/share/pkgconfig"
[ "$(command -v ringside)" = "$prefix/bin/ringside" ]
# Every folder is searched from where the program lies: nothing of the build may be needed.
cd "$folder"

die() {
    echo "installed: $*" >&2
    exit 1
}

# has WHAT TEXT FILE: the text is found in the file.
has() {
    grep -qF -- "$2" "$3" || { cat "$3" >&2; die "$1: there is no \`$2\`"; }
}

part_demo() {
    ringside run seed/a-timeout.scn >a.txt
    has "row A" 'error[LMMIO-DRV-D10]: driver wrote `QueueReady`' a.txt
    has "row A" 'queue-live        never came' a.txt
    has "row A" '  --> driver/specimens/levitate/transport.c:' a.txt
    has "row A" 'transport->version = ' a.txt # the driver's line itself, from the installed sources
    ringside run --png pictures seed/d-lost-display-v2.scn >d.txt
    has "row D" 'scanout 0: lost at step' d.txt
    [ -s pictures/d-lost-display-v2-before-lost.png ] || die "row D: there is no picture"
    ringside drivers | tr '\n' ' ' >drivers.txt
    has "drivers" 'levitate rcore reference ' drivers.txt
    ringside museum >museum.txt || { cat museum.txt; die "the museum fails"; }
    has "museum" ' as expected; ' museum.txt
    ringside run -q suite >suite.txt || { cat suite.txt; die "the suite fails"; }
    has "suite" ' 0 failed' suite.txt
}

# Pages are without a warning, and name every command and option that the program knows.
part_manual() {
    local page word
    for page in man1/ringside.1 man5/ringside-scenario.5; do
        gzip -dc "$prefix/share/man/$page.gz" >"$(basename "$page")"
    done
    for page in ringside.1 ringside-scenario.5; do
        LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$page" >"$page.txt" 2>"$page.err"
        [ ! -s "$page.err" ] || { cat "$page.err" >&2; die "$page: the formatter warns"; }
        if command -v mandoc >/dev/null; then
            mandoc -T lint -W warning "$page" || die "$page: mandoc warns"
        fi
    done
    for word in $(ringside help | sed -n 's/^  ringside \([a-z-]*\) .*/\1/p'); do
        has "ringside.1" "$word" ringside.1.txt
    done
    for word in $(ringside help | sed -n 's/^  \(--[a-z-]*\).*/\1/p'); do
        has "ringside.1" "$word" ringside.1.txt
    done
    for word in $(ringside run <(echo nonsense) 2>&1 | sed -n 's/.*; expected \(.*\)/\1/p' | tr ',' ' '); do
        has "ringside-scenario.5" "$word" ringside-scenario.5.txt
    done
}

# complete WORD...: what bash would offer for the last word, on one line.
complete_bash() {
    bash -c '
        . "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _ringside
        echo " ${COMPREPLY[*]} "' - "$prefix/share/bash-completion/completions/ringside" "$@"
}

part_completion() {
    touch mine.so one.scn other.txt
    complete_bash ringside '' >words.txt
    has "bash" ' run ' words.txt
    has "bash" ' new-driver ' words.txt
    complete_bash ringside run --dr >words.txt
    has "bash" ' --driver --drivers ' words.txt
    complete_bash ringside run --color '' >words.txt
    has "bash" ' always never auto ' words.txt
    complete_bash ringside run --driver '' >words.txt
    has "bash" ' mine.so ' words.txt
    complete_bash ringside explain LMMIO-DRV-D1 >words.txt
    has "bash" ' LMMIO-DRV-D10 ' words.txt
    complete_bash ringside run o >words.txt
    has "bash" ' one.scn ' words.txt
    if command -v zsh >/dev/null; then
        zsh -n "$prefix/share/zsh/vendor-completions/_ringside" || die "zsh: a mistake"
    fi
}

part_pkg-config() {
    [ "$(pkg-config --modversion ringside)" = "$(ringside version | sed 's/ringside //')" ] ||
        die "pkg-config and the program are of different versions"
    # The variables lead to files that are there, wherever the tree was moved to.
    [ -x "$(pkg-config --variable=ringside ringside)" ] || die "pkg-config: no program"
    [ -e "$(pkg-config --variable=drivers ringside)/levitate.so" ] || die "pkg-config: no drivers"
    [ -e "$(pkg-config --variable=scenarios ringside)/suite" ] || die "pkg-config: no scenarios"
    [ -e "$(pkg-config --variable=includedir ringside)/ringside/ringside.h" ] || die "no headers"
    # The same flags as those of `ringside cc`.
    pkg-config --variable=probe_cflags_gcc ringside | tr ' ' '\n' | sort -u >flags.txt
    ringside cc -X x.c | tr ' ' '\n' | sort -u >cc.txt
    comm -23 flags.txt cc.txt | grep -vF ringside_asm.h | grep . && die "pkg-config: other flags"
    has "CHANGELOG" "## $(pkg-config --modversion ringside)" "$sources/CHANGELOG.md"
}

part_consumer() {
    cmake -S "$sources/tests/consumer" -B consumer >configure.txt || { cat configure.txt; die "configure"; }
    cmake --build consumer >build.txt 2>&1 || { cat build.txt; die "build"; }
    if grep -i warning build.txt; then die "the consumer's build warns"; fi
    ctest --test-dir consumer --output-on-failure >ctest.txt || { cat ctest.txt; die "ctest"; }
    has "consumer" '100% tests passed' ctest.txt
    has "consumer" 'ringside/kernel-gpu/own ' ctest.txt
    has "consumer" 'ringside/kernel-gpu/suite/version-1/show (Skipped)' ctest.txt
    has "consumer" 'ringside/kernel-gpu-clang/suite/version-2/display-info' ctest.txt
    # A mistake in the driver is seen through all of it.
    cp -r "$sources/tests/consumer" broken
    sed -i 's/^    if (why != 0)$/    if (0)/' broken/kernel/gpu.c
    cmake -S broken -B broken/build >/dev/null && cmake --build broken/build >/dev/null
    if ctest --test-dir broken/build >ctest.txt 2>&1; then die "the broken consumer passes"; fi
    has "broken consumer" 'ringside/kernel-gpu/suite/version-2/interrupts (Failed)' ctest.txt
    # A scenario that is not there, and another version, are told when the project is configured.
    sed 's/own.scn)/none.scn)/' "$sources/tests/consumer/CMakeLists.txt" >broken/CMakeLists.txt
    if cmake -S broken -B broken/build >/dev/null 2>error.txt; then die "no scenario: configured"; fi
    has "no scenario" 'there is no scenario `none.scn`' error.txt
    sed 's/ringside 0.1 REQUIRED/ringside 9.0 REQUIRED/' "$sources/tests/consumer/CMakeLists.txt" \
        >broken/CMakeLists.txt
    if cmake -S broken -B broken/again >/dev/null 2>error.txt; then die "version 9: configured"; fi
    has "another version" 'compatible with requested version "9.0"' error.txt
}

part_page() {
    python3 "$sources/tests/follow.py" "$sources/driver/BRING-YOUR-OWN.md" page
}

for part in "${@:-all}"; do
    case $part in
    all) for each in demo manual completion pkg-config consumer page; do "part_$each"; done ;;
    demo | manual | completion | pkg-config | consumer | page) "part_$part" ;;
    *) die "there is no part \`$part\`" ;;
    esac
done
echo "installed: $* as promised in $prefix"
