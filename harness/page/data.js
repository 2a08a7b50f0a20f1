/* What the page was given: the report, and events that are inflated when they are looked at. */
"use strict";
const ringside = {};
ringside.data = JSON.parse(document.getElementById("data").textContent);

/* An element with text, never with markup. */
ringside.make = function (tag, text, className) {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) {
        element.textContent = text;
    }
    if (className) {
        element.className = className;
    }
    return element;
};

ringside.button = function (text, title, act) {
    const button = ringside.make("button", text);
    button.type = "button";
    if (title) {
        button.title = title;
    }
    button.addEventListener("click", act);
    return button;
};

ringside.count = function (number, word) {
    return number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s");
};

/* ---- compressed text ---- */

ringside.inflate = async function (base64) {
    const raw = atob(base64.trim());
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) {
        bytes[i] = raw.charCodeAt(i);
    }
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
};

ringside.inflateElement = function (id) {
    return ringside.inflate(document.getElementById(id).textContent);
};

/* ---- events ---- */

ringside.events = (function () {
    const BLOCK_EVENTS = 2048;
    const BLOCKS_KEPT = 64;
    const BLOCKS_AT_ONCE = 16; /* while all are searched */
    const blocks = document.getElementById("block-data").textContent.split("\n");
    const firstStep = [];
    const kept = new Map(); /* number -> lines, the one used last at the end */
    const asked = new Map(); /* number -> promise */
    let total = 0;

    document.getElementById("block-data").textContent = "";
    for (let i = 0; i < ringside.data.blocks.length; i += 2) {
        firstStep.push(ringside.data.blocks[i]);
        total += ringside.data.blocks[i + 1];
    }

    function keep(number, lines) {
        kept.delete(number);
        kept.set(number, lines);
        if (kept.size > BLOCKS_KEPT) {
            kept.delete(kept.keys().next().value);
        }
    }

    async function load(number) {
        const buffer = await ringside.inflate(blocks[number]);
        const lines = new TextDecoder().decode(buffer).split("\n");
        lines.pop();
        /* A step that is one more than the line's before it goes without saying. */
        for (let i = 0, step = 0; i < lines.length; i++) {
            const first = lines[i].charCodeAt(0);
            if (first >= 48 && first <= 57) {
                step = parseInt(lines[i], 10);
            } else {
                lines[i] = ++step + " " + lines[i];
            }
        }
        return lines;
    }

    /* The lines of a block; a promise of them. */
    function block(number) {
        if (kept.has(number)) {
            const lines = kept.get(number);
            keep(number, lines);
            return Promise.resolve(lines);
        }
        if (!asked.has(number)) {
            asked.set(number, load(number).then((lines) => {
                asked.delete(number);
                keep(number, lines);
                return lines;
            }));
        }
        return asked.get(number);
    }

    /* The line of a row, or undefined when it is not here yet: then `later` is called once. */
    function line(row, later) {
        const number = Math.floor(row / BLOCK_EVENTS);
        const lines = kept.get(number);
        if (lines) {
            return lines[row % BLOCK_EVENTS];
        }
        const promise = block(number);
        if (later) {
            promise.then(later);
        }
        return undefined;
    }

    function parse(text) {
        const tab = text.indexOf("\t");
        const words = (tab < 0 ? text : text.slice(0, tab)).split(" ");
        const last = words[words.length - 1];
        const verdict = words.length > 4 && last.startsWith("!") ? words.pop() : "";
        return {
            step: Number(words[0]),
            party: words[1],
            verb: words[2],
            place: words[3] || "",
            rest: words.slice(4).join(" "),
            verdict,
            source: tab < 0 ? 0 : Number(text.slice(tab + 1)),
        };
    }

    /* The row of a step; the one before it when the step itself is not kept; -1 = none. */
    async function rowOf(step) {
        let low = 0;
        let high = firstStep.length;
        while (high - low > 1) {
            const middle = (low + high) >> 1;
            if (firstStep[middle] <= step) {
                low = middle;
            } else {
                high = middle;
            }
        }
        if (firstStep.length === 0 || firstStep[low] > step) {
            return -1;
        }
        const lines = await block(low);
        let first = 0;
        let last = lines.length;
        while (last - first > 1) {
            const middle = (first + last) >> 1;
            if (parseInt(lines[middle], 10) <= step) {
                first = middle;
            } else {
                last = middle;
            }
        }
        return low * BLOCK_EVENTS + first;
    }

    /* Rows whose line holds all words; `go` is asked now and then whether to go on. */
    async function search(words, go) {
        const found = [];
        for (let first = 0; first < firstStep.length; first += BLOCKS_AT_ONCE) {
            const some = [];
            for (let i = first; i < first + BLOCKS_AT_ONCE && i < firstStep.length; i++) {
                some.push(kept.get(i) || load(i));
            }
            const loaded = await Promise.all(some);
            if (!go(first / firstStep.length)) {
                return null;
            }
            loaded.forEach((lines, at) => lines.forEach((line, i) => {
                const text = line.toLowerCase();
                if (words.every((word) => text.includes(word))) {
                    found.push((first + at) * BLOCK_EVENTS + i);
                }
            }));
        }
        return Uint32Array.from(found);
    }

    return {total, line, block, parse, rowOf, search};
}());

/* ---- the driver's source ---- */

ringside.placeText = function (number) {
    const place = ringside.data.places[number];
    return number && place && place[1] ? place[0] + ":" + place[1] : "";
};

ringside.placeShort = function (number) {
    return ringside.placeText(number).replace(/^.*\//, "");
};

/* Lines of a file around one of them, which is marked; null when there is none. */
ringside.sourceLines = function (file, line, around, label) {
    const lines = ringside.data.sources[file];
    if (!lines || lines[line] === undefined || lines[line] === "") {
        return null;
    }
    const code = ringside.make("pre", undefined, "source");
    for (let i = Math.max(1, line - around); i <= line + around; i++) {
        if (lines[i] === undefined) {
            continue;
        }
        const row = ringside.make("div", undefined, i === line ? "line marked" : "line");
        row.append(ringside.make("span", i === line ? "\u25b6" : "", "pointer"),
            ringside.make("span", i, "number"), ringside.make("code", lines[i] || " "));
        code.append(row);
        if (i === line && label) {
            code.append(ringside.make("div", label, "label"));
        }
    }
    code.tabIndex = 0;
    return code;
};

ringside.sourceOf = function (number, around, label) {
    const place = ringside.data.places[number];
    return number && place ? ringside.sourceLines(place[0], place[1], around, label) : null;
};

/* Text with `names` in it. */
ringside.prose = function (text) {
    const all = document.createElement("span");
    text.split("`").forEach((part, index) => {
        all.append(index % 2 === 1 ? ringside.make("code", part) : part);
    });
    return all;
};

/* A command to be copied. */
ringside.command = function (text, label) {
    const box = ringside.make("div", undefined, "command");
    const code = ringside.make("code", text);
    const copy = ringside.button("Copy", "Copy this command", async () => {
        try {
            await navigator.clipboard.writeText(text);
            copy.textContent = "Copied";
        } catch (error) {
            const range = document.createRange();
            range.selectNodeContents(code);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            copy.textContent = "Selected";
        }
    });
    code.tabIndex = 0;
    if (label) {
        box.append(ringside.make("span", label, "command-label"));
    }
    box.append(code, copy);
    return box;
};

/* A button that leads to a step in the diagram. */
ringside.stepButton = function (step) {
    const button = ringside.button("step " + step, "Show this step in the sequence", () => {
        ringside.diagram.goToStep(step, true);
    });
    button.className = "to-step";
    return button;
};
