"""Faulty variants of a C source, one change each, made from clang's syntax tree.

The tree says what is a statement, a condition, an operator or a field, and where it begins and
ends; the change itself is one of text, so that a mutant reads as a person's slip would. What macros
expand to is left alone, except for arguments that are written where the macro is used.
"""
import json
import re
import subprocess
from collections import namedtuple

# name: file:function: operator: before -> after [#n]; it does not hang on line numbers
Mutant = namedtuple("Mutant", "name file line operator begin end text")

RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&": "|", "|": "&", "<<": ">>",
              ">>": "<<"}
BARRIERS = {"platform_mb": "platform_wmb", "platform_wmb": "platform_rmb",
            "platform_rmb": "platform_wmb"}
CACHE = {"platform_cache_clean": "platform_cache_invalidate",
         "platform_cache_invalidate": "platform_cache_clean"}
CONVERSIONS = re.compile(r"(virtio_le|virtio_native|order)(16|32|64)$")
WIDTHS = {"uint64_t": "uint32_t", "size_t": "uint16_t", "uint32_t": "uint16_t",
          "uint16_t": "uint8_t"}
# Constants of one family: each is taken for the one that follows, the last for the first.
FAMILIES = [
    ["VIRTIO_STATUS_ACKNOWLEDGE", "VIRTIO_STATUS_DRIVER", "VIRTIO_STATUS_FEATURES_OK",
     "VIRTIO_STATUS_DRIVER_OK", "VIRTIO_STATUS_FAILED", "VIRTIO_STATUS_DEVICE_NEEDS_RESET"],
    ["VIRTIO_F_INDIRECT_DESC", "VIRTIO_F_EVENT_IDX", "VIRTIO_F_ANY_LAYOUT"],
    ["VIRTIO_F_VERSION_1", "VIRTIO_F_ACCESS_PLATFORM", "VIRTIO_F_ORDER_PLATFORM"],
    ["VIRTQ_DESC_F_NEXT", "VIRTQ_DESC_F_WRITE", "VIRTQ_DESC_F_INDIRECT"],
    ["VIRTIO_MMIO_INT_USED", "VIRTIO_MMIO_INT_CONFIG"],
    ["VIRTIO_MMIO_QueueDescLow", "VIRTIO_MMIO_QueueDescHigh", "VIRTIO_MMIO_QueueDriverLow",
     "VIRTIO_MMIO_QueueDriverHigh", "VIRTIO_MMIO_QueueDeviceLow", "VIRTIO_MMIO_QueueDeviceHigh"],
    ["VIRTIO_MMIO_QueueSel", "VIRTIO_MMIO_QueueSizeMax", "VIRTIO_MMIO_QueueSize",
     "VIRTIO_MMIO_QueueAlign", "VIRTIO_MMIO_QueuePFN", "VIRTIO_MMIO_QueueReady",
     "VIRTIO_MMIO_QueueNotify"],
    ["VIRTIO_MMIO_DeviceFeatures", "VIRTIO_MMIO_DeviceFeaturesSel", "VIRTIO_MMIO_DriverFeatures",
     "VIRTIO_MMIO_DriverFeaturesSel"],
    ["VIRTIO_MMIO_MagicValue", "VIRTIO_MMIO_Version", "VIRTIO_MMIO_DeviceID"],
    ["VIRTIO_MMIO_InterruptStatus", "VIRTIO_MMIO_InterruptACK", "VIRTIO_MMIO_Status"],
    ["VIRTIO_MMIO_CONFIG", "VIRTIO_MMIO_ConfigGeneration"],
    ["VIRTIO_VERSION_LEGACY", "VIRTIO_VERSION_MODERN"],
    ["VGPU_REQUEST_FREE", "VGPU_REQUEST_OUT", "VGPU_REQUEST_DONE", "VGPU_REQUEST_GIVEN_UP"],
    ["VIRTIO_GPU_CMD_RESOURCE_CREATE_2D", "VIRTIO_GPU_CMD_RESOURCE_UNREF",
     "VIRTIO_GPU_CMD_SET_SCANOUT", "VIRTIO_GPU_CMD_RESOURCE_FLUSH",
     "VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D", "VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING",
     "VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING", "VIRTIO_GPU_CMD_GET_DISPLAY_INFO"],
    ["VIRTIO_GPU_RESP_OK_NODATA", "VIRTIO_GPU_RESP_OK_DISPLAY_INFO"],
    ["VIRTIO_GPU_RESP_ERR_UNSPEC", "VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER"],
    ["VIRTIO_GPU_CONTROLQ", "VIRTIO_GPU_CURSORQ"],
    ["VIRTIO_OK", "VIRTIO_BAD_DEVICE"], ["VIRTIO_NOT_READY", "VIRTIO_OK"],
    ["VIRTIO_TIMEOUT", "VIRTIO_OK"], ["VIRTIO_BAD_COMPLETION", "VIRTIO_OK"],
    ["VIRTIO_NO_MEMORY", "VIRTIO_OK"], ["VIRTIO_DEVICE_ERROR", "VIRTIO_OK"],
    ["VIRTIO_NEEDS_RESET", "VIRTIO_OK"], ["VIRTIO_QUEUE_FULL", "VIRTIO_OK"],
    ["VIRTIO_BAD_DEVICE", "VIRTIO_OK"], ["VIRTIO_BAD_ARGUMENT", "VIRTIO_OK"],
    ["VIRTIO_NO_DEVICE", "VIRTIO_OK"],
    ["true", "false"],
]
WORD = re.compile(r"[A-Za-z_]\w*")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.S)
INITIALISER = re.compile(r"^(\s*)\.([\w.]+) = (.+),$", re.M)


