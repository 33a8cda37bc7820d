"use strict";
// Shows the event in the block of JSON. Whatever it holds becomes text nodes.
(() => {
  const { event, test, made_at: madeAt } = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  // Those of fixtures/hidden.txt.
  const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|(?<![\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299\u{1f000}-\u{1faff}])\ufe0f/gu;
  const MOST = 500;

  const escaped = (found) => [...found].map((one) => {
    const code = one.codePointAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  }).join("");
  const visible = (text) => String(text).replace(HIDDEN, escaped);

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick") element.addEventListener("click", value);
      else element.setAttribute(key, value);
    }
    for (const child of children) element.append(child);
    return element;
  }
  const text = (value) => document.createTextNode(visible(value));

  function summary(value) {
    if (value.is_null) return "None";
    if (value.value != null) return value.value + (value.truncated ? "…" : "");
    const size = value.size != null ? `, size ${value.size}` : "";
    const reason = value.not_captured ? ` ‹${String(value.not_captured).replaceAll("_", " ")}${value.rule ? `: ${value.rule}` : ""}›` : "";
    return `${value.type}${size}${reason}`;
  }

  function parts(value) {
    if (value.fields) return Object.entries(value.fields).map(([name, inner]) => [`.${name}`, inner]);
    if (value.elements) return value.elements.map((inner, index) => [`[${index}]`, inner]);
    if (value.entries) return value.entries.map(([key, inner]) => [`[${summary(key)}]`, inner]);
    return [];
  }

  /** A value; what is in it is made when it is opened. */
  function tree(name, value) {
    const inner = parts(value);
    const label = [make("span", { class: "key" }, text(name)), text(` = ${summary(value)}`)];
    if (inner.length === 0) return make("div", { class: "leaf mono" }, ...label);
    const opened = make("details", { class: "tree mono" }, make("summary", {}, ...label));
    opened.addEventListener("toggle", () => {
      for (const [step, part] of inner.slice(0, MOST)) opened.append(tree(step, part));
      if (inner.length > MOST) opened.append(make("div", { class: "leaf muted" }, text(`${inner.length - MOST} more`)));
    }, { once: true });
    return opened;
  }

  function source(frame) {
    const lines = frame.source?.lines ?? [];
    if (lines.length === 0) return [];
    const shown = make("pre");
    lines.forEach((line, index) => {
      const number = frame.source.first_line_number + index;
      const at = number === frame.line_number;
      shown.append(make("span", at ? { class: "at" } : {}, text(`${at ? ">" : " "} ${String(number).padStart(5)}  ${line}`)), document.createTextNode("\n"));
    });
    return [shown];
  }

  function frame(one, isDeepest) {
    const line = one.line_number != null ? `:${one.line_number}` : "";
    const title = make("summary", { class: "mono" }, make("strong", {}, text(one.qualified_name ?? one.function)), text(`  ${one.file}${line}`));
    const shown = make("details", { class: one.in_app ? "frame" : "frame outside" }, title, ...source(one));
    let any = false;
    for (const [group, name] of [["arguments", "Arguments"], ["locals", "Locals"], ["closure", "Closure"], ["globals", "Globals"]]) {
      const variables = Object.entries(one.values[group] ?? {});
      if (variables.length === 0) continue;
      any = true;
      shown.append(make("p", { class: "muted" }, name), ...variables.map(([key, value]) => tree(key, value)));
    }
    if (!any) shown.append(make("p", { class: "muted" }, text(one.values.reason || "No values.")));
    shown.open = isDeepest;
    return shown;
  }

  function exception(one) {
    const said = one.message ? `: ${one.message}` : "";
    const shown = [make("h2", {}, text(`${one.type}${said}`))];
    const frames = [...one.frames].reverse();
    const deepest = frames.find((frame) => frame.in_app) ?? frames[0];
    shown.push(...frames.map((each) => frame(each, each === deepest)));
    for (const chain of one.members ?? []) {
      const member = chain.at(-1);
      shown.push(make("p", { class: "mono" }, text(`in this group: ${member.type}${member.message ? `: ${member.message}` : ""}`)));
    }
    if (one.relation) shown.push(make("p", { class: "muted" }, one.relation === "cause" ? "was the cause of the exception above" : "was being handled when the exception above was raised"));
    return shown;
  }

  function save(name, type, content) {
    const address = URL.createObjectURL(new Blob([content], { type }));
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  const escapedException = event.exceptions.at(-1);
  document.title = `${visible(escapedException?.type ?? "Event")} · Reenact`;
  const facts = [["Event", event.id], ["Issue", event.issue_id], ["Time", event.timestamp], ["Service", event.service], ["Environment", event.env], ["Version", event.version], ["Commit", event.commit], ["Client", `${event.client.name} ${event.client.version ?? ""}`], ["Runtime", event.runtime && `${event.runtime.implementation} ${event.runtime.version}`], ["Made", madeAt]];
  page.replaceChildren(
    make("h1", {}, text(escapedException?.type ?? "Event")),
    make("p", { class: "note", role: "note" }, "Texts are redacted in this file: of captured values numbers, booleans and the shape are left."),
    make("dl", {}, ...facts.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", { class: "mono" }, text(value))])),
    ...[...event.exceptions].reverse().flatMap(exception),
    make("h2", {}, "Test"),
    ...("Ok" in test
      ? [make("button", { type: "button", onclick: () => save(test.Ok.file_name, "text/x-python", test.Ok.text) }, "Save the test"), make("pre", { "aria-label": "The test" }, document.createTextNode(test.Ok.text))]
      : [make("p", { class: "muted" }, text(test.Err))]),
    make("h2", {}, "JSON"),
    make("button", { type: "button", onclick: () => save(`event-${event.id.slice(0, 16)}.json`, "application/json", JSON.stringify(event, null, 2)) }, "Save the JSON"),
  );
})();
