import { expect, test } from "vitest";
import type { Exception, Frame, Value } from "../api/types";
import { connector, defaultOpen, displayName, items, opening, packageOf, readOpen, redacted, runFrames, toggle, writeOpen } from "./frames";

const values = (locals: Record<string, Value> = {}) => ({
  state: "captured" as const, reason: "", earlier_occurrence: false, arguments: {}, locals, globals: {}, closure: {}, at_raise: {}, at_entry: {}, parameters: [],
});
const frame = (index: number, file: string, in_app: boolean, locals: Record<string, Value> = {}): Frame => ({
  index, function: `f${index}`, file, in_app, repeats: 0, line_number: index, values: values(locals),
});
const site = "/opt/venv/lib/python3.11/site-packages";
const exception = (frames: Frame[]): Exception => ({ type: "E", message: "", notes: [], members: [], members_left_out: 0, frames });

const stack = exception([
  frame(0, `${site}/flask/app.py`, false),
  frame(1, `${site}/flask/app.py`, false),
  frame(2, `${site}/werkzeug/serving.py`, false),
  frame(3, "/srv/app/shop.py", true),
  frame(4, `${site}/requests/api.py`, false),
]);

const shape = (mode: "relevant" | "full", order: "newest" | "oldest") =>
  items(stack, "0", mode, order).map((i) => (i.kind === "run" ? `${i.frames.length} in ${i.packages.join(", ")}` : i.id));

test("third-party frames fold into runs, own frames and the raising one stand alone", () => {
  expect(shape("relevant", "oldest")).toEqual(["3 in flask, werkzeug", "0.3", "0.4"]);
  expect(shape("relevant", "newest")).toEqual(["0.4", "0.3", "3 in flask, werkzeug"]);
});

test("full shows every frame", () => {
  expect(shape("full", "oldest")).toEqual(["0.0", "0.1", "0.2", "0.3", "0.4"]);
});

test("an opened run numbers its frames as the whole stack does", () => {
  const run = items(stack, "2", "relevant", "oldest")[0]!;
  if (run.kind !== "run") throw new Error("expected a run");
  expect(runFrames(run, "newest").map((f) => f.id)).toEqual(["2.2", "2.1", "2.0"]);
});

test("packages come from the path, then the module, then the file", () => {
  expect(packageOf({ file: `${site}/six.py`, module: null })).toBe("six");
  expect(packageOf({ file: "/x/y.py", module: "celery.app.trace" })).toBe("celery");
  expect(packageOf({ file: "/usr/lib/python3.11/socketserver.py" })).toBe("socketserver");
});

test("the raising own frame of the root cause opens first when it has values", () => {
  const empty = exception([frame(0, "/srv/a.py", true)]);
  const full = exception([frame(0, "/srv/a.py", true), frame(1, "/srv/b.py", true, { x: { type: "int", value: "1" } })]);
  expect(defaultOpen({ exceptions: [empty, full] })).toBe("1.1");
  expect(defaultOpen({ exceptions: [empty] })).toBe("0.0");
  expect(defaultOpen({ exceptions: [] })).toBeNull();
});

test("redacted values are counted at any depth", () => {
  const secret: Value = { type: "str", not_captured: "redacted_identifier" };
  const user: Value = { type: "User", fields: { password: secret, keys: { type: "list", elements: [secret] } } };
  expect(redacted(values({ user, token: secret }))).toBe(3);
});

test("names do not repeat the module", () => {
  expect(displayName({ function: "charge", qualified_name: "Cart.charge", module: "shop.cart" })).toBe("shop.cart.Cart.charge");
  expect(displayName({ function: "charge", qualified_name: "shop.charge", module: "shop" })).toBe("shop.charge");
});

test("open frames survive the address", () => {
  expect(readOpen(null, "0.1")).toEqual(["0.1"]);
  expect(readOpen("none", "0.1")).toEqual([]);
  expect(readOpen(writeOpen(toggle(["0.1"], "r1.0")), null)).toEqual(["0.1", "r1.0"]);
  expect(readOpen("0.1,<script>", null)).toEqual(["0.1"]);
});

test("connector words", () => {
  expect(connector("cause")).toBe("caused");
  expect(connector("context")).toBe("while handling");
});

test("a frame that is folded into a run opens with it", () => {
  expect(opening({ exceptions: [stack] }, "0.1", "relevant")).toEqual(["r0.0", "0.1"]);
  expect(opening({ exceptions: [stack] }, "0.1", "full")).toEqual(["0.1"]);
  expect(opening({ exceptions: [stack] }, "0.3", "relevant")).toEqual(["0.3"]);
  expect(opening({ exceptions: [] }, "4.2", "relevant")).toEqual(["4.2"]);
});
