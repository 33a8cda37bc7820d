import { describe, expect, it } from "vitest";
import { changes, draftOf, emptySet, entries, isOn, merged, moved, problemAt, switched } from "./redaction";

const card = { id: "payment_card", on_by_default: true };
const mail = { id: "email", on_by_default: false };
const set = (part: object) => ({ ...emptySet(), ...part });

describe("value rules", () => {
  it("are named only where that changes something", () => {
    expect(switched(mail, true, emptySet(), emptySet()).values_on).toEqual(["email"]);
    expect(switched(mail, false, set({ values_on: ["email"] }), emptySet())).toEqual(emptySet());
    expect(switched(card, true, emptySet(), emptySet())).toEqual(emptySet());
    expect(switched(card, false, emptySet(), emptySet()).values_off).toEqual(["payment_card"]);
  });
  it("follow the configuration file until they are switched here", () => {
    const configured = set({ values_off: ["payment_card"], values_on: ["email"] });
    expect(isOn(card, emptySet(), configured)).toBe(false);
    expect(isOn(mail, emptySet(), configured)).toBe(true);
    expect(isOn(card, switched(card, true, emptySet(), configured), configured)).toBe(true);
    expect(isOn(mail, switched(mail, false, emptySet(), configured), configured)).toBe(false);
  });
  it("can be switched on when all are off", () => {
    const off = set({ values_off: ["*"] });
    expect(isOn(card, off, emptySet())).toBe(false);
    expect(isOn(card, switched(card, true, off, emptySet()), emptySet())).toBe(true);
  });
});

describe("two people's changes", () => {
  const base = draftOf({ project: { identifiers: ["a", "b"] }, services: [{ service: "shop" }] });
  it("are put together", () => {
    const mine = draftOf({ project: { identifiers: ["b", "mine"], mode: "strict" }, services: [{ service: "shop", rules: { types: ["Card"] } }, { service: "mine" }] });
    const theirs = draftOf({ project: { identifiers: ["a", "b", "theirs"] }, services: [{ service: "shop", rules: { identifiers: ["x"] } }, { service: "theirs" }] });
    const both = merged(base, mine, theirs);
    expect(both.project.identifiers).toEqual(["b", "theirs", "mine"]);
    expect(both.project.mode).toBe("strict");
    expect(both.services.map((one) => one.service)).toEqual(["shop", "mine", "theirs"]);
    expect(both.services[0]?.rules).toEqual(set({ types: ["Card"], identifiers: ["x"] }));
  });
  it("what one took off stays off when the other left it as it was", () => {
    expect(merged(base, draftOf({ project: { identifiers: ["a", "b"] } }), base).services).toEqual([]);
    expect(merged(base, base, draftOf({ project: { identifiers: ["a"] } }))).toEqual(draftOf({ project: { identifiers: ["a"] } }));
  });
});

describe("errors", () => {
  const problem = { field: "services.0.rules.identifiers.2", message: "`` is empty", at: null };
  it("are shown at their field", () => {
    expect(problemAt(problem, "services.0.rules.identifiers")).toEqual({ index: 2, message: "`` is empty" });
    expect(problemAt(problem, "services.0.rules.types")).toBeNull();
    expect(problemAt({ ...problem, field: "services.1.service" }, "services.1.service")).toEqual({ index: null, message: "`` is empty" });
    expect(problemAt({ ...problem, field: null }, "project")).toBeNull();
  });
});

it("lists are taken as they are pasted", () => expect(entries(" a, b\n\nc,a ")).toEqual(["a", "b", "c"]));
it("rules move within their list", () => {
  expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});
it("changes are counted", () => {
  expect(changes(draftOf({}), draftOf({}))).toBe(0);
  expect(changes(draftOf({}), draftOf({ project: { identifiers: ["a", "b"], mode: "strict" }, services: [{ service: "x" }] }))).toBe(4);
  expect(changes(draftOf({ project: { types: ["a", "b"] } }), draftOf({ project: { types: ["b", "a"] } }))).toBe(1);
});
