// A client of the Debug Adapter Protocol, the one that VS Code's adapters are tested with, drives `reenact debug`: events of ddtrace and of
// our own client, on standard streams and on TCP.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import testsupport from "@vscode/debugadapter-testsupport";
import { runNative, runTraced } from "./lib/python.js";
import { api, startServer, until } from "./lib/server.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BINARY = process.env.REENACT_BIN;
const INITIALIZE = { adapterID: "reenact", clientID: "test", linesStartAt1: true, columnsStartAt1: true, pathFormat: "path", supportsVariablePaging: true, supportsVariableType: true };
const THREAD = { threadId: 1 };

describe("an event in a debugger", () => {
  let server;
  let native;
  let traced;
  const running = new Set();

  const event = (service) => until(`the error of ${service} has values`, async () => {
    const [issue] = (await api(server, `/issues?query=service:${service}&from=now-1d`)).issues;
    return issue?.has_values && (await api(server, `/issues/${issue.id}/events?from=now-1d`)).events[0];
  });

  before(async () => {
    server = await startServer();
    await Promise.all([runNative("native_app.py", server.agent, "native", "41"), runTraced("ddtrace_app.py", server.agent, "traced", "3")]);
    [native, traced] = await Promise.all([event("native"), event("traced")]);
  });
  after(async () => {
    for (const child of running) child.kill();
    await server?.stop();
  });

  /** A client that started the adapter itself, in a folder. */
  async function started(cwd = HERE) {
    const client = new testsupport.DebugClient(BINARY, "debug", "reenact", { cwd, env: { ...process.env, REENACT_SERVER: server.ui } });
    client.defaultTimeout = 30_000;
    await client.start();
    return client;
  }

  /** A client that stands at the raise of an event. */
  async function stopped(one, request = "launch", cwd = HERE) {
    const client = await started(cwd);
    const initialized = client.waitForEvent("initialized");
    const { body } = await client.initializeRequest(INITIALIZE);
    await initialized;
    const stop = client.waitForEvent("stopped");
    await client.customRequest(request, { event: one.id });
    await client.setBreakpointsRequest({ source: { path: "/x.py" }, breakpoints: [{ line: 1 }] });
    await client.setExceptionBreakpointsRequest({ filters: [] });
    await client.configurationDoneRequest();
    return { client, capabilities: body, stop: await stop };
  }

  const scopesOf = async (client, frameId) => Object.fromEntries((await client.scopesRequest({ frameId })).body.scopes.map((scope) => [scope.name, scope.variablesReference]));
  const listed = async (client, variablesReference, more = {}) => (await client.variablesRequest({ variablesReference, ...more })).body.variables;
  const named = async (client, reference, more) => Object.fromEntries((await listed(client, reference, more)).map((one) => [one.name, one]));
  const value = async (client, expression, frameId, context = "watch") => (await client.evaluateRequest({ expression, frameId, context })).body.result;

  test("an event of our own client: stack, scopes, shared objects, source, exception and expressions", async () => {
    const { client, capabilities, stop } = await stopped(native);
    for (const name of ["supportsConfigurationDoneRequest", "supportsExceptionInfoRequest", "supportsEvaluateForHovers", "supportsDelayedStackTraceLoading", "supportsTerminateRequest", "supportsCompletionsRequest"]) assert.equal(capabilities[name], true, name);
    assert.deepEqual([stop.body.reason, stop.body.threadId], ["exception", 1]);
    assert.match(stop.body.text, /^ZeroDivisionError/);
    const { threads } = (await client.threadsRequest()).body;
    assert.deepEqual(threads, [{ id: 1, name: "MainThread" }]);

    const { stackFrames, totalFrames } = (await client.stackTraceRequest(THREAD)).body;
    assert.deepEqual(stackFrames.map(({ name }) => name), ["total", "checkout", "main"]);
    assert.equal(totalFrames, 3);
    const [total] = stackFrames;
    // The file is here and is the one that ran.
    assert.equal(total.source.path, `${HERE}native_app.py`);
    assert.match(total.source.origin, /which is the one that ran/);
    assert.ok(total.line > 40 && total.column > 1 && total.endColumn > total.column);
    const page = (await client.stackTraceRequest({ ...THREAD, startFrame: 1, levels: 1 })).body.stackFrames;
    assert.deepEqual(page.map(({ id }) => id), [stackFrames[1].id]);

    const scopes = await scopesOf(client, total.id);
    assert.ok(["Arguments", "Locals", "Exception"].every((name) => name in scopes), Object.keys(scopes).join());
    const args = await named(client, scopes.Arguments);
    assert.match(args.cart.type, /Cart$/);
    const cart = await named(client, args.cart.variablesReference);
    const owner = await named(client, cart.owner.variablesReference);
    assert.equal(owner.name.value, "'Ada'");
    // The owner's cart is the same object again.
    const again = await named(client, owner.cart.variablesReference);
    assert.equal(again.lines.evaluateName, "cart.owner.cart.lines");
    assert.equal(await value(client, "cart.owner.cart is cart and cart.lines[1].price", total.id), "41");
    assert.equal(await value(client, "len(mine), mine[0].sku, rate == 0, coupon.name, headers['host']", total.id), "(2, 'A-1', True, 'RED', 'shop.example')");
    assert.equal(await value(client, "customer.name", stackFrames[1].id, "hover"), "'Ada'");
    await assert.rejects(client.evaluateRequest({ expression: "pay(cart)", frameId: total.id, context: "repl" }), /nothing is run/);
    await assert.rejects(client.evaluateRequest({ expression: "lock.acquire()", frameId: total.id, context: "repl" }), /nothing is run/);
    const { targets } = (await client.completionsRequest({ text: "cart.ow", column: 8, frameId: total.id })).body;
    assert.deepEqual(targets, [{ label: "owner", type: "property", start: 6, length: 2 }]);
    // No captured text can reorder what is read.
    const locals = await named(client, scopes.Locals);
    assert.ok(locals.hostile.value.includes("<img src=x") && !locals.hostile.value.includes("\u202e"), locals.hostile.value);

    const { body: info } = await client.exceptionInfoRequest(THREAD);
    assert.deepEqual([info.exceptionId, info.details.typeName], ["ZeroDivisionError", "ZeroDivisionError"]);
    assert.match(info.details.stackTrace, /native_app\.py", line \d+, in total/);
    await client.disconnectRequest();
  });

  test("an event of ddtrace: what was cut and redacted says so, and the cause has frames", async () => {
    const { client } = await stopped(traced, "attach");
    const { stackFrames } = (await client.stackTraceRequest(THREAD)).body;
    const charge = stackFrames.find(({ name }) => name === "charge");
    assert.equal(charge.source.path, `${HERE}ddtrace_app.py`);
    assert.ok(stackFrames.some(({ presentationHint, name }) => presentationHint === "label" && /^caused by KeyError/.test(name)), JSON.stringify(stackFrames));
    assert.ok(stackFrames.some(({ name }) => name === "rate_of"));
    const scopes = await scopesOf(client, charge.id);
    const { order } = await named(client, scopes.Arguments);
    assert.equal((await named(client, order.variablesReference)).number.value, "7");
    assert.equal(await value(client, "order.lines[-1] + sum(order.lines)", charge.id), "9");
    const { many } = await named(client, scopes.Locals);
    assert.deepEqual([many.indexedVariables, many.namedVariables], [100, 1]);
    const part = await listed(client, many.variablesReference, { filter: "indexed", start: 98, count: 50 });
    assert.deepEqual(part.map(({ name, evaluateName }) => [name, evaluateName]), [["98", "many[98]"], ["99", "many[99]"]]);
    assert.match((await listed(client, many.variablesReference, { filter: "named" }))[0].value, /^200 more: not captured/);
    assert.equal(await value(client, "len(many), many[99]", charge.id), "(300, 99)");
    await assert.rejects(client.evaluateRequest({ expression: "many[100]", frameId: charge.id, context: "watch" }), /the first 100 of 300 elements were captured/);
    await assert.rejects(client.evaluateRequest({ expression: "order.password + 'x'", frameId: charge.id, context: "watch" }), /redacted by rule/);
    assert.match(await value(client, "__exception__.__cause__.message", charge.id, "clipboard"), /SEK/);
    const { body: info } = await client.exceptionInfoRequest(THREAD);
    assert.deepEqual(info.details.innerException.map(({ typeName }) => typeName), ["KeyError"]);
    await client.disconnectRequest();
  });

  test("where the file is another one by now, the captured lines are the source", async () => {
    const folder = await mkdtemp(join(tmpdir(), "reenact-debugger-"));
    const file = join(folder, "changing_app.py");
    await copyFile(`${HERE}native_app.py`, file);
    await runNative(relative(HERE, file), server.agent, "changing", "5");
    const one = await event("changing");
    const text = await readFile(file, "utf8");
    await writeFile(file, `# another line\n${text}`);
    const { client } = await stopped(one, "launch", folder);
    const [total] = (await client.stackTraceRequest(THREAD)).body.stackFrames;
    assert.equal(total.source.path, undefined);
    assert.match(total.source.origin, /as captured; the file here is another one/);
    const { content } = (await client.sourceRequest({ source: total.source, sourceReference: total.source.sourceReference })).body;
    // Each captured line stands at the number that it had.
    assert.equal(content.split("\n")[total.line - 1], text.split("\n")[total.line - 1]);
    const { sources } = (await client.customRequest("loadedSources")).body;
    assert.deepEqual(sources.map(({ name }) => name), ["changing_app.py"]);
    const { modules, totalModules } = (await client.modulesRequest({})).body;
    assert.equal(modules.length, totalModules);
    await client.disconnectRequest();
    await rm(folder, { recursive: true });
  });

  test("what cannot be is refused, and the session goes on", async () => {
    const { client } = await stopped(native);
    for (const request of ["next", "stepIn", "stepOut", "stepBack", "reverseContinue", "pause", "restartFrame", "goto", "restart"]) {
      await assert.rejects(client.customRequest(request, { ...THREAD, frameId: 1, targetId: 1 }), /nothing runs/, request);
    }
    await assert.rejects(client.setVariableRequest({ variablesReference: 1, name: "cart", value: "1" }), /cannot be changed/);
    await assert.rejects(client.disassembleRequest({ memoryReference: "0", instructionCount: 1 }), /not known/);
    await assert.rejects(client.scopesRequest({ frameId: 99 }), /no frame 99/);
    await assert.rejects(client.customRequest("scopes", { frameId: "x" }), /arguments are wrong/);
    const breakpoints = (await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: "f" }] })).body.breakpoints;
    assert.equal(breakpoints[0].verified, false);
    assert.equal((await client.dataBreakpointInfoRequest({ name: "x" })).body.dataId, null);
    const terminated = client.waitForEvent("terminated");
    await client.continueRequest(THREAD);
    await terminated;
    await client.disconnectRequest();
  });

  test("an event that is not there is said, and another one can be named", async () => {
    const client = await started();
    await client.initializeRequest(INITIALIZE);
    await assert.rejects(client.launchRequest({}), /which event\?/);
    await assert.rejects(client.customRequest("launch", { event: "0".repeat(32) }), /no such event|not found|no event/i);
    await assert.rejects(client.customRequest("attach", { event: "../../etc" }), /is neither an event/);
    const stop = client.waitForEvent("stopped");
    await client.customRequest("attach", { event: native.issue_id });
    await client.configurationDoneRequest();
    await stop;
    await client.terminateRequest();
    await client.disconnectRequest();
  });

  /** The command line with a port, which it says. */
  async function listening(...args) {
    const child = spawn(BINARY, ["debug", ...args, "--port", "0", "--root", HERE, "--server", server.ui], { stdio: ["ignore", "ignore", "pipe"] });
    running.add(child);
    let said = "";
    child.stderr.on("data", (chunk) => { said += chunk; });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const port = await until("a port is said", () => /127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
    return { port: Number(port), ended, said: () => said };
  }

  test("on TCP: what is no debugger is sent away, one session is answered, and then it ends", async () => {
    const { port, ended, said } = await listening(native.id);
    // A page of another site may post to this port; it does not speak the protocol.
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: '{"type":"request","command":"initialize","seq":1}' }));
    await until("it was sent away", () => /is no debugger/.test(said()));
    const client = new testsupport.DebugClient("", "", "reenact");
    await client.start(port);
    client.defaultTimeout = 30_000;
    const stop = client.waitForEvent("stopped");
    await Promise.all([client.configurationSequence(), client.launch({ type: "reenact", request: "attach" })]);
    assert.equal((await stop).body.reason, "exception");
    assert.equal((await client.stackTraceRequest(THREAD)).body.stackFrames[0].name, "total");
    await client.disconnectRequest();
    assert.equal(await ended, 0);
  });

  test("bytes that are no messages end the session, and messages that are no requests do not", async () => {
    const { port, ended } = await listening(native.id);
    const socket = connect(port, "127.0.0.1");
    let got = "";
    socket.on("data", (chunk) => { got += chunk; });
    socket.on("error", () => {});
    const send = (body) => socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    send('{"seq":1,"type":"request","command":"initialize","arguments":{}}');
    for (const hostile of ["{", "[]", "null", "\u0000", '{"type":"request"}', '{"type":"request","seq":"x","command":7}', "[".repeat(100_000)]) send(hostile);
    send('{"seq":2,"type":"request","command":"threads"}');
    await until("threads are answered", () => /"command":"threads"/.test(got));
    assert.match(got, /a message was passed over/);
    socket.write(`X${"y".repeat(5_000)}`);
    assert.equal(await ended, 1);
  });
});
