#compdef ringside
# Completion of ringside's commands, options and files for zsh; the words come from the program itself.

_ringside() {
    local -a words_there
    local command=${words[2]}

    if (( CURRENT == 2 )); then
        words_there=(${(f)"$(ringside help 2>/dev/null |
            sed -n 's/^  ringside \([a-z-]*\) .*   *\([^ ].*\)$/\1:\2/p')"})
        _describe -t commands command words_there
        return
    fi
    case $command:${words[CURRENT - 1]} in
    *:--color|*:--isolate) _values when always never auto; return ;;
    replay:--target) _values target all aarch64 arm riscv64 riscv32 x86_64 m68k or1k aarch64_be; return ;;
    run:--trace-format) _values format text perfetto vcd; return ;;
    run:--device) _values device sim qemu; return ;;
    *:--personality) _values personality qemu-7 qemu-11 strict eager lazy out-of-order; return ;;
    *:--fault|*:--with) _values fault ${(f)"$(ringside hostile --list 2>/dev/null)"}; return ;;
    *:--save) _files -g '*.scn'; return ;;
    replay:--device) _values device qemu; return ;;
    *:--driver) _files -g '*.so'; return ;;
    show:--png) _files -g '*.png'; return ;;
    show:--do) _values command continue until goto step back restart; return ;;
    conform:--run|conform:--print)
        words_there=(${(f)"$(ringside conform --list 2>/dev/null)"})
        _describe -t cells cell words_there
        return
        ;;
    *:--tap|*:--junit|*:--sarif|run:--json|conform:--json) _files; return ;;
    *:--drivers|*:--scenarios|*:--png|*:--html|*:--out) _files -/; return ;;
    museum:--json|silence:--json) _files -g '*.json'; return ;;
    cc:--cc) _values compiler gcc clang g++ clang++; return ;;
    explain:*|rules:*)
        words_there=(${(f)"$(ringside rules 2>/dev/null |
            sed -n 's/^\([A-Z][A-Z0-9a-z-]*\) .*/\1/p')"})
        _describe -t rules rule words_there
        return
        ;;
    esac
    if [[ ${words[CURRENT]} == -* ]]; then
        local asked=help
        [[ $command == (show|museum|silence|schedules|conform|hostile) ]] && asked="$command --help"
        words_there=(${(f)"$(ringside ${=asked} 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')"})
        _describe -t options option words_there -o
        return
    fi
    case $command in
    run|step|replay|diff|show|silence|schedules|hostile) _files -g '*.scn(-.)' ;;
    conform) _files -g '*.so(-.)' ;;
    *) _files ;;
    esac
}

_ringside "$@"
