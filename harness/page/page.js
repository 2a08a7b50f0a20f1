/* Puts the page together: theme, keys, parts. */
"use strict";
(function () {
    const make = ringside.make;
    const root = document.documentElement;
    const THEMES = ["auto", "light", "dark"];
    const KEYS = [
        ["\u2191 \u2193", "event above, event below"],
        ["\u2190 \u2192", "fold, unfold; out to the fold around"],
        ["Enter", "fold or unfold"],
        ["Page Up, Page Down, Home, End", "far"],
        ["1 2 3 4", "fold to calls, to requests, to polls, not at all"],
        ["+ -", "zoom; also Ctrl and the wheel"],
        ["n N", "next notification, the one before"],
        ["u U", "used-ring update"],
        ["i I", "interrupt"],
        ["e E", "trouble: refused, reset, stuck, crashed"],
        ["f F", "finding"],
        ["r", "rings at this notification"],
        ["[ ]", "rings: the notification before, the next"],
        ["g", "go to a step"],
        ["/", "filter: events that hold all words"],
        ["s", "to the sequence"],
        ["t", "theme"],
        ["?", "this list"],
    ];

    function themeName() {
        document.getElementById("theme").textContent = "Theme: " + root.dataset.theme;
    }

    function nextTheme() {
        root.dataset.theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
        try {
            localStorage.setItem("ringside-theme", root.dataset.theme);
        } catch (error) {
            /* not kept: nothing more */
        }
        themeName();
        ringside.diagram.redraw();
    }

    function drawHelp() {
        const list = make("dl", undefined, "facts");
        for (const [keys, what] of KEYS) {
            list.append(make("dt", keys), make("dd", what));
        }
        document.querySelector("#help .body").append(list);
        document.getElementById("help-close").addEventListener("click",
            () => document.getElementById("help").close());
    }

    function openHelp() {
        const dialog = document.getElementById("help");
        if (!dialog.open) {
            dialog.showModal();
        }
    }

    function key(event) {
        const typing = event.target.closest("input, textarea, select");
        if (event.ctrlKey || event.altKey || event.metaKey || (typing && typing.type !== "range")) {
            return;
        }
        const view = document.getElementById("view");
        const acts = {
            "?": openHelp,
            t: nextTheme,
            "/": () => document.getElementById("filter").focus(),
            s: () => {
                document.getElementById("sequence").scrollIntoView({block: "start"});
                view.focus({preventScroll: true});
            },
            "[": () => ringside.rings.step(-1),
            "]": () => ringside.rings.step(1),
        };
        if (Object.hasOwn(acts, event.key)) {
            event.preventDefault();
            acts[event.key]();
        }
    }

    function drawNav() {
        const nav = document.getElementById("nav");
        for (const section of document.querySelectorAll("main > section")) {
            const head = section.querySelector("h2");
            if (head && !section.hidden) {
                const link = make("a", head.dataset.nav || head.textContent);
                const count = section.id === "findings" ? ringside.data.findings.length : 0;
                link.href = "#" + section.id;
                if (count) {
                    link.append(" " + count);
                }
                nav.append(link);
            }
        }
    }

    async function start() {
        themeName();
        document.getElementById("theme").addEventListener("click", nextTheme);
        document.getElementById("keys").addEventListener("click", openHelp);
        document.addEventListener("keydown", key);
        ringside.report.draw();
        drawNav();
        drawHelp();
        if (typeof DecompressionStream === "undefined") {
            document.getElementById("sequence-hint").textContent = "This browser cannot inflate " +
                "what the page holds of events and rings (it has no DecompressionStream); all else " +
                "is here.";
        } else {
            await ringside.rings.start();
            await ringside.diagram.start();
        }
        root.dataset.ready = "yes";
    }

    start();
}());
