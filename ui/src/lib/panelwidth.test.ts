import { expect, test } from "vitest";
import { limits, readShare, SHARE, shareOf, stepped, widthOf } from "./panelwidth";

test("as wide as was chosen, as far as both sides have room", () => {
  expect(widthOf(SHARE, 1384, limits(1384, true))).toBe(761);
  expect(widthOf(90, 1384, limits(1384, true))).toBe(884);
  expect(widthOf(5, 1384, limits(1384, true))).toBe(420);
  expect(widthOf(SHARE, 968, limits(968, false))).toBe(600);
  expect(widthOf(90, 968, limits(968, false))).toBe(871);
});

test("a page without room takes what there is", () => {
  expect(limits(500, false)).toEqual({ least: 444, most: 444 });
  expect(widthOf(SHARE, 0, limits(0, true))).toBe(0);
});

test("keys step, and go to the ends", () => {
  const between = limits(1000, true);
  expect(stepped("ArrowLeft", 450, 1000, between)).toBe(470);
  expect(stepped("ArrowRight", 450, 1000, between)).toBe(430);
  expect(stepped("ArrowLeft", 495, 1000, between)).toBe(500);
  expect(stepped("Home", 450, 1000, between)).toBe(420);
  expect(stepped("End", 450, 1000, between)).toBe(500);
  expect(stepped("a", 450, 1000, between)).toBeNull();
});

test("what is remembered is a share", () => {
  expect(readShare("40.5")).toBe(40.5);
  for (const text of [null, "", "0", "-3", "100", "wide", "NaN"]) expect(readShare(text)).toBe(SHARE);
  expect(shareOf(553, 1384)).toBe(40);
  expect(shareOf(1, 0)).toBe(SHARE);
});
