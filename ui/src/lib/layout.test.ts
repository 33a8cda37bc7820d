import { expect, test } from "vitest";
import { MOST } from "./facets";
import { fold } from "./folded.svelte";
import { facetChoice } from "./layout.svelte";

test("a view knows which facets are folded, those of the server too", () => {
  for (const name of ["service", "@region", "open @region", "versions in the chart", "settings.default-names.open"]) fold(name, true);
  expect(facetChoice.toSave).toEqual({ keys: null, folded: ["service", "@region"], tags: true });
  facetChoice.set({ keys: ["env", "service"] });
  expect(facetChoice.toSave.folded).toEqual(["service"]);
  facetChoice.reset();
  for (let n = 0; n < MOST; n += 1) fold(`@tag${n}`, true);
  expect(facetChoice.toSave.folded).toHaveLength(MOST);
});
