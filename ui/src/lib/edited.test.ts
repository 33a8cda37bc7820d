import { expect, test, vi } from "vitest";
import { ApiError } from "../api/client";
import type { Resource } from "../api/resource.svelte";
import { edited } from "./edited.svelte";

interface Doc { version: number; rules: { id: string; share: number }[] }

vi.mock("./router.svelte", () => ({ guarded: () => {}, route: { path: "/" } }));
vi.mock("./shortcuts.svelte", () => ({ shortcut: () => {} }));
vi.mock("./me.svelte", () => ({ me: { mayChangeSettings: true } }));
const sent = vi.hoisted(() => vi.fn());
vi.mock("../api/client", async (original) => ({ ...(await original<typeof import("../api/client")>()), sendJson: sent }));

function page(rules = [{ id: "a", share: 1 }]) {
  const served = { data: { version: 3, rules }, reload: vi.fn() } as unknown as Resource<Doc>;
  const list = edited(served, {
    path: "/rules", list: "rules", name: "rules", fresh: () => ({ id: "", share: 0 }),
    wrong: (all) => (all.some((one) => Number.isNaN(one.share)) ? { field: "rules.0.share", message: "no number", at: null } : null),
  });
  return { list, served };
}

test("what is not sent is said where it is wrong, and goes with Discard", async () => {
  const { list } = page();
  expect([list.dirty, list.items]).toEqual([false, [{ id: "a", share: 1 }]]);
  list.put(0, { id: "a", share: Number.NaN });
  await list.save();
  expect([list.dirty, list.general, list.problem, list.problemOf(0)?.field, list.problemOf(1)]).toEqual([true, null, "One of the rules cannot be used.", "share", null]);
  expect(sent).not.toHaveBeenCalled();
  list.discard();
  expect([list.dirty, list.problem]).toEqual([false, null]);
});

test("what is saved is the version that was served, and what was refused stays to be changed", async () => {
  const { list, served } = page();
  list.add();
  list.move(0, 1);
  sent.mockRejectedValueOnce(new ApiError("somebody was faster", "conflict", 409, null));
  await list.save();
  expect([list.dirty, list.savedAs, list.general, list.items.map((one) => one.id)]).toEqual([true, null, "somebody was faster", ["", "a"]]);
  sent.mockResolvedValueOnce({ version: 4 });
  await list.save();
  expect(sent).toHaveBeenLastCalledWith("PUT", "/api/v1/rules", { version: 3, rules: [{ id: "", share: 0 }, { id: "a", share: 1 }] });
  expect([list.dirty, list.savedAs, list.problem]).toEqual([false, 4, null]);
  expect(served.reload).toHaveBeenCalledOnce();
});

test("what is changed while it is saved is not lost", async () => {
  const { list } = page();
  list.add();
  let answer!: (saved: { version: number }) => void;
  sent.mockReturnValueOnce(new Promise((resolve) => { answer = resolve; }));
  const saved = list.save();
  list.remove(0);
  answer({ version: 4 });
  await saved;
  expect([list.dirty, list.saving, list.items]).toEqual([true, false, [{ id: "", share: 0 }]]);
});
