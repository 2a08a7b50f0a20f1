/* Pictures of a queue's rings, one a notification. */
"use strict";
ringside.rings = (function () {
    const data = ringside.data;
    const make = ringside.make;
    const NS = "http://www.w3.org/2000/svg";
    const NEXT = 1;
    const WRITE = 2;
    const INDIRECT = 4;
    const NOBODY = 4294967295;
    const ROUND_MAX = 32; /* rings of more slots are drawn in rows */
    let pictures = [];
    let shown = 0;
    let slider = null;

    function shape(name, attributes, text) {
        const element = document.createElementNS(NS, name);
        for (const [key, value] of Object.entries(attributes)) {
            element.setAttribute(key, value);
        }
        if (text !== undefined) {
            element.textContent = text;
        }
        return element;
    }

    function picture(width, height, label) {
        const svg = shape("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", class: "ring"});
        svg.setAttribute("aria-label", label);
        svg.style.maxWidth = width + "px";
        return svg;
    }

    /* Colours alone say nothing: the number of a head stands in every slot. */
    function tint(picture, head) {
        const at = picture.requests.findIndex((request) => request[0] === head);
        return at < 0 ? "" : " busy tint" + at % 4;
    }

    /* ---- the descriptor table ---- */

    function flagWords(flags) {
        const words = [];
        if (flags & NEXT) {
            words.push("NEXT");
        }
        if (flags & WRITE) {
            words.push("WRITE");
        }
        if (flags & INDIRECT) {
            words.push("INDIRECT");
        }
        return words.join(" ") || "0";
    }

    function drawTable(picture) {
        const ROW = 22;
        const LEFT = 46;
        const rows = picture.desc;
        const place = new Map(rows.map((entry, index) => [entry[0], index]));
        const svg = pictureOfTable(picture, rows.length, ROW);
        rows.forEach((entry, index) => {
            const y = 26 + index * ROW;
            const owner = entry[6];
            const busy = owner === NOBODY ? "" : tint(picture, owner);
            svg.append(shape("rect", {class: "cell" + busy, x: LEFT, y, width: 434, height: ROW - 3, rx: 2}));
            const cell = (x, text, name) => svg.append(shape("text", {x: LEFT + x, y: y + 14, class: name || ""}, text));
            cell(6, entry[0], "strong");
            cell(34, (entry[5] || (entry[1] === "0x0" ? "-" : entry[1])).slice(0, 26));
            cell(236, entry[2] + " B");
            cell(306, flagWords(entry[3]));
            cell(400, owner === NOBODY ? "" : "of " + owner, "strong");
            if (entry[3] & NEXT && owner !== NOBODY && place.has(entry[4])) {
                const from = y + 9;
                const to = 26 + place.get(entry[4]) * ROW + 9;
                const reach = Math.min(34, 10 + Math.abs(to - from) / 5);
                svg.append(shape("path", {class: "chain",
                    d: `M${LEFT} ${from}C${LEFT - reach} ${from} ${LEFT - reach} ${to} ${LEFT - 6} ${to}`}));
                svg.append(shape("path", {class: "chain-head", d: `M${LEFT} ${to}l-7 -4v8z`}));
            }
        });
        return svg;
    }

    function pictureOfTable(ring, rows, rowHeight) {
        const text = "Descriptor table: " + (ring.requests.map((request) => "head " + request[0] + " " +
            request[1] + (request[2] ? ", " + request[2] : "")).join("; ") || "nothing is in flight");
        const svg = picture(484, 30 + rows * rowHeight, text);
        svg.append(shape("text", {x: 46, y: 16, class: "strong"}, "descriptor table"),
            shape("text", {x: 190, y: 16, class: "faint"}, "at " + ring.descAddr + ", size " + ring.size));
        return svg;
    }

    /* ---- a ring ---- */

    function pointersOf(picture, used) {
        const ring = used ? picture.used : picture.avail;
        const size = picture.size || 1;
        const list = [];
        const add = (name, idx) => list.push([name, idx % size, idx]);
        if (used) {
            add("used.idx", ring.idx);
            add("driver looked until", picture.seen);
        } else {
            add("avail.idx", ring.idx);
            add("device took until", picture.taken);
        }
        return list;
    }

    /* Is the slot between what one side wrote and the other has taken? */
    function isPending(picture, used, slot) {
        const size = picture.size || 1;
        const ring = used ? picture.used : picture.avail;
        const from = used ? picture.seen : picture.taken;
        const count = Math.min((ring.idx - from) & 0xffff, size);
        return ((slot - from % size + size) % size) < count;
    }

    /* Is the slot one of the last of the available ring, whose requests are in flight? */
    function isBusy(picture, slot) {
        const size = picture.size || 1;
        const age = (picture.avail.idx - 1 - slot) & 0xffff;
        return age % size < picture.requests.length && age % size < picture.avail.idx;
    }

    function slotClass(picture, used, slot) {
        const pending = isPending(picture, used, slot[0]);
        return "cell" + (pending ? " pending" : "") +
            (pending || (!used && isBusy(picture, slot[0])) ? tint(picture, slot[1]) : "");
    }

    function polar(radius, turn) {
        const angle = (turn - 0.25) * 2 * Math.PI;
        return [120 + radius * Math.cos(angle), 128 + radius * Math.sin(angle)];
    }

    function sector(from, to, inner, outer) {
        const point = (radius, turn) => polar(radius, turn).map((x) => x.toFixed(1)).join(" ");
        const large = to - from > 0.5 ? 1 : 0;
        if (to - from > 0.999) { /* a ring of one slot */
            to = from + 0.999;
        }
        return `M${point(outer, from)}A${outer} ${outer} 0 ${large} 1 ${point(outer, to)}` +
            `L${point(inner, to)}A${inner} ${inner} 0 ${large} 0 ${point(inner, from)}Z`;
    }

    function drawRound(picture, used) {
        const ring = used ? picture.used : picture.avail;
        const name = used ? "used ring" : "available ring";
        const count = ring.slots.length;
        const svg = pictureOfRing(picture, used, 240, 250);
        for (const slot of ring.slots) {
            const from = slot[0] / count;
            const to = (slot[0] + 1) / count;
            svg.append(shape("path", {class: slotClass(picture, used, slot), d: sector(from, to, 58, 92)}));
            const [x, y] = polar(75, (from + to) / 2);
            const kind = slotClass(picture, used, slot) === "cell" ? "middle idle" : "middle strong";
            svg.append(shape("text", {x, y: y + 4, class: kind}, slot[1]));
            const [nx, ny] = polar(50, (from + to) / 2);
            if (count <= 16) {
                svg.append(shape("text", {x: nx, y: ny + 3, class: "middle tiny faint"}, slot[0]));
            }
        }
        pointersOf(picture, used).forEach(([, slot], index) => {
            const turn = (slot + (index === 0 ? 0.3 : 0.7)) / count;
            const [x, y] = polar(95, turn);
            const mark = index === 0 ? "M0 0l-7 -13h14z" : "M0 0l-6 -6l6 -6l6 6z";
            svg.append(shape("path", {class: "pointer", d: mark,
                transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${(turn * 360).toFixed(1)})`}));
        });
        svg.append(shape("text", {x: 120, y: 126, class: "middle strong"}, name.split(" ")[0]),
            shape("text", {x: 120, y: 142, class: "middle faint"}, "idx " + ring.idx));
        return svg;
    }

    function drawRows(picture, used) {
        const ring = used ? picture.used : picture.avail;
        const rows = Math.ceil(ring.slots.length / 8);
        const svg = pictureOfRing(picture, used, 360, 26 + rows * 34);
        const pointers = pointersOf(picture, used);
        svg.append(shape("text", {x: 4, y: 14, class: "strong"},
            (used ? "used ring" : "available ring") + ", idx " + ring.idx));
        ring.slots.forEach((slot, index) => {
            const x = 4 + index % 8 * 44;
            const y = 22 + Math.floor(index / 8) * 34;
            svg.append(shape("rect", {class: slotClass(picture, used, slot), x, y, width: 40, height: 28, rx: 2}),
                shape("text", {x: x + 3, y: y + 9, class: "tiny faint"}, slot[0]),
                shape("text", {x: x + 20, y: y + 22, class: "middle"}, slot[1]));
            pointers.forEach(([, at], number) => {
                if (at === slot[0]) {
                    svg.append(shape("path", {class: "pointer",
                        d: `M${x + 30 - number * 12} ${y - 2}l-4 -6h8z`}));
                }
            });
        });
        return svg;
    }

    function pictureOfRing(ring, used, width, height) {
        const pointers = pointersOf(ring, used).map(([name, slot, idx]) =>
            name + " " + idx + ", slot " + slot).join("; ");
        return picture(width, height, (used ? "Used ring: " : "Available ring: ") + pointers);
    }

    function drawRing(picture, used) {
        const figure = make("figure");
        const ring = used ? picture.used : picture.avail;
        figure.append(ring.slots.length <= ROUND_MAX ? drawRound(picture, used) : drawRows(picture, used));
        const caption = make("figcaption");
        pointersOf(picture, used).forEach(([name, slot, idx], index) => {
            caption.append(make("div", (index === 0 ? "\u25bc " : "\u25c6 ") + name + " " + idx + " (slot " + slot + ")"));
        });
        caption.append(make("div", "at " + ring.addr + ", flags " + ring.flags, "faint"));
        figure.append(caption);
        return figure;
    }

    /* ---- one notification ---- */

    /* Of all notifications, from 1: those in the middle may be missing. */
    function numberOf(index) {
        const after = pictures.length - data.ringsFirst;
        return (index < data.ringsFirst || after <= 0 ? index + 1
            : data.notifications - (pictures.length - index) + 1).toLocaleString("en");
    }

    function drawRequests(picture) {
        const list = make("ul", undefined, "requests");
        for (const request of picture.requests) {
            const item = make("li");
            item.append(make("span", "head " + request[0], "swatch" + tint(picture, request[0])), " ",
                make("span", request[1]), " ", make("code", request[2]));
            list.append(item);
        }
        if (picture.requests.length === 0) {
            list.append(make("li", "nothing"));
        }
        if (picture.requestsMore) {
            list.append(make("li", picture.requestsMore + " more"));
        }
        return list;
    }

    function drawPicture() {
        const ring = pictures[shown];
        const box = document.getElementById("ring-box");
        const head = document.getElementById("ring-title");
        slider.value = shown;
        const name = "otification " + numberOf(shown) + " of " + data.notifications.toLocaleString("en");
        slider.setAttribute("aria-valuetext", "n" + name + ", step " + ring.step);
        head.replaceChildren(make("strong", "N" + name),
            ", queue " + ring.queue + ", ", ringside.stepButton(ring.step));
        box.replaceChildren();
        if (!ring.live) {
            box.append(make("p", ring.descAddr === "0x0"
                ? "The device holds no live queue here, and the driver wrote no address for it: there are no rings."
                : "The device holds no live queue here: these are the rings as the driver meant them to be.",
            "notice bad"));
        }
        if (ring.size && (ring.live || ring.descAddr !== "0x0")) {
            const grid = make("div", undefined, "ring-grid");
            const table = make("figure");
            table.append(drawTable(ring));
            if (ring.descMore) {
                table.append(make("figcaption", ring.descMore + " more descriptors hold something."));
            }
            const right = make("div", undefined, "ring-pair");
            right.append(drawRing(ring, false), drawRing(ring, true));
            grid.append(table, right);
            box.append(grid);
        }
        box.append(make("h3", "In flight"), drawRequests(ring));
    }

    function show(number, focus) {
        shown = Math.max(0, Math.min(number, pictures.length - 1));
        drawPicture();
        if (focus) {
            document.getElementById("rings").scrollIntoView({block: "start"});
            slider.focus({preventScroll: true});
        }
    }

    /* The picture of the notification in a row; -1 = none. */
    function at(row) {
        return pictures.findIndex((ring) => ring.row === row);
    }

    async function start() {
        const body = document.querySelector("#rings .body");
        pictures = JSON.parse(new TextDecoder().decode(await ringside.inflateElement("ring-data")));
        if (pictures.length === 0) {
            body.append(make("p", "The driver never notified the device.", "notice"));
            return;
        }
        const tools = make("div", undefined, "tools");
        slider = make("input");
        slider.type = "range";
        slider.id = "ring-slider";
        slider.min = 0;
        slider.max = pictures.length - 1;
        slider.setAttribute("aria-label", "Notification");
        slider.addEventListener("input", () => show(Number(slider.value), false));
        const title = make("span");
        title.id = "ring-title";
        tools.append(ringside.button("\u2039", "The notification before ([)", () => show(shown - 1, false)),
            slider, ringside.button("\u203a", "The next notification (])", () => show(shown + 1, false)), title);
        const box = make("div");
        box.id = "ring-box";
        body.append(tools);
        if (data.notifications > pictures.length) {
            body.append(make("p", "Of " + data.notifications.toLocaleString("en") +
                " notifications, pictures of the first " + data.ringsFirst + " and the last " +
                data.ringsLast + " are kept.", "notice"));
        }
        body.append(box);
        show(0, false);
    }

    return {start, show, at, step: (way) => pictures.length && show(shown + way, false),
        state: () => ({shown, count: pictures.length})};
}());
