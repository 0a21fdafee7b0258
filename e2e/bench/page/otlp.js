// Reads OTLP requests of traces in protobuf, to see that what is compared says the same.

/** What a request says: the resource, and every span. */
export function read(body) {
  const request = { resource: {}, spans: [] };
  for (const [, resourceSpans] of fields(body, 1)) {
    for (const [, resource] of fields(resourceSpans, 1)) {
      request.resource = attributes(resource, 1);
    }
    for (const [, scopeSpans] of fields(resourceSpans, 2)) {
      for (const [, it] of fields(scopeSpans, 2)) {
        request.spans.push(span(it));
      }
    }
  }
  return request;
}

function span(bytes) {
  const all = Object.fromEntries(fields(bytes));
  return {
    trace: hex(all[1]),
    parent: all[4] ? hex(all[4]) : '',
    name: text(all[5]),
    kind: Number(all[6]),
    start: fixed64(all[7]),
    end: fixed64(all[8]),
    attributes: attributes(bytes, 9),
    status: all[15] ? Number(Object.fromEntries(fields(all[15]))[3] ?? 0) : 0,
  };
}

function attributes(bytes, field) {
  const all = {};
  for (const [, it] of fields(bytes, field)) {
    const pair = Object.fromEntries(fields(it));
    all[text(pair[1])] = value(pair[2]);
  }
  return all;
}

function value(bytes) {
  const [field, it] = fields(bytes)[0];
  switch (field) {
    case 1: return text(it);
    case 2: return it !== 0n;
    case 3: return Number(BigInt.asIntN(64, it));
    case 4: return new DataView(it.buffer, it.byteOffset, 8).getFloat64(0, true);
    case 5: return fields(it, 1).map(([, element]) => value(element));
    default: throw new Error(`a value of field ${field}`);
  }
}

/** The fields of a message, or those of one number. */
function fields(bytes, wanted) {
  const found = [];
  let at = 0;
  const varint = () => {
    let number = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      number |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
  };
  const take = (count) => bytes.subarray(at, (at += count));
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    const it =
      wire === 0 ? varint() : wire === 1 ? take(8) : wire === 2 ? take(Number(varint())) : take(4);
    if (wanted === undefined || wanted === number) found.push([number, it]);
  }
  return found;
}

/** As the JavaScript SDK takes it: seconds and nanoseconds. */
function fixed64(bytes) {
  const nanos = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const text = (bytes) => new TextDecoder().decode(bytes);
