// Comments: a small part of Markdown as data. Whatever is not understood stays the text it is.

export type Inline = { kind: "text" | "code" | "strong" | "em" | "link"; text: string };
export type Block = { kind: "code"; text: string } | { kind: "paragraph"; lines: Inline[][] } | { kind: "list"; items: Inline[][] };

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<![\w*])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])|\bhttps?:\/\/[^\s<>"'`]+/g;
/** What ends a sentence after an address is not part of it. */
const TAIL = /[.,;:!?)\]]+$/;

export function inline(line: string): Inline[] {
  const out: Inline[] = [];
  let plain = 0;
  const text = (to: number) => { if (to > plain) out.push({ kind: "text", text: line.slice(plain, to) }); };
  for (const match of line.matchAll(INLINE)) {
    const [whole, code, strong, em] = match;
    text(match.index);
    plain = match.index + whole.length;
    if (code !== undefined) out.push({ kind: "code", text: code });
    else if (strong !== undefined) out.push({ kind: "strong", text: strong });
    else if (em !== undefined) out.push({ kind: "em", text: em });
    else {
      const address = whole.replace(TAIL, "");
      out.push({ kind: "link", text: address });
      plain = match.index + address.length;
    }
  }
  text(line.length);
  return out;
}

const ITEM = /^\s{0,3}[-*] +(.*)$/;

export function prose(source: string): Block[] {
  const out: Block[] = [];
  const lines = source.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.startsWith("```")) {
      const end = lines.findIndex((later, i) => i > at && later.startsWith("```"));
      const stop = end < 0 ? lines.length : end;
      out.push({ kind: "code", text: lines.slice(at + 1, stop).join("\n") });
      at = stop;
      continue;
    }
    const before = at > 0 && lines[at - 1]!.trim() !== "" ? out.at(-1) : undefined;
    const item = ITEM.exec(line)?.[1];
    if (item !== undefined) {
      if (before?.kind === "list") before.items.push(inline(item));
      else out.push({ kind: "list", items: [inline(item)] });
    } else if (line.trim() !== "") {
      if (before?.kind === "paragraph") before.lines.push(inline(line));
      else out.push({ kind: "paragraph", lines: [inline(line)] });
    }
  }
  return out;
}
