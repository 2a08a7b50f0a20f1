/* The index: a table of scenarios, those that failed first, with a filter. */
"use strict";
(function () {
    const rows = JSON.parse(document.getElementById("data").textContent);
    const states = [
        ["broken", "!", "could not be run"],
        ["failed", "\u2717", "failed"],
        ["stopped", "\u25a0", "stopped"],
        ["skipped", "\u2013", "skipped"],
        ["ok", "\u2713", "ok"],
    ];
    const order = new Map(states.map((state, index) => [state[0], index]));
    const shown = new Set();
    const body = document.getElementById("rows");
    const filter = document.getElementById("filter");

    function make(tag, text, className) {
        const element = document.createElement(tag);
        if (text !== undefined) {
            element.textContent = text;
        }
        if (className) {
            element.className = className;
        }
        return element;
    }

    function findings(row) {
        const words = [];
        for (const [count, word] of [[row.errors, "error"], [row.warnings, "warning"],
            [row.notes, "note"]]) {
            if (count) {
                words.push(count + " " + word + (count === 1 ? "" : "s"));
            }
        }
        return words.join(", ") + (row.rules && row.rules.length ? ": " + row.rules.join(", ") : "");
    }

    function drawRow(row) {
        const tr = make("tr");
        const state = states[order.get(row.state)];
        const badge = make("span", undefined, "badge small " + row.state);
        badge.append(make("span", state[1], "mark"), " " + state[2]);
        tr.append(make("td"));
        tr.firstChild.append(badge);
        const name = make("th");
        name.scope = "row";
        if (row.file) {
            const link = make("a", row.name);
            link.href = encodeURIComponent(row.file);
            name.append(link);
        } else {
            name.textContent = row.name;
        }
        name.title = row.path;
        tr.append(name, make("td", row.about || ""), make("td", row.driver || ""),
            make("td", row.stuck || "", "code"), make("td", row.file ? findings(row) : ""),
            make("td", row.steps === undefined ? "" : row.steps.toLocaleString("en"), "number"));
        row.text = [row.name, row.path, row.driver, row.stuck, row.about, (row.rules || []).join(" "),
            state[2]].join(" ").toLowerCase();
        row.element = tr;
        body.append(tr);
    }

    function apply() {
        const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
        let count = 0;
        for (const row of rows) {
            const good = words.every((word) => row.text.includes(word)) &&
                (shown.size === 0 || shown.has(row.state));
            row.element.hidden = !good;
            count += good;
        }
        const all = states.map((state) => [rows.filter((row) => row.state === state[0]).length, state[2]])
            .filter((pair) => pair[0] > 0).map((pair) => pair.join(" ")).join(", ");
        document.getElementById("summary").textContent = rows.length + " scenario" +
            (rows.length === 1 ? "" : "s") + ": " + all +
            (count === rows.length ? "" : "; " + count + " shown");
    }

    function drawStates() {
        for (const state of states) {
            if (!rows.some((row) => row.state === state[0])) {
                continue;
            }
            const button = make("button", state[1] + " " + state[2]);
            button.type = "button";
            button.setAttribute("aria-pressed", "false");
            button.addEventListener("click", () => {
                const on = !shown.has(state[0]);
                shown[on ? "add" : "delete"](state[0]);
                button.setAttribute("aria-pressed", String(on));
                apply();
            });
            document.getElementById("states").append(button);
        }
    }

    function themes() {
        const root = document.documentElement;
        const button = document.getElementById("theme");
        const names = ["auto", "light", "dark"];
        const tell = () => {
            button.textContent = "Theme: " + root.dataset.theme;
        };
        button.addEventListener("click", () => {
            root.dataset.theme = names[(names.indexOf(root.dataset.theme) + 1) % names.length];
            try {
                localStorage.setItem("ringside-theme", root.dataset.theme);
            } catch (error) {
                /* not kept: nothing more */
            }
            tell();
        });
        tell();
    }

    rows.sort((a, b) => order.get(a.state) - order.get(b.state));
    rows.forEach(drawRow);
    drawStates();
    filter.addEventListener("input", apply);
    document.addEventListener("keydown", (event) => {
        if (event.key === "/" && document.activeElement !== filter) {
            event.preventDefault();
            filter.focus();
        }
    });
    apply();
    themes();
}());
