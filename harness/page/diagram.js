/*
 * The sequence diagram: rows of one height, of which only those in view are drawn.
 *
 * A row of the diagram is an event or the head of a fold. `segments` says which row shows what: a
 * segment is either a run of events or one head. A browser gives an element no more than some 16 to
 * 33 million pixels: where the rows need more than SPACE_PX, the scroll bar becomes a scale of the
 * whole run, and wheel and keys move by rows.
 */
"use strict";
ringside.diagram = (function () {
    const data = ringside.data;
    const events = ringside.events;
    const make = ringside.make;
    const SPACE_PX = 2000000;
    const HEIGHTS = [6, 10, 16, 22, 28, 36];
    const TEXT_HEIGHT = 14;
    const LEVELS = [
        ["Calls", "Every call is one row (1)"],
        ["Requests", "Every request is one row (2)"],
        ["Folded", "Polls and bulk accesses are one row each (3)"],
        ["All", "Every event has its row (4)"],
    ];
    const view = document.getElementById("view");
    const space = document.getElementById("space");
    const rowsElement = document.getElementById("rows");
    const map = document.getElementById("map");
    const foldKind = data.foldKinds;

    /* folds, in the order in which they begin */
    let folds = 0;
    let foldStart = [];
    let foldEnd = [];
    let foldTag = [];
    let foldSkip = []; /* the first fold behind this one and all in it */
    let foldOpen = new Uint8Array(0);
    let marks = [];    /* by kind: rows */
    let findingRows = []; /* [row, number of the finding] */
    /* what is shown */
    let segVis = [];
    let segRow = [];
    let segFold = [];
    let segDepth = [];
    let matches = null; /* rows that the filter leaves; null = no filter */
    let total = 0;
    let top = 0; /* first row in view, with a fraction */
    let height = 22;
    let level = 2;
    let selected = 0;
    let selectedFold = -1;
    let expected = -1; /* scrollTop that was set here */
    let drawing = false;
    let laneWidth = 240;

    /* ---- folds ---- */

    function readFolds(buffer) {
        const word = new Uint32Array(buffer);
        const stored = word[0];
        const markCount = word[1];
        const stack = [];
        let row = 0;
        for (let i = 0; i < stored; i++) {
            row += word[2 + i];
            const rows = word[2 + stored + i];
            if (rows < 2 && word[2 + 2 * stored + i] >> 16 !== 0) {
                continue;
            }
            if (rows === 0) {
                continue;
            }
            foldStart.push(row);
            foldEnd.push(row + rows);
            foldTag.push(word[2 + 2 * stored + i]);
        }
        folds = foldStart.length;
        foldSkip = new Array(folds);
        for (let i = 0; i <= folds; i++) {
            const start = i < folds ? foldStart[i] : Infinity;
            while (stack.length && foldEnd[stack[stack.length - 1]] <= start) {
                foldSkip[stack.pop()] = i;
            }
            stack.push(i);
        }
        foldOpen = new Uint8Array(folds);
        marks = data.markKinds.map(() => []);
        row = 0;
        for (let i = 0; i < markCount; i++) {
            row += word[2 + 3 * stored + i];
            marks[word[2 + 3 * stored + markCount + i]].push(row);
        }
    }

    function kindOf(fold) {
        return foldTag[fold] >> 16;
    }

    function labelOf(fold) {
        const text = data.labels[foldTag[fold] & 0xffff] || "";
        if (foldKind[kindOf(fold)] !== "call") {
            return text;
        }
        const call = data.calls[Number(text)];
        return call ? "call " + call.text + " \u2192 " + (call.result || call.note || "") : "call " + text;
    }

    function setLevel(to) {
        level = to;
        for (let i = 0; i < folds; i++) {
            foldOpen[i] = kindOf(i) < 2 ? Number(kindOf(i) < level) : Number(level > 2);
        }
        document.querySelectorAll("#levels button").forEach((button, index) => {
            button.setAttribute("aria-pressed", String(index === level));
        });
        keepInView(rebuild);
    }

    function addSegment(fold, row, depth, rows) {
        if (rows > 0) {
            segVis.push(total);
            segFold.push(fold);
            segRow.push(row);
            segDepth.push(depth);
            total += rows;
        }
    }

    function rebuild() {
        const stack = [];
        let row = 0;
        let fold = 0;
        segVis = [];
        segRow = [];
        segFold = [];
        segDepth = [];
        total = 0;
        for (;;) {
            const end = stack.length ? foldEnd[stack[stack.length - 1]] : events.total;
            if (fold < folds && foldStart[fold] < end) {
                addSegment(-1, row, stack.length, foldStart[fold] - row);
                addSegment(fold, foldStart[fold], stack.length, 1);
                if (foldOpen[fold]) {
                    row = foldStart[fold];
                    stack.push(fold++);
                } else {
                    row = foldEnd[fold];
                    fold = foldSkip[fold];
                }
            } else {
                addSegment(-1, row, stack.length, end - row);
                row = Math.max(row, end);
                if (stack.length === 0) {
                    break;
                }
                stack.pop();
            }
        }
        if (matches) {
            total = matches.length;
        }
    }

    /* The last entry of a sorted list that is at most `value`. */
    function lastAtMost(list, value) {
        let low = 0;
        let high = list.length;
        while (high - low > 1) {
            const middle = (low + high) >> 1;
            if (list[middle] <= value) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /* What a row of the diagram shows. */
    function itemAt(vis) {
        if (matches) {
            return {row: matches[vis], fold: -1, depth: 0};
        }
        const at = lastAtMost(segVis, vis);
        return {
            row: segRow[at] + (segFold[at] < 0 ? vis - segVis[at] : 0),
            fold: segFold[at],
            depth: segDepth[at],
        };
    }

    /* Where an event is shown, or the head that hides it. */
    function visOf(row, fold) {
        if (matches) {
            return lastAtMost(matches, row);
        }
        let at = lastAtMost(segRow, row);
        if (fold !== undefined && fold >= 0) {
            while (at > 0 && segFold[at] !== fold && segRow[at] >= row) {
                at--;
            }
            if (segFold[at] === fold) {
                return segVis[at];
            }
            at = lastAtMost(segRow, row);
        }
        return segVis[at] + (segFold[at] < 0 ? row - segRow[at] : 0);
    }

    /* Opens whatever hides an event. */
    function reveal(row) {
        let changed = false;
        for (let i = 0; i < folds && foldStart[i] <= row;) {
            if (row < foldEnd[i]) {
                changed = changed || !foldOpen[i];
                foldOpen[i] = 1;
                i++;
            } else {
                i = foldSkip[i];
            }
        }
        if (changed) {
            rebuild();
        }
    }

    function toggle(fold, open) {
        if (fold < 0 || Boolean(foldOpen[fold]) === open) {
            return;
        }
        foldOpen[fold] = Number(open);
        keepInView(rebuild);
    }

    /* The innermost fold around an event. */
    function foldAround(row) {
        let inner = -1;
        for (let i = 0; i < folds && foldStart[i] <= row;) {
            if (row < foldEnd[i]) {
                inner = i++;
            } else {
                i = foldSkip[i];
            }
        }
        return inner;
    }

    /* ---- scrolling ---- */

    function rowsInView() {
        return Math.max(1, view.clientHeight / height);
    }

    function isScaled() {
        return total * height > SPACE_PX;
    }

    function setTop(to) {
        top = Math.max(0, Math.min(to, total - Math.floor(rowsInView())));
        const range = space.offsetHeight - view.clientHeight;
        const rows = total - rowsInView();
        const pixel = isScaled() ? (rows > 0 ? top / rows * range : 0) : top * height;
        view.scrollTop = pixel;
        expected = view.scrollTop;
        draw();
    }

    function scrolled() {
        if (Math.abs(view.scrollTop - expected) < 1) {
            return;
        }
        expected = -1;
        const range = space.offsetHeight - view.clientHeight;
        top = isScaled() ? view.scrollTop / range * (total - rowsInView()) : view.scrollTop / height;
        draw();
    }

    function resize() {
        document.querySelector(".seq-main").classList.toggle("dense", height < TEXT_HEIGHT);
        space.style.height = Math.max(1, Math.min(total * height, SPACE_PX)) + "px";
        rowsElement.style.height = view.clientHeight + "px";
        laneWidth = document.getElementById("lane-head").clientWidth;
    }

    /* Changes what is shown, and keeps the selected row where it is if it is in view. */
    function keepInView(change) {
        const before = total > 0 ? visOf(selected, selectedFold) - top : 0;
        const inView = before >= 0 && before < rowsInView();
        change();
        resize();
        setTop(visOf(selected, selectedFold) - (inView ? before : rowsInView() / 3));
    }

    function showRow(vis) {
        if (vis < top) {
            setTop(vis - 1);
        } else if (vis > top + rowsInView() - 2) {
            setTop(vis - rowsInView() + 2);
        } else {
            draw();
        }
    }

    /* ---- drawing ---- */

    const lanes = {driver: 0, memory: 1, device: 2, clock: 1, world: 1};

    function laneX(lane) {
        return Math.round(laneWidth * (0.12 + 0.38 * lane)) + 0.5;
    }

    function arrow(from, to, y, className) {
        const x1 = laneX(from);
        const x2 = laneX(to);
        const size = Math.min(5, height / 2 - 1) * (x2 > x1 ? -1 : 1);
        return `<path class="${className}" d="M${x1} ${y}H${x2 + size}"/>` +
            `<path class="head ${className}" d="M${x2} ${y}l${size * 1.6} ${-Math.abs(size)}v${2 * Math.abs(size)}z"/>`;
    }

    /* Of numbers and constant names only: no text of the run gets in here. */
    function lifelines() {
        return [0, 1, 2].map((lane) =>
            `<path class="life l${lane}" d="M${laneX(lane)} 0V${height}"/>`).join("");
    }

    function eventPicture(event) {
        const way = data.arrows[event.verb] || "";
        const y = Math.round(height / 2);
        const lane = lanes[event.party] === undefined ? 1 : lanes[event.party];
        let picture = lifelines();
        if (way === "across") {
            return picture + `<path class="across" d="M${laneX(0) - 10} ${y}H${laneX(2) + 10}"/>`;
        }
        const other = way.endsWith("device") ? 2 : way.endsWith("memory") ? 1 : 0;
        if (way === "" || other === lane) {
            const r = Math.min(4.5, height / 2 - 1);
            return picture + `<rect class="own p${lane}" x="${laneX(lane) - r}" y="${y - r}" ` +
                `width="${2 * r}" height="${2 * r}"/>`;
        }
        picture += way.startsWith("to") ? arrow(lane, other, y, "go p" + lane)
            : arrow(other, lane, y, "come p" + lane);
        if (event.verdict) { /* the device ignored it */
            const x = laneX(2);
            const r = Math.min(5, height / 2 - 1);
            picture += `<path class="lost" d="M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}"/>`;
        }
        return picture;
    }

    function foldPicture(open) {
        const y = Math.round(height / 2);
        const h = Math.max(3, Math.min(12, height - 6));
        return lifelines() + (open ? `<path class="folded" d="M${laneX(0)} ${y}H${laneX(2)}"/>`
            : `<rect class="folded" x="${laneX(0) - 6}" y="${y - h / 2}" rx="3" ` +
              `width="${laneX(2) - laneX(0) + 12}" height="${h}"/>`);
    }

    function lanePicture(inner) {
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("class", "lane");
        svg.setAttribute("width", laneWidth);
        svg.setAttribute("height", height);
        svg.setAttribute("aria-hidden", "true");
        svg.innerHTML = inner;
        return svg;
    }

    function drawFoldRow(row, fold) {
        const open = Boolean(foldOpen[fold]);
        const kind = foldKind[kindOf(fold)];
        row.classList.add("fold", kind);
        row.setAttribute("aria-expanded", String(open));
        const text = make("span", undefined, "text");
        text.append(make("span", open ? "\u25be" : "\u25b8", "twist"), make("span", labelOf(fold)),
            make("span", ringside.count(foldEnd[fold] - foldStart[fold], "event"), "many"));
        const line = events.line(foldStart[fold], draw);
        row.append(make("span", line ? parseInt(line, 10) : "", "step"), lanePicture(foldPicture(open)),
            text, make("span", kind, "src"));
    }

    function drawEventRow(row, number) {
        const line = events.line(number, draw);
        if (line === undefined) {
            row.append(make("span", "", "step"), lanePicture(lifelines()), make("span", "\u2026", "text"));
            return;
        }
        const event = events.parse(line);
        row.classList.add("event", event.party in lanes ? event.party : "world");
        const text = make("span", undefined, "text");
        const access = /^(to|from) (device|memory)/.test(data.arrows[event.verb]);
        text.append(make("b", event.party), " " + event.verb + " ",
            make("span", event.place, access ? "where" : ""), " " + event.rest);
        if (event.verdict) {
            text.append(make("span", " " + event.verdict, "verdict"));
        }
        if (height < TEXT_HEIGHT) {
            row.title = event.step + " " + text.textContent;
        }
        const finding = findingRows.find((pair) => pair[0] === number);
        if (finding) {
            text.append(make("span", "finding: " + data.findings[finding[1]].id, "tag bad"));
        }
        row.append(make("span", event.step, "step"), lanePicture(eventPicture(event)), text,
            make("span", ringside.placeShort(event.source), "src"));
    }

    function drawRow(vis) {
        const item = itemAt(vis);
        const row = make("div", undefined, "row");
        const chosen = item.row === selected && item.fold === selectedFold;
        row.id = "row-" + vis;
        row.setAttribute("role", "treeitem");
        row.setAttribute("aria-level", item.depth + 1);
        row.setAttribute("aria-posinset", vis + 1);
        row.setAttribute("aria-setsize", total);
        row.setAttribute("aria-selected", String(chosen));
        row.style.top = Math.round((vis - top) * height) + "px";
        row.style.height = height + "px";
        row.style.setProperty("--depth", item.depth);
        if (item.fold >= 0) {
            drawFoldRow(row, item.fold);
        } else {
            drawEventRow(row, item.row);
        }
        row.dataset.vis = vis;
        if (chosen) {
            view.setAttribute("aria-activedescendant", row.id);
        }
        return row;
    }

    function drawNow() {
        drawing = false;
        const rows = document.createDocumentFragment();
        const last = Math.min(total, Math.ceil(top + rowsInView()) + 1);
        view.removeAttribute("aria-activedescendant");
        for (let vis = Math.floor(top); vis < last; vis++) {
            rows.append(drawRow(vis));
        }
        if (total === 0) {
            rows.append(make("p", matches ? "No event matches." : "No event was kept.", "notice"));
        }
        rowsElement.replaceChildren(rows);
        drawMap();
    }

    function draw() {
        if (!drawing) {
            drawing = true;
            requestAnimationFrame(drawNow);
        }
    }

    /* ---- the map beside the rows ---- */

    function drawMap() {
        const h = view.clientHeight;
        const scale = window.devicePixelRatio || 1;
        const style = getComputedStyle(map);
        const context = map.getContext("2d");
        map.width = 14 * scale;
        map.height = h * scale;
        map.style.height = h + "px";
        context.scale(scale, scale);
        context.clearRect(0, 0, 14, h);
        if (total === 0) {
            return;
        }
        const colors = ["--driver", "--device", "--memory", "--bad"];
        marks.forEach((list, kind) => {
            context.fillStyle = style.getPropertyValue(colors[kind]);
            const every = Math.max(1, Math.ceil(list.length / 4000));
            for (let i = 0; i < list.length; i += every) {
                const y = visOf(list[i]) / total * h;
                context.fillRect(kind === 3 ? 0 : 1 + kind * 4, y, kind === 3 ? 14 : 3, 1);
            }
        });
        context.fillStyle = style.getPropertyValue("--bad");
        for (const [row] of findingRows) {
            context.fillRect(0, visOf(row) / total * h - 1, 14, 3);
        }
        context.strokeStyle = style.getPropertyValue("--text");
        context.lineWidth = 1;
        context.strokeRect(0.5, top / total * h + 0.5, 13, Math.max(4, rowsInView() / total * h - 1));
    }

    /* ---- selecting ---- */

    function select(row, fold) {
        selected = row;
        selectedFold = fold;
        showRow(visOf(row, fold));
        drawDetails();
    }

    function selectVis(vis) {
        const item = itemAt(Math.max(0, Math.min(vis, total - 1)));
        if (item.row !== undefined) {
            select(item.row, item.fold);
        }
    }

    function selectedVis() {
        return visOf(selected, selectedFold);
    }

    function fact(list, name, value) {
        if (value !== "" && value !== undefined) {
            const dd = make("dd");
            dd.append(value);
            list.append(make("dt", name), dd);
        }
    }

    function foldDetails(aside, fold) {
        const list = make("dl", undefined, "facts");
        aside.append(make("h3", labelOf(fold)));
        fact(list, "kind", foldKind[kindOf(fold)]);
        fact(list, "events", (foldEnd[fold] - foldStart[fold]).toLocaleString("en"));
        aside.append(list, ringside.button(foldOpen[fold] ? "Fold" : "Unfold", "Enter",
            () => {
                toggle(fold, !foldOpen[fold]);
                drawDetails();
            }));
    }

    function eventDetails(aside, event) {
        const list = make("dl", undefined, "facts");
        const place = data.places[event.source];
        aside.append(make("h3", "Step " + event.step));
        fact(list, "who", event.party);
        fact(list, "does", event.verb);
        if (/^(to|from) (device|memory)/.test(data.arrows[event.verb])) {
            fact(list, "where", event.place);
            fact(list, "value", event.rest);
        } else {
            fact(list, "what", event.place + " " + event.rest);
        }
        fact(list, "came to", event.verdict);
        if (event.source && place) {
            fact(list, "source", ringside.placeText(event.source));
            fact(list, "in", place[2]);
            fact(list, "through", place[3] ? place[3] + ":" + place[4] : "");
        }
        aside.append(list);
        const lines = ringside.sourceOf(event.source, 5, "");
        if (lines) {
            aside.append(lines);
        }
        findingRows.filter((pair) => pair[0] === selected).forEach((pair) => {
            const link = make("a", data.findings[pair[1]].id + ": " + data.findings[pair[1]].text);
            link.href = "#finding-" + pair[1];
            aside.append(make("p", undefined, "bad"));
            aside.lastChild.append(make("span", "finding "), link);
        });
        const ring = ringside.rings.at(selected);
        if (ring >= 0) {
            aside.append(ringside.button("Rings at this notification", "r",
                () => ringside.rings.show(ring, true)));
        }
        aside.append(ringside.command(data.command + " --until " + event.step, "stop here"));
    }

    function drawDetails() {
        const aside = document.getElementById("details");
        aside.replaceChildren();
        if (selectedFold >= 0) {
            foldDetails(aside, selectedFold);
            return;
        }
        const line = events.line(selected, drawDetails);
        if (line !== undefined) {
            eventDetails(aside, events.parse(line));
        }
    }

    /* ---- jumping ---- */

    function goToRow(row, focus) {
        if (row < 0 || row >= events.total) {
            return;
        }
        if (!matches) {
            reveal(row);
            resize();
        }
        selected = row;
        selectedFold = -1;
        setTop(visOf(row, -1) - Math.floor(rowsInView() / 3));
        drawDetails();
        if (focus) {
            document.getElementById("sequence").scrollIntoView({block: "start"});
            view.focus({preventScroll: true});
        }
    }

    async function goToStep(step, focus) {
        if (matches) {
            document.getElementById("filter").value = "";
            filter("");
        }
        goToRow(await events.rowOf(step), focus);
    }

    function goToCall(number) {
        for (let i = 0, seen = 0; i < folds; i = foldSkip[i]) {
            if (foldKind[kindOf(i)] === "call" && seen++ === number) {
                goToRow(foldStart[i], true);
                return;
            }
        }
    }

    /* The next row of a sorted list, or the one before; what the filter hides is passed over. */
    function jump(list, way) {
        const rows = matches ? list.filter((row) => matches[lastAtMost(matches, row)] === row) : list;
        const at = way > 0 ? rows.find((row) => row > selected)
            : rows.slice().reverse().find((row) => row < selected);
        if (at !== undefined) {
            goToRow(at, false);
        }
    }

    function jumps() {
        return [
            ["n", "notification", marks[0]],
            ["u", "used ring", marks[1]],
            ["i", "interrupt", marks[2]],
            ["e", "trouble", marks[3]],
            ["f", "finding", findingRows.map((pair) => pair[0])],
        ];
    }

    /* ---- the filter ---- */

    let search = 0;

    async function filter(text) {
        const mine = ++search;
        const words = text.toLowerCase().split(/\s+/).filter(Boolean);
        const status = document.getElementById("filter-count");
        if (words.length === 0) {
            status.textContent = "";
            matches = null;
            keepInView(rebuild);
            return;
        }
        const found = await events.search(words, (part) => {
            if (mine === search && part > 0) {
                status.textContent = Math.round(part * 100) + " %";
            }
            return mine === search;
        });
        if (found) {
            matches = found;
            total = found.length;
            status.textContent = ringside.count(found.length, "event");
            resize();
            setTop(total ? visOf(selected) : 0);
        }
    }

    /* ---- hands ---- */

    function zoom(way) {
        const at = Math.max(0, Math.min(HEIGHTS.length - 1, HEIGHTS.indexOf(height) + way));
        const rows = selectedVis() - top;
        const pixels = rows * height;
        height = HEIGHTS[at];
        document.documentElement.style.setProperty("--row", height + "px");
        resize();
        setTop(selectedVis() - (rows >= 0 && pixels < view.clientHeight ? pixels / height : 3));
    }

    function leave(item) {
        if (item.fold >= 0 && foldOpen[item.fold]) {
            toggle(item.fold, false);
            return;
        }
        const around = item.fold >= 0 ? -1 : foldAround(item.row);
        if (around >= 0 && !matches) {
            select(foldStart[around], around);
        } else if (item.fold > 0 && !matches) {
            for (let i = item.fold - 1; i >= 0; i--) {
                if (foldEnd[i] >= foldEnd[item.fold]) {
                    select(foldStart[i], i);
                    return;
                }
            }
        }
    }

    function key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey) {
            return;
        }
        const page = Math.max(1, Math.floor(rowsInView()) - 2);
        const vis = selectedVis();
        const item = {row: selected, fold: selectedFold};
        const acts = {
            ArrowDown: () => selectVis(vis + 1),
            ArrowUp: () => selectVis(vis - 1),
            PageDown: () => selectVis(vis + page),
            PageUp: () => selectVis(vis - page),
            Home: () => selectVis(0),
            End: () => selectVis(total - 1),
            ArrowRight: () => item.fold >= 0 && !foldOpen[item.fold] ? toggle(item.fold, true)
                : selectVis(vis + 1),
            ArrowLeft: () => leave(item),
            Enter: () => toggle(item.fold, !foldOpen[item.fold]),
            " ": () => toggle(item.fold, !foldOpen[item.fold]),
            "+": () => zoom(1),
            "=": () => zoom(1),
            "-": () => zoom(-1),
            r: () => {
                const ring = ringside.rings.at(selected);
                if (ring >= 0) {
                    ringside.rings.show(ring, true);
                }
            },
            g: () => document.getElementById("goto").focus(),
        };
        LEVELS.forEach((entry, index) => {
            acts[String(index + 1)] = () => setLevel(index);
        });
        for (const [letter, , list] of jumps()) {
            acts[letter] = () => jump(list, 1);
            acts[letter.toUpperCase()] = () => jump(list, -1);
        }
        if (Object.hasOwn(acts, event.key)) {
            event.preventDefault();
            acts[event.key]();
        }
    }

    function wheel(event) {
        if (event.ctrlKey) {
            event.preventDefault();
            zoom(event.deltaY < 0 ? 1 : -1);
        } else if (isScaled()) {
            event.preventDefault();
            setTop(top + event.deltaY / height);
        }
    }

    function click(event) {
        const row = event.target.closest(".row");
        if (!row || row.dataset.vis === undefined) {
            return;
        }
        const item = itemAt(Number(row.dataset.vis));
        if (item.fold >= 0 && (event.target.closest(".twist") || event.detail === 2)) {
            toggle(item.fold, !foldOpen[item.fold]);
        }
        select(item.row, item.fold);
    }

    function drawTools() {
        LEVELS.forEach(([name, title], index) => {
            document.getElementById("levels").append(ringside.button(name, title,
                () => setLevel(index)));
        });
        for (const [letter, name, list] of jumps()) {
            const group = make("span", undefined, "jump");
            const back = ringside.button("\u2039", "The " + name + " before (" + letter.toUpperCase() + ")",
                () => jump(list, -1));
            const on = ringside.button("\u203a", "The next " + name + " (" + letter + ")",
                () => jump(list, 1));
            back.setAttribute("aria-label", "the " + name + " before");
            on.setAttribute("aria-label", "next " + name);
            back.disabled = on.disabled = list.length === 0;
            group.append(back, make("span", name + " " + list.length.toLocaleString("en")), on);
            group.id = "jump-" + letter;
            document.getElementById("jumps").append(group);
        }
        const head = document.getElementById("lane-head");
        ["driver", "memory", "device"].forEach((name, lane) => {
            head.append(make("span", name, "lane-name p" + lane));
        });
    }

    function listen() {
        let waiting = 0;
        view.addEventListener("scroll", scrolled, {passive: true});
        view.addEventListener("wheel", wheel, {passive: false});
        view.addEventListener("click", click);
        view.addEventListener("keydown", key);
        map.addEventListener("click", (event) => {
            setTop(event.offsetY / map.clientHeight * total - rowsInView() / 2);
        });
        document.getElementById("zoom-in").addEventListener("click", () => zoom(1));
        document.getElementById("zoom-out").addEventListener("click", () => zoom(-1));
        document.getElementById("filter").addEventListener("input", (event) => {
            clearTimeout(waiting);
            waiting = setTimeout(() => filter(event.target.value), 150);
        });
        document.getElementById("filter").addEventListener("keydown", (event) => {
            if (event.key === "Escape") {
                event.target.value = "";
                filter("");
            } else if (event.key === "Enter") {
                view.focus();
            }
        });
        document.getElementById("goto").addEventListener("keydown", (event) => {
            if (event.key === "Enter" && /^\d+$/.test(event.target.value.trim())) {
                goToStep(Number(event.target.value), true);
            }
        });
        window.addEventListener("resize", () => keepInView(() => undefined));
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    }

    function hint() {
        let text = ringside.count(events.total, "event") + ", from top to bottom. Arrows go from who acts; " +
            "dashed arrows bring a value back, squares are what a party does by itself.";
        if (data.eventsMore) {
            text += " " + data.eventsMore.toLocaleString("en") + " further events are not kept (the limit is " +
                data.eventsMax.toLocaleString("en") + "): `ringside run --trace=FILE` has them all.";
        }
        if (data.foldsMore || data.marksMore) {
            text += " " + data.foldsMore.toLocaleString("en") + " folds and " +
                data.marksMore.toLocaleString("en") + " places to jump to were too many.";
        }
        document.getElementById("sequence-hint").textContent = text;
    }

    /* Where to look first: at the first finding, or where a call got stuck, or at the start. */
    async function firstLook() {
        for (let i = 0; i < data.findings.length; i++) {
            const at = data.findings[i].at;
            if (at) {
                const row = await events.rowOf(at.step);
                if (row >= 0) {
                    findingRows.push([row, i]);
                }
            }
        }
        findingRows.sort((a, b) => a[0] - b[0]);
        drawTools();
        setLevel(2);
        if (findingRows.length) {
            goToRow(findingRows[0][0], false);
        } else if (marks[3].length) {
            goToRow(marks[3][0], false);
        } else {
            select(0, folds && foldStart[0] === 0 ? 0 : -1);
        }
    }

    async function start() {
        hint();
        readFolds(await ringside.inflateElement("fold-data"));
        listen();
        await firstLook();
    }

    return {start, goToStep, goToRow, goToCall, redraw: draw, at: itemAt,
        state: () => ({total, top, height, level, selected, selectedFold, filtered: matches !== null})};
}());
