/* The report: verdict, calls, ladders, findings, screen, machine, scenario. */
"use strict";
ringside.report = (function () {
    const data = ringside.data;
    const make = ringside.make;
    const states = {
        ok: ["\u2713", "As expected"],
        failed: ["\u2717", "Not as expected"],
        stopped: ["\u25a0", "Stopped early"],
        skipped: ["\u2013", "Nothing was called"],
        broken: ["!", "Could not be run"],
    };
    const levels = {error: "\u2717", warning: "!", note: "i"};

    function body(id) {
        return document.querySelector("#" + id + " .body");
    }

    /* ---- the verdict ---- */

    function verdictText() {
        const words = [];
        const stuck = data.ladders.find((ladder) => ladder.stuck);
        if (stuck) {
            words.push("a request is stuck before the rung " + stuck.rungs[stuck.missed].word);
        }
        if (data.failures.length && data.state !== "stopped") {
            words.push(ringside.count(data.failures.length, "thing") + " not as expected");
        }
        const findings = ringside.count(data.findings.length + data.findingsMore, "finding");
        const serious = data.findings.some((finding) => finding.level !== "note");
        words.push(data.findings.length === 0 ? "no findings"
            : data.state === "ok" && serious ? findings + ", as the scenario expects" : findings);
        words.push(ringside.count(data.steps, "step"));
        return words.join("; ") + ".";
    }

    function drawVerdict() {
        const state = states[data.state];
        const badge = document.getElementById("badge");
        badge.className = "badge " + data.state;
        badge.append(make("span", state[0], "mark"), " " + state[1]);
        document.getElementById("name").textContent = data.name;
        const text = verdictText();
        document.getElementById("summary").textContent = text[0].toUpperCase() + text.slice(1);
        const about = document.getElementById("about");
        for (const paragraph of data.description.split(/\n\s*\n/)) {
            about.append(make("span", paragraph.replace(/\n/g, " ")), make("br"));
        }
        document.getElementById("again").append(ringside.command(data.command, "again"));
        if (data.state === "stopped") {
            document.getElementById("again").append(make("p",
                "The run was stopped at step " + data.steps +
                ": what the scenario expects was not judged.", "notice"));
        }
        const list = make("ul", undefined, "failures");
        for (const [line, what] of data.state === "stopped" ? [] : data.failures) {
            const item = make("li");
            item.append(make("code", data.path + (line ? ":" + line : "")), ": ", ringside.prose(what));
            list.append(item);
        }
        for (const [line, what] of data.skips) {
            const item = make("li", undefined, "skipped");
            item.append(make("code", "line " + line), ": ", ringside.prose(what));
            list.append(item);
        }
        if (list.children.length) {
            document.getElementById("failures").append(list);
        }
    }

    /* ---- calls ---- */

    function callState(call) {
        if (call.skipped) {
            return ["\u2013", "skipped", "skipped"];
        }
        if (!call.expected) {
            return ["\u2717", "not as expected", "failed"];
        }
        return ["\u2713", call.wanted && call.wanted !== "OK" ? "as expected" : "", "ok"];
    }

    function drawCalls() {
        const table = make("table", undefined, "list calls");
        const head = make("tr");
        for (const word of ["", "call", "result", "expected", ""]) {
            const cell = make("th", word);
            cell.scope = "col";
            head.append(cell);
        }
        table.append(make("thead"), make("tbody"));
        table.tHead.append(head);
        data.calls.forEach((call, index) => {
            const state = callState(call);
            const row = make("tr", undefined, state[2]);
            const mark = make("td", state[0], "mark " + state[2]);
            mark.title = state[1] || state[2];
            mark.append(make("span", " " + state[2], "unseen"));
            const result = make("td", call.result || call.note || "");
            result.className = "code";
            if (call.stuck) {
                result.append(make("span", "stuck", "tag bad"));
            }
            const more = make("td", call.result ? call.note || state[1] : state[1]);
            const show = ringside.button("show", "Show this call in the sequence",
                () => ringside.diagram.goToCall(index));
            more.append(" ", show);
            row.append(mark, make("td", call.text, "code"), result,
                make("td", call.wanted || "anything", "code"), more);
            table.tBodies[0].append(row);
        });
        if (data.calls.length === 0) {
            body("calls").append(make("p", "The scenario calls nothing: it plays the driver itself.",
                "notice"));
        } else {
            const scroll = make("div", undefined, "scroll");
            scroll.append(table);
            body("calls").append(scroll);
        }
        if (data.calls.length && data.calls[data.calls.length - 1].stuck) {
            body("calls").append(make("p", data.filled
                ? "Response: filled. The device answered, but the driver did not see it."
                : "Response: untouched. The device never answered.", "hint"));
        }
    }

    /* ---- ladders ---- */

    function drawRung(ladder, rung, index) {
        const missed = index === ladder.missed;
        const above = index > ladder.missed;
        const reached = rung.state === "reached";
        const item = make("li", undefined, "rung " +
            (missed ? "missed" : above ? "above" : reached ? "reached" : "needless"));
        const mark = missed ? "\u2717" : reached ? "\u2713" : rung.state === "not needed" ? "\u2013" : "\u00b7";
        item.append(make("span", mark, "mark"), make("code", rung.word, "word"));
        const text = make("span", undefined, "what");
        if (missed) {
            text.append(make("strong", "never came: " + rung.question));
            item.setAttribute("aria-current", "step");
        } else {
            text.append(make("span", reached ? (above ? "done all the same: " : "") + rung.question
                : rung.state === "not needed" ? "not needed here" : "so not either: " + rung.question));
        }
        if (rung.label) {
            text.append(make("span", rung.label, "label"));
        }
        item.append(text);
        const place = make("span", undefined, "place");
        if (rung.event && !missed) {
            place.append(ringside.stepButton(rung.event.step));
            if (rung.event.place) {
                const where = make("code", ringside.placeShort(rung.event.place));
                where.title = ringside.placeText(rung.event.place);
                place.append(" ", where);
            }
        }
        item.append(place);
        return item;
    }

    function drawLadders() {
        for (const ladder of data.ladders) {
            const missed = ladder.missed < ladder.rungs.length;
            body("ladder").append(make("p", "Queue " + ladder.queue + ", call " +
                (data.calls[ladder.call] ? data.calls[ladder.call].text : "") + ": " +
                (missed ? "how far the request came, and what it waits for."
                    : "the request climbed every rung."), "hint"));
            const list = make("ol", undefined, "ladder");
            ladder.rungs.forEach((rung, index) => list.append(drawRung(ladder, rung, index)));
            body("ladder").append(list);
        }
        if (data.ladders.length === 0) {
            body("ladder").append(make("p", "No call was made, so no request climbs.", "notice"));
        }
    }

    /* ---- findings ---- */

    function drawPlace(event, kind, label, around) {
        const figure = make("figure", undefined, "place-figure " + kind);
        const caption = make("figcaption");
        caption.append(make("span", kind === "cause" ? "cause" : "here", "tag"), " ",
            ringside.stepButton(event.step), " ",
            make("code", event.text.replace(/^\d+ /, "")));
        figure.append(caption);
        if (label) {
            caption.append(make("span", label, "says"));
        }
        const place = data.places[event.place];
        if (event.place && place) {
            let where = ringside.placeText(event.place) + (place[2] ? ", in " + place[2] : "");
            if (place[3]) {
                where += ", through " + place[3] + ":" + place[4];
            }
            figure.append(make("div", where, "file"));
            const lines = ringside.sourceOf(event.place, around, "");
            if (lines) {
                figure.append(lines);
            }
        }
        return figure;
    }

    function drawNotes(finding) {
        const notes = make("dl", undefined, "notes");
        const add = (name, content) => {
            const value = make("dd");
            value.append(content);
            notes.append(make("dt", name), value);
        };
        if (finding.section) {
            add("spec", "VIRTIO 1.3, " + finding.section +
                (finding.title ? ", " + finding.title : "") + " (" + finding.party + " " +
                finding.force + ")");
        } else {
            add("binds", "the " + finding.party + " (" + finding.force + ")");
        }
        add("rule", ringside.prose(finding.rule));
        if (finding.help) {
            add("help", ringside.prose(finding.help));
        }
        if (finding.times > finding.also.length + 1) {
            add("seen", finding.times + " times in this run");
        }
        if (finding.also.length) {
            const places = make("span", undefined, "also");
            for (const event of finding.also) {
                places.append(ringside.stepButton(event.step),
                    make("code", ringside.placeShort(event.place)), " ");
            }
            add("also", places);
        }
        if (finding.at) {
            add("again", ringside.command(data.command + " --until " + finding.at.step));
        }
        add("more", make("code", "ringside explain " + finding.id));
        return notes;
    }

    function drawFinding(finding, index) {
        const article = make("article", undefined, "finding " + finding.level);
        article.id = "finding-" + index;
        const head = make("h3");
        const badge = make("span", undefined, "badge small " + finding.level);
        badge.append(make("span", levels[finding.level], "mark"), " " + finding.level);
        head.append(badge, " ", make("code", finding.id), " ", ringside.prose(finding.text));
        article.append(head);
        const places = [];
        if (finding.cause) {
            places.push([finding.cause, "cause"]);
        }
        if (finding.at) {
            places.push([finding.at, "fault"]);
        }
        places.sort((a, b) => a[0].step - b[0].step);
        for (const [event, kind] of places) {
            article.append(drawPlace(event, kind, event.label, kind === "fault" ? 4 : 2));
        }
        article.append(drawNotes(finding));
        return article;
    }

    function drawFindings() {
        data.findings.forEach((finding, index) => {
            body("findings").append(drawFinding(finding, index));
        });
        if (data.findings.length === 0) {
            body("findings").append(make("p", "None: no rule was broken in this run.", "notice"));
        }
        if (data.findingsMore) {
            body("findings").append(make("p", data.findingsMore +
                " further findings were not kept.", "notice"));
        }
    }

    /* ---- screen ---- */

    function drawPicture(picture, caption) {
        const figure = make("figure", undefined, "picture");
        const image = make("img");
        image.src = "data:image/png;base64," + picture.png;
        image.width = picture.width;
        image.height = picture.height;
        image.alt = caption;
        figure.append(image, make("figcaption", caption + ", " + picture.width + "x" + picture.height));
        return figure;
    }

    function drawScreen() {
        const screen = data.screen;
        const section = document.getElementById("screen");
        if (!screen) {
            section.hidden = true;
            return;
        }
        const text = make("p", undefined, "hint");
        const lost = data.findings.find((finding) => finding.id === "RS-DISPLAY-LOST" && finding.at);
        if (screen.active) {
            text.append("Scanout 0 shows resource " + screen.resource +
                (screen.flushed ? "." : ", but nothing was flushed to it."));
        } else if (screen.lostStep) {
            text.append(make("strong", "Scanout 0 was lost"), " at ", ringside.stepButton(lost ? lost.at.step : screen.lostStep),
                ": nothing is on the screen in the end.");
        } else {
            text.append(screen.ever ? "Scanout 0 was switched off."
                : "Scanout 0 was never set: nothing is on the screen.");
        }
        body("screen").append(text);
        if (screen.picture) {
            body("screen").append(drawPicture(screen.picture, "Scanout 0 in the end"));
        }
        if (screen.last) {
            body("screen").append(drawPicture(screen.last, "The last picture, before it was lost"));
        }
    }

    /* ---- machine and scenario ---- */

    function drawMachine() {
        const facts = make("dl", undefined, "facts");
        for (const [name, value] of data.facts) {
            facts.append(make("dt", name), make("dd", value));
        }
        body("machine").append(facts);
        if (data.regions.length === 0) {
            return;
        }
        const details = make("details");
        details.append(make("summary", ringside.count(data.regions.length + data.regionsMore,
            "region") + " that the device may reach"));
        const scroll = make("div", undefined, "scroll");
        const table = make("table", undefined, "list");
        table.append(make("thead"), make("tbody"));
        const head = make("tr");
        for (const word of ["name", "address", "bytes", "kind", "since step", "freed at"]) {
            const cell = make("th", word);
            cell.scope = "col";
            head.append(cell);
        }
        table.tHead.append(head);
        for (const region of data.regions) {
            const row = make("tr");
            row.append(make("td", region[0]), make("td", region[1], "code"),
                make("td", region[2].toLocaleString("en"), "number"), make("td", region[3]),
                make("td", region[4] || "", "number"), make("td", region[5] || "", "number"));
            table.tBodies[0].append(row);
        }
        scroll.append(table);
        details.append(scroll);
        if (data.regionsMore) {
            details.append(make("p", data.regionsMore + " more regions are not shown.", "notice"));
        }
        body("machine").append(details);
    }

    function drawScenario() {
        const bad = new Set(data.failures.map((failure) => failure[0]));
        const code = make("pre", undefined, "source");
        const lines = (data.scenario || "").split("\n");
        if (lines[lines.length - 1] === "") {
            lines.pop();
        }
        lines.forEach((text, index) => {
            const marked = bad.has(index + 1);
            const row = make("div", undefined, marked ? "line marked" : "line");
            row.append(make("span", marked ? "\u2717" : "", "pointer"),
                make("span", index + 1, "number"), make("code", text || " "));
            code.append(row);
        });
        code.tabIndex = 0;
        body("scenario").append(make("div", data.path, "file"), code);
    }

    function draw() {
        drawVerdict();
        drawCalls();
        drawLadders();
        drawFindings();
        drawScreen();
        drawMachine();
        drawScenario();
    }

    return {draw};
}());
