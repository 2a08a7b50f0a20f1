# Completion of ringside's commands, options and files for bash; the words come from the program itself.

_ringside()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=''
    local command=${COMP_WORDS[1]}

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(ringside help 2>/dev/null | sed -n 's/^  ringside \([a-z-]*\) .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        return
    fi
    case $command:$before in
    *:--color | *:--isolate) words='always never auto' ;;
    replay:--target) words='all aarch64 arm riscv64 riscv32 x86_64 m68k or1k aarch64_be' ;;
    run:--trace-format) words='text perfetto vcd' ;;
    run:--device) words='sim qemu' ;;
    *:--personality) words='qemu-7 qemu-11 strict eager lazy out-of-order' ;;
    *:--fault | *:--with) words=$(ringside hostile --list 2>/dev/null) ;;
    *:--save) mapfile -t COMPREPLY < <(compgen -f -X '!*.scn' -- "$word"; compgen -d -- "$word") ;;
    replay:--device) words='qemu' ;;
    *:--driver) mapfile -t COMPREPLY < <(compgen -f -X '!*.so' -- "$word") ;;
    show:--png) mapfile -t COMPREPLY < <(compgen -f -X '!*.png' -- "$word"; compgen -d -- "$word") ;;
    show:--do) words='continue until goto step back restart' ;;
    *:--drivers | *:--scenarios | *:--png | *:--html | *:--out) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    museum:--json | silence:--json) mapfile -t COMPREPLY < <(compgen -f -X '!*.json' -- "$word"; compgen -d -- "$word") ;;
    cc:--cc) words='gcc clang g++ clang++' ;;
    rules:--evidence | rules:--coverage) ;;
    conform:--run | conform:--print) words=$(ringside conform --list 2>/dev/null) ;;
    *:--tap | *:--junit | *:--sarif | *:--json) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    explain:* | rules:*) words=$(ringside rules 2>/dev/null | sed -n 's/^\([A-Z][A-Z0-9a-z-]*\) .*/\1/p') ;;
    *)
        case $word in
        -*)
            case $command in
            show | museum | silence | schedules | conform | hostile) words=$(ringside "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p') ;;
            *) words=$(ringside help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p') ;;
            esac
            ;;
        esac
        ;;
    esac
    if [ -n "$words" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    elif [ "${#COMPREPLY[@]}" -eq 0 ]; then
        case $command in
        conform) mapfile -t COMPREPLY < <(compgen -W "$(ringside drivers 2>/dev/null)" -- "$word"; compgen -f -X '!*.so' -- "$word"; compgen -d -- "$word") ;;
        run | step | replay | diff | show | silence | schedules | hostile) mapfile -t COMPREPLY < <(compgen -f -X '!*.scn' -- "$word"; compgen -d -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        esac
    fi
}

complete -o filenames -F _ringside ringside
