"""Reads a timeline for Perfetto as its trace processor does, by way of protoc, and judges it.

load(path) gives a Trace: tracks with their slices, instants and counters, and flows. It raises
Broken, with one sentence, when the file is not what the schema allows (perfetto.proto), when a
number stands for no text, when slices do not nest, when a track goes back in time, or when a flow
has no beginning or goes on behind its end.
"""
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = re.compile(r'\s*(?:(?P<open>\w+) \{|(?P<close>\})'
                   r'|(?P<key>\w+): (?P<value>"(?:[^"\\]|\\.)*"|\S+))$')
# A finding stands where it happened, which may be known only later.
MAY_GO_BACK = {"findings"}


class Broken(Exception):
    pass


class Slice:
    def __init__(self, name, begin, notes, depth):
        self.name, self.begin, self.end = name, begin, None
        self.notes, self.depth = notes, depth


class Track:
    def __init__(self, uuid, name, parent, counter):
        self.uuid, self.name, self.parent, self.is_counter = uuid, name, parent, counter
        self.slices, self.instants, self.values = [], [], []
        self.open, self.last = [], 0


class Flow:
    def __init__(self):
        self.points, self.ended = [], False  # points: (step, track's name, event's name)


class Trace:
    def __init__(self):
        self.processes = {}  # uuid -> name
        self.tracks = {}     # uuid -> Track
        self.flows = {}
        self.packets = 0

    def of(self, name, process=None):
        """All tracks of a name, in one scenario's process or in any."""
        return [t for t in self.tracks.values() if t.name == name
                and (process is None or self.processes.get(t.parent) == process)]

    def slices(self, name, process=None):
        return [s for t in self.of(name, process) for s in t.slices]

    def instants(self, name, process=None):
        return [i for t in self.of(name, process) for i in t.instants]

    def values(self, name, process=None):
        return [v for t in self.of(name, process) for v in t.values]


def decode(path):
    """Packets as dictionaries: a field is a list of values, a message is a dictionary again."""
    with open(path, "rb") as file:
        text = subprocess.run(["protoc", "--decode=perfetto.protos.Trace", f"-I{HERE}",
                               os.path.join(HERE, "perfetto.proto")], stdin=file,
                              capture_output=True)
    if text.returncode != 0:
        raise Broken(f"protoc: {text.stderr.decode(errors='replace').strip()}")
    stack = [{}]
    for line in text.stdout.decode().splitlines():
        found = TOKEN.match(line)
        if not found:
            raise Broken(f"protoc printed `{line}`")
        if found["close"]:
            stack.pop()
        elif found["open"]:
            child = {}
            if found["open"].isdigit():
                raise Broken(f"field {found['open']} is not in the schema")
            stack[-1].setdefault(found["open"], []).append(child)
            stack.append(child)
        else:
            if found["key"].isdigit():
                raise Broken(f"field {found['key']} is not in the schema")
            value = found["value"]
            if value.startswith('"'):
                value = value[1:-1].encode().decode("unicode_escape")
            elif re.fullmatch(r"-?\d+", value):
                value = int(value)
            stack[-1].setdefault(found["key"], []).append(value)
    if len(stack) != 1:
        raise Broken("protoc's output ends inside a message")
    return stack[0].get("packet", [])


def first(message, key, default=None):
    return message.get(key, [default])[0]


