import { expect, test } from "vitest";
import { pathParts } from "./path";

test("parts are decoded, and a broken encoding is left as written", () => {
  expect(pathParts("/issues/a%20b/")).toEqual(["issues", "a b"]);
  expect(pathParts("/nonsense/%E0%A4%A")).toEqual(["nonsense", "%E0%A4%A"]);
  expect(pathParts("/")).toEqual([]);
});
