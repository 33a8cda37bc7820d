import { describe, expect, test } from "vitest";
import { AS_IT_IS, labelOf, MOST, moved, offered, read, withKey, without } from "./facets";

const SERVED = [{ key: "service", label: "Service" }, { key: "env", label: "Environment" }];

describe("facets", () => {
  test("are those of the server unless chosen otherwise, whatever is remembered", () => {
    for (const text of [null, "", "nonsense", "null", "3", "[]"]) expect(read(text)).toEqual({ ...AS_IT_IS });
    expect(read('{"keys":["env",3,"env","@region","<b>"],"tags":false}')).toEqual({ keys: ["env", "@region"], tags: false });
    expect(read(JSON.stringify({ keys: Array.from({ length: 99 }, (_, i) => `@t${i}`) })).keys).toHaveLength(MOST);
    expect(read('{"keys":[]}').keys).toEqual([]);
  });
  test("have names", () => {
    expect(["env", "assignee", "@region"].map((key) => labelOf(key, SERVED))).toEqual(["Environment", "Assignee", "region"]);
  });
  test("that are shown come first among those that are offered", () => {
    expect(offered(["@region", "env"], SERVED).slice(0, 3)).toEqual(["@region", "env", "service"]);
  });
  test("are moved, added and taken off", () => {
    expect(moved(["a", "b", "c"], "b", -1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], "b", 1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b"], "b", 1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], "x", 1)).toEqual(["a", "b"]);
    expect(withKey(["a"], "b")).toEqual(["a", "b"]);
    expect(withKey(["a"], "a")).toEqual(["a"]);
    expect(withKey(Array.from({ length: MOST }, String), "x")).toHaveLength(MOST);
    expect(without(["a", "b"], "a")).toEqual(["b"]);
  });
});
