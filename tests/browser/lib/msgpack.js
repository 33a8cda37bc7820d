// Just enough msgpack to speak like a tracer: maps, arrays, text, numbers.

export function encode(value) {
  const parts = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value, parts) {
  if (value === null || value === undefined) parts.push(Buffer.from([0xc0]));
  else if (typeof value === "boolean") parts.push(Buffer.from([value ? 0xc3 : 0xc2]));
  else if (typeof value === "bigint") parts.push(sized(0xcf, 8, (b) => b.writeBigUInt64BE(value, 1)));
  else if (typeof value === "number") parts.push(number(value));
  else if (typeof value === "string") {
    const bytes = Buffer.from(value, "utf8");
    parts.push(sized(0xdb, 4, (b) => b.writeUInt32BE(bytes.length, 1)), bytes);
  } else if (Array.isArray(value)) {
    parts.push(sized(0xdd, 4, (b) => b.writeUInt32BE(value.length, 1)));
    for (const item of value) write(item, parts);
  } else {
    const entries = Object.entries(value);
    parts.push(sized(0xdf, 4, (b) => b.writeUInt32BE(entries.length, 1)));
    for (const [key, item] of entries) {
      write(key, parts);
      write(item, parts);
    }
  }
}

function number(value) {
  if (!Number.isInteger(value) || value < 0) return sized(0xcb, 8, (b) => b.writeDoubleBE(value, 1));
  return sized(0xce, 4, (b) => b.writeUInt32BE(value, 1));
}

function sized(tag, length, fill) {
  const bytes = Buffer.alloc(1 + length);
  bytes[0] = tag;
  fill(bytes);
  return bytes;
}