class Reader:
    def __init__(self):
        self.trace = Trace()
        self.texts = {}  # (sequence, kind, iid) -> text

    def text(self, sequence, kind, iid):
        if (sequence, kind, iid) not in self.texts:
            raise Broken(f"number {iid} of {kind} stands for no text")
        return self.texts[sequence, kind, iid]

    def intern(self, sequence, data):
        for kind, entries in data.items():
            for entry in entries:
                key = (sequence, kind, first(entry, "iid"))
                text = first(entry, "name", first(entry, "str"))
                if key[2] in (None, 0) or text is None:
                    raise Broken(f"an entry of {kind} without number or text")
                if self.texts.setdefault(key, text) != text:
                    raise Broken(f"number {key[2]} of {kind} was given twice")

    def descriptor(self, message):
        uuid = first(message, "uuid")
        if uuid is None or uuid in self.trace.tracks or uuid in self.trace.processes:
            raise Broken(f"track {uuid} has no number, or was made twice")
        if "process" in message:
            self.trace.processes[uuid] = first(first(message, "process"), "process_name")
            return
        parent = first(message, "parent_uuid")
        if parent not in self.trace.processes:
            raise Broken(f"track {uuid} belongs to no process")
        self.trace.tracks[uuid] = Track(uuid, first(message, "name"), parent,
                                        "counter" in message)

    def notes(self, sequence, event):
        out = {}
        for note in event.get("debug_annotations", []):
            name = self.text(sequence, "debug_annotation_names", first(note, "name_iid"))
            if "string_value_iid" in note:
                out[name] = self.text(sequence, "debug_annotation_string_values",
                                      first(note, "string_value_iid"))
            else:
                values = [v[0] for k, v in note.items() if k.endswith("_value")]
                if len(values) != 1:
                    raise Broken(f"note `{name}` has {len(values)} values")
                out[name] = values[0]
        return out

    def flow(self, event, step, track, name):
        for key, is_last in (("flow_ids", False), ("terminating_flow_ids", True)):
            for number in event.get(key, []):
                flow = self.trace.flows.setdefault(number, Flow())
                if flow.ended:
                    raise Broken(f"flow {number} goes on behind its end")
                if is_last and not flow.points:
                    raise Broken(f"flow {number} ends without a beginning")
                flow.points.append((step, track.name, name))
                flow.ended = is_last

    def event(self, sequence, step, event):
        track = self.trace.tracks.get(first(event, "track_uuid"))
        if track is None:
            raise Broken(f"an event on track {first(event, 'track_uuid')}, which nobody made")
        if step is None:
            raise Broken("an event without a step")
        if step < track.last and track.name not in MAY_GO_BACK:
            raise Broken(f"track `{track.name}` goes back from {track.last} to {step}")
        track.last = step
        name = first(event, "name")
        if "name_iid" in event:
            name = self.text(sequence, "event_names", first(event, "name_iid"))
        kind, notes = first(event, "type"), self.notes(sequence, event)
        if track.is_counter != (kind == "TYPE_COUNTER"):
            raise Broken(f"{kind} on track `{track.name}`")
        if kind == "TYPE_SLICE_BEGIN":
            track.open.append(Slice(name, step, notes, len(track.open)))
            track.slices.append(track.open[-1])
        elif kind == "TYPE_SLICE_END":
            if not track.open:
                raise Broken(f"a slice ends on `{track.name}` that never began")
            track.open[-1].end = step
            track.open.pop().notes.update(notes)
        elif kind == "TYPE_INSTANT":
            track.instants.append((step, name, notes))
        elif kind == "TYPE_COUNTER":
            track.values.append((step, first(event, "counter_value")))
        else:
            raise Broken(f"an event of type {kind}")
        self.flow(event, step, track, name or (track.slices[-1].name if track.slices else None))

    def packet(self, packet):
        sequence = first(packet, "trusted_packet_sequence_id", 0)
        flags = first(packet, "sequence_flags", 0)
        self.trace.packets += 1
        if sequence == 0 or not flags & 2:
            raise Broken("a packet without a sequence, or that says it needs none")
        for data in packet.get("interned_data", []):
            self.intern(sequence, data)
        if "track_descriptor" in packet:
            self.descriptor(first(packet, "track_descriptor"))
        if "track_event" in packet:
            self.event(sequence, first(packet, "timestamp"), first(packet, "track_event"))


def load(path):
    reader = Reader()
    for packet in decode(path):
        reader.packet(packet)
    for track in reader.trace.tracks.values():
        if track.open:
            raise Broken(f"`{track.open[-1].name}` on `{track.name}` never ends")
    for number, flow in reader.trace.flows.items():
        if len(flow.points) < 2:
            raise Broken(f"flow {number} leads nowhere")
    return reader.trace
