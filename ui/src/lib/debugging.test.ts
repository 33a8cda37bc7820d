import { expect, test } from "vitest";
import { launchFile, listening, prompting } from "./debugging";

test("commands name the event", () => {
  expect(listening("0123abcd")).toBe("reenact debug 0123abcd --port 4711");
  expect(prompting("0123abcd")).toBe("reenact debug 0123abcd --pdb");
});

test("the configuration of VS Code names the event and the same port, and holds nothing that VS Code replaces", () => {
  const file = JSON.parse(launchFile("0123456789abcdef0123456789abcdef"));
  expect(file.configurations).toEqual([
    { name: "Reenact 01234567", type: "debugpy", request: "attach", debugServer: 4711, event: "0123456789abcdef0123456789abcdef" },
  ]);
  expect(launchFile("${command:quit}")).not.toContain("$");
});