def next_of_families(word):
    """What a constant may be taken for."""
    found = []
    for family in FAMILIES:
        if word in family:
            if len(family) == 2 and word == family[1] and family[1] == "VIRTIO_OK":
                continue  # a success is taken for a failure in one way only
            found.append(family[(family.index(word) + 1) % len(family)])
    return found


class Source:
    """One file: its text, its tree, and the mutants that come of it."""

    def __init__(self, path, shown, clang, flags):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        if not self.text.isascii():
            raise ValueError(f"{path}: clang counts bytes, this counts characters: keep to ASCII")
        self.shown = shown
        self.function = ""
        self.found = []
        self.path = path
        done = subprocess.run([clang, "-Xclang", "-ast-dump=json", "-fsyntax-only", "-w", *flags,
                               path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ValueError(f"{path}: clang does not read it:\n{done.stderr}")
        self.tree = json.loads(done.stdout)
        self.blank = COMMENT.sub(lambda found: " " * len(found.group()), self.text)
        self.fields = {}  # id of a field -> names that it may be taken for

    # ---- places ----

    def place(self, at):
        """Offset and length of a token, or None when it comes from a macro's body."""
        if "spellingLoc" in at:
            if not at["expansionLoc"].get("isMacroArgExpansion"):
                return None
            at = at["spellingLoc"]
        if "offset" not in at or "tokLen" not in at:
            return None
        return at["offset"], at["tokLen"]

    def span(self, node):
        extent = node.get("range", {})
        begin, end = self.place(extent.get("begin", {})), self.place(extent.get("end", {}))
        if begin is None or end is None or end[0] + end[1] <= begin[0]:
            return None
        return begin[0], end[0] + end[1]

    def code(self, node):
        span = self.span(node)
        return self.text[span[0]:span[1]] if span else ""

    def add(self, operator, begin, end, text):
        before = " ".join(self.text[begin:end].split())
        after = " ".join(text.split())
        if before == after:
            return
        if len(before) > 70:
            before = before[:67] + "..."
        if len(after) > 70:
            after = after[:67] + "..."
        name = f"{self.shown}:{self.function}: {operator}: {before} -> {after or '(nothing)'}"
        line = self.text.count("\n", 0, begin) + 1
        self.found.append(Mutant(name, self.shown, line, operator, begin, end, text))

    # ---- the tree ----

    def functions(self):
        """Functions that are defined in this file itself; `file` is told only where it changes."""
        current = None
        for node in self.tree.get("inner", []):
            for at in (node.get("loc", {}), node.get("range", {}).get("begin", {})):
                for part in (at, at.get("spellingLoc", {}), at.get("expansionLoc", {})):
                    current = part.get("file", current)
            here = current == self.path
            included = "includedFrom" in node.get("loc", {})
            if node["kind"] == "FunctionDecl" and here and not included:
                body = [part for part in node.get("inner", []) if part["kind"] == "CompoundStmt"]
                if body and self.span(body[0]):
                    yield node["name"], body[0]
            current = self.last_file(node, current)

    @staticmethod
    def last_file(node, current):
        """What the printer believed the file to be when it had printed all of a node."""
        stack = [node]
        while stack:
            part = stack.pop()
            if isinstance(part, dict):
                if isinstance(part.get("file"), str):
                    current = part["file"]
                stack.extend(value for value in reversed(list(part.values()))
                             if isinstance(value, (dict, list)))
            elif isinstance(part, list):
                stack.extend(reversed(part))
        return current

    def learn_fields(self, node):
        """Which fields of a structure have the same type: one may be taken for the other."""
        stack = [node]
        while stack:
            part = stack.pop()
            if part.get("kind") == "RecordDecl":
                fields = [field for field in part.get("inner", []) if field["kind"] == "FieldDecl"
                          and "name" in field]
                for field in fields:
                    alike = [other["name"] for other in fields
                             if other["type"]["qualType"] == field["type"]["qualType"]]
                    at = alike.index(field["name"])
                    self.fields[field["id"]] = alike[(at + 1) % len(alike)]
            stack.extend(part.get("inner", []))

    def mutants(self):
        self.learn_fields(self.tree)
        for name, body in self.functions():
            self.function = name
            self.visit(body)
            self.words(*self.span(body))
        # An argument that a macro uses twice is found twice.
        once = {(mutant.begin, mutant.end, mutant.text): mutant for mutant in self.found}
        return number(sorted(once.values(), key=lambda mutant: (mutant.begin, mutant.end)))

    def visit(self, node):
        kind = node.get("kind")
        inner = [part for part in node.get("inner", []) if part]
        if kind in ("CompoundStmt", "CaseStmt", "DefaultStmt"):
            self.statements(inner)
        elif kind in ("IfStmt", "WhileStmt", "ForStmt", "DoStmt"):
            self.branch(kind, node, inner)
        elif kind == "BinaryOperator":
            self.binary(node, inner)
        elif kind == "UnaryOperator":
            self.unary(node, inner)
        elif kind == "IntegerLiteral":
            self.literal(node)
        elif kind == "CallExpr":
            self.call(node, inner)
        elif kind == "MemberExpr":
            self.member(node, inner)
        elif kind == "CStyleCastExpr":
            self.cast(node)
        elif kind == "UnaryExprOrTypeTraitExpr" and node.get("name") == "sizeof":
            self.size(node)
        elif kind == "ConditionalOperator" and len(inner) == 3:
            self.choice(node, inner)
        elif kind == "ReturnStmt" and inner:
            self.result(inner[0])
        for part in inner:
            self.visit(part)

    # ---- operators on the tree ----

    def whole_statement(self, node):
        """The extent of an expression statement with its semicolon, or None."""
        kind = node.get("kind")
        if kind not in ("CallExpr", "BinaryOperator", "CompoundAssignOperator", "UnaryOperator"):
            return None
        if kind == "BinaryOperator" and node.get("opcode") != "=":
            return None
        span = self.span(node)
        if span is None:
            return None
        end = re.compile(r"\s*;").match(self.text, span[1])
        return (span[0], end.end()) if end else None

    def statements(self, nodes):
        spans = [self.whole_statement(node) for node in nodes]
        for span in filter(None, spans):
            self.add("drop", *span, ";")
        for first, second in zip(spans, spans[1:]):
            if first and second:
                between = self.text[first[1]:second[0]]
                self.add("swap", first[0], second[1],
                         self.text[second[0]:second[1]] + between + self.text[first[0]:first[1]])

    def branch(self, kind, node, inner):
        if kind == "IfStmt" and inner:
            span = self.span(inner[0])
            if span:
                self.add("always", *span, "1")
                self.add("never", *span, "0")
        for part in inner[1:] if kind != "DoStmt" else inner[:1]:
            span = self.whole_statement(part)
            if span and kind != "ForStmt":
                self.add("drop", *span, ";")
        if kind == "ForStmt" and inner:
            span = self.whole_statement(inner[-1])
            if span:
                self.add("drop", *span, ";")

    def operator_between(self, left, right, opcode):
        left, right = self.span(left), self.span(right)
        if left is None or right is None:
            return None
        at = self.blank.find(opcode, left[1], right[0])
        return (at, at + len(opcode)) if at >= 0 else None

    def binary(self, node, inner):
        opcode = node["opcode"]
        for table, operator in ((RELATIONS, "relation"), (LOGIC, "logic"),
                                (ARITHMETIC, "arithmetic")):
            span = self.operator_between(*inner, opcode) if opcode in table else None
            if span:
                self.add(operator, *span, table[opcode])
        if opcode in LOGIC:
            for part, other in (inner, inner[::-1]):
                whole, kept = self.span(node), self.span(other)
                if whole and kept and self.span(part):
                    self.add("half", *whole, f"({self.text[kept[0]:kept[1]]})")

    def unary(self, node, inner):
        span = self.span(node)
        if span is None:
            return
        if node["opcode"] == "!" and inner:
            self.add("not", *span, f"!!({self.code(inner[0])})")
        elif node["opcode"] in ("++", "--"):
            other = "--" if node["opcode"] == "++" else "++"
            self.add("arithmetic", *span, self.text[span[0]:span[1]].replace(node["opcode"], other))

    def literal(self, node):
        span = self.span(node)
        if span is None:
            return
        found = re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)([uUlL]*)", self.text[span[0]:span[1]])
        if not found:
            return
        value = int(found.group(1), 0)
        self.add("number", *span, f"{value + 1}{found.group(2)}")
        if value > 0:
            self.add("number", *span, f"{value - 1}{found.group(2)}")

    def call(self, node, inner):
        span, callee = self.span(node), self.code(inner[0])
        if span is None or not WORD.fullmatch(callee):
            return
        at = self.span(inner[0])
        for table in (BARRIERS, CACHE):
            if callee in table:
                self.add("barrier", *at, table[callee])
        found = CONVERSIONS.match(callee)
        if found:
            self.add("byte order", *span, f"({self.code(inner[-1])})")
            if found.group(1) != "order":
                other = "native" if "le" in found.group(1) else "le"
                self.add("byte order", *at, f"virtio_{other}{found.group(2)}")
        for first, second in zip(inner[1:], inner[2:]):
            spans = self.span(first), self.span(second)
            types = [part.get("type", {}).get("qualType") for part in (first, second)]
            alike = types[0] == types[1]
            if alike and all(spans) and spans[0][1] <= spans[1][0]:
                (a, b), (c, d) = spans
                self.add("arguments", a, d, self.text[c:d] + self.text[b:c] + self.text[a:b])

    def member(self, node, inner):
        span = self.span(node)
        other = self.fields.get(node.get("referencedMemberDecl"))
        if span is None or other is None or other == node.get("name"):
            return
        at = self.text.rfind(node["name"], span[0], span[1])
        if at >= 0 and self.text[at:span[1]] == node["name"]:
            self.add("field", at, span[1], other)

    def cast(self, node):
        span = self.span(node)
        found = re.match(r"\((\w+)\)", self.text[span[0]:]) if span else None
        if found and found.group(1) in WIDTHS:
            self.add("width", span[0], span[0] + found.end(), f"({WIDTHS[found.group(1)]})")

    def size(self, node):
        span = self.span(node)
        if span:
            self.add("size", *span, f"({self.text[span[0]:span[1]]} - 1)")

    def choice(self, node, inner):
        spans = [self.span(part) for part in inner]
        if not all(spans):
            return
        (_, _), (a, b), (c, d) = spans
        self.add("choice", a, d, self.text[c:d] + self.text[b:c] + self.text[a:b])

    def result(self, node):
        span = self.span(node)
        if span and node.get("type", {}).get("qualType") in ("_Bool", "bool", "int"):
            if self.text[span[0]:span[1]] not in ("true", "false"):
                self.add("result", *span, f"!({self.text[span[0]:span[1]]})")

    # ---- operators on words ----

    def words(self, begin, end):
        for found in WORD.finditer(self.blank, begin, end):
            for other in next_of_families(found.group()):
                self.add("constant", *found.span(), other)
        lines = list(INITIALISER.finditer(self.text, begin, end))
        for found in lines:
            self.add("initialiser", *found.span(), "")
        for first, second in zip(lines, lines[1:]):
            if self.text[first.end():second.start()].strip() or first.group(1) != second.group(1):
                continue
            self.add("values", first.start(), second.end(),
                     f"{first.group(1)}.{first.group(2)} = {second.group(3)},\n"
                     f"{second.group(1)}.{second.group(2)} = {first.group(3)},")


def number(mutants):
    """Those of one function that read alike are told apart by a number."""
    seen, numbered = {}, []
    for mutant in mutants:
        seen[mutant.name] = seen.get(mutant.name, 0) + 1
        again = seen[mutant.name]
        numbered.append(mutant if again == 1 else mutant._replace(name=f"{mutant.name} #{again}"))
    return numbered


def apply(text, mutant):
    return text[:mutant.begin] + mutant.text + text[mutant.end:]
