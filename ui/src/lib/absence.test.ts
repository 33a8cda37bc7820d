import { expect, test } from "vitest";
import { canBeAsked, foundElsewhere, nextStep, sentence } from "./absence";

const reenact = (state: string, others = false) => ({ state, client: "reenact", others });
const STATES = ["captured", "rate_limited", "off", "third_party", "over_budget", "lost", "pending", "unsupported", "client_too_old", "hidden", "unknown"];

test("every state is said in a sentence, the server's first", () => {
  for (const state of STATES) expect(sentence(state, "")).toMatch(/\.$/);
  expect(sentence("off", "Switched off in the service.")).toBe("Switched off in the service.");
});

test("what to do next is told for our own client alone", () => {
  for (const state of STATES) expect(nextStep({ state, client: "ddtrace", others: false })).toBeNull();
  expect(STATES.filter((state) => nextStep(reenact(state)) !== null)).toEqual(["rate_limited", "off", "third_party", "over_budget", "lost"]);
  expect(nextStep(reenact("over_budget"))).toMatch(/REENACT_CPU_SHARE/);
  expect(nextStep(reenact("over_budget", true))).toMatch(/REENACT_FRAMES_MAX/);
});

test("asking for the next one is offered where it helps", () => {
  expect(STATES.filter((state) => canBeAsked(reenact(state)))).toEqual(["rate_limited", "over_budget", "lost", "unknown"]);
  expect(canBeAsked(reenact("over_budget", true))).toBe(false);
  expect(STATES.filter(foundElsewhere)).toEqual(["rate_limited", "off", "lost", "unknown"]);
});
