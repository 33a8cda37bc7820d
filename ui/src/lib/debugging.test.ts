import { expect, test } from "vitest";
import type { ErrorEvent } from "../api/types";
import { editorLink, folderKey, launchFile, listening, prompting, raisingLine } from "./debugging";

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

const event = (...frames: { file: string; in_app?: boolean; line_number?: number | null; module?: string }[]): ErrorEvent =>
  ({ exceptions: [{ frames: frames.map((frame) => ({ in_app: true, line_number: 7, ...frame })) }] }) as unknown as ErrorEvent;

test("the line that raised is told from the folder of its modules", () => {
  const library = { file: "/venv/lib/python3.11/site-packages/flask/app.py", in_app: false };
  expect(raisingLine(event({ file: "/srv/app/shop/pay.py", module: "shop.pay" }, library))).toEqual({ folder: "/srv/app", path: "shop/pay.py", line: 7 });
  expect(raisingLine(event({ file: "/srv/app/shop/__init__.py", module: "shop" }))).toEqual({ folder: "/srv/app", path: "shop/__init__.py", line: 7 });
  expect(raisingLine(event({ file: "/pay.py", module: "__main__" }))).toEqual({ folder: "/", path: "pay.py", line: 7 });
  expect(raisingLine(event({ file: "C:\\app\\pay.py" }))).toEqual({ folder: "C:/app", path: "pay.py", line: 7 });
  expect(raisingLine(event({ file: "<string>" }))).toBeNull();
  expect(raisingLine(event({ file: "/srv/pay.py", line_number: null }))).toBeNull();
  expect(raisingLine(event())).toBeNull();
});

test("every service has a folder of its own", () => {
  expect(folderKey("shop")).not.toBe(folderKey("billing"));
});

test("a link stays below the folder, and can be nothing but a file for the editor", () => {
  const at = (path: string) => ({ folder: "", path, line: 7 });
  expect(editorLink("/home/me/shop/", at("shop/pay.py"))).toBe("vscode://file/home/me/shop/shop/pay.py:7");
  expect(editorLink("/", at("pay.py"))).toBe("vscode://file/pay.py:7");
  expect(editorLink("C:\\src", at("pay.py"))).toBe("vscode://file/C:/src/pay.py:7");
  expect(editorLink("/a b", at("p?x#y%.py"))).toBe("vscode://file/a%20b/p%3Fx%23y%25.py:7");
  for (const path of ["../../etc/passwd", "a/../b.py", "a//b.py", ""]) expect(editorLink("/srv", at(path))).toBeNull();
  for (const folder of ["", "shop", "javascript:alert(1)"]) expect(editorLink(folder, at("pay.py"))).toBeNull();
});
