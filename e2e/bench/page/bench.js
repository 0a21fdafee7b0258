// The browser client beside OpenTelemetry's JavaScript SDK, in one page, in turns. The result is `window.result`.

import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import init, * as client from './client.js';
import { read } from './otlp.js';

/** Rounds before those that count: an engine compiles a function once more, for speed, when it has run often enough. */
const WARM_UP = 60;
const ROUNDS = 60;
/** Spans created in one round. They are sent when it is over: neither side sends in the task that creates them. */
const SPANS = 500;
const FETCHES = 512;
const FETCHES_A_PARENT = 8;

/** What the client handed to `fetch`. */
let bodies = [];

async function bench() {
  await init();
  window.fetch = (_input, { body }) => {
    bodies.push({ bytes: body, at: performance.now() });
    return Promise.resolve(new Response(null, { status: 200 }));
  };
  client.install();
  const items = Array.from({ length: SPANS }, (_, n) => `item-${n}`);
  client.set_items(items);

  const content = await sameContent();
  const theirs = new Theirs(content.resource);
  const first = {};
  const times = { createOurs: [], createTheirs: [], ours: [], protobuf: [], json: [] };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const turns = [
      async () => [['createOurs', timed(() => client.create_and_end())]],
      async () => [['createTheirs', timed(() => theirs.createAndEnd(items))]],
      async () => [['ours', await encodeOurs(parents())]],
      async () => {
        const spans = theirs.fetches(content.spans);
        return [['protobuf', timed(() => ProtobufTraceSerializer.serializeRequest(spans))]];
      },
      async () => {
        const spans = theirs.fetches(content.spans);
        return [['json', timed(() => JsonTraceSerializer.serializeRequest(spans))]];
      },
    ];
    if (round % 2) turns.reverse();
    for (const turn of turns) {
      for (const [name, time] of await turn()) {
        first[name] ??= time;
        if (round >= 0) times[name].push(time);
      }
      await theirs.flush();
      await settled();
    }
  }

  const written = (serializer, requests) =>
    requests.map(({ spans }) => serializer.serializeRequest(theirs.fetches(spans)));
  const protobuf = written(ProtobufTraceSerializer, content.requests);
  protobuf.forEach((body, index) => expectSame(content.requests[index], read(body)));
  return {
    rounds: ROUNDS,
    firstOursMicros: (first.createOurs * 1000) / SPANS,
    firstTheirsMicros: (first.createTheirs * 1000) / SPANS,
    createOursMicros: (median(times.createOurs) * 1000) / SPANS,
    createTheirsMicros: (median(times.createTheirs) * 1000) / SPANS,
    encodeOursMicros: median(times.ours) * 1000,
    encodeProtobufMicros: median(times.protobuf) * 1000,
    encodeJsonMicros: median(times.json) * 1000,
    bytesOurs: await sizes(content.bodies),
    bytesProtobuf: await sizes(protobuf),
    bytesJson: await sizes(written(JsonTraceSerializer, content.requests)),
    bytesAtOnce: await sizes(written(ProtobufTraceSerializer, [content])),
    requests: content.bodies.length,
  };
}

/** What the client makes of 512 fetches: the other side gets exactly this to say. */
async function sameContent() {
  // The first time the client also tells of the page's own load.
  await encodeOurs(parents());
  await encodeOurs(parents());
  const sent = bodies.map((body) => body.bytes);
  const requests = sent.map(read);
  const spans = requests.flatMap((request) => request.spans);
  if (spans.length !== FETCHES) throw new Error(`${spans.length} spans arrived`);
  return { resource: requests[0].resource, spans, requests, bodies: sent };
}

/** From the first span's end until the last body is with `fetch`, as when a page is left. */
async function encodeOurs(parents) {
  client.start_fetches(parents);
  bodies = [];
  const start = performance.now();
  client.end_fetches();
  window.dispatchEvent(new Event('pagehide'));
  await settled();
  return Math.max(...bodies.map((body) => body.at)) - start;
}

/** OpenTelemetry's SDK, as an application sets it up. */
class Theirs {
  constructor(resource) {
    const exporter = {
      export: (_spans, done) => done({ code: 0 }),
      shutdown: async () => {},
    };
    this.batches = new BatchSpanProcessor({ exporter });
    const options = { resource: resourceFromAttributes(resource) };
    this.tracer = new TracerProvider({ ...options, spanProcessors: [this.batches] }).getTracer('bench');
    // Spans that are only serialized go through no processor.
    this.silent = new TracerProvider({ ...options, spanProcessors: [] }).getTracer('bench');
  }

  createAndEnd(items) {
    for (let n = 0; n < items.length; n++) {
      const attributes = {
        'app.section': 'checkout',
        'item.id': items[n],
        'item.count': n,
        'item.price': 9.5,
        'item.in_stock': true,
      };
      this.tracer.startSpan('bench', { attributes }).end();
    }
  }

  fetches(spans) {
    return spans.map((it) => {
      const parent = { traceId: it.trace, spanId: it.parent, traceFlags: 1, isRemote: true };
      // The API counts kinds from 0, the protocol from 1.
      const options = { kind: it.kind - 1, attributes: it.attributes, startTime: it.start };
      const span = this.silent.startSpan(it.name, options, trace.setSpanContext(ROOT_CONTEXT, parent));
      span.end(it.end);
      return span;
    });
  }

  flush() {
    return this.batches.forceFlush();
  }
}

function parents() {
  const id = (bytes) =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return Array.from({ length: FETCHES / FETCHES_A_PARENT }, () => `${id(16)}-${id(8)}`);
}

/** All that the client has was sent and answered. */
async function settled() {
  do {
    client.flush();
    await new Promise((resolve) => setTimeout(resolve));
  } while (client.pending() > 0);
}

function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function expectSame(ours, theirs) {
  const sorted = (attributes) => Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const comparable = ({ resource, spans }) =>
    JSON.stringify([sorted(resource), spans.map((it) => ({ ...it, attributes: sorted(it.attributes) }))]);
  if (comparable(ours) !== comparable(theirs)) {
    throw new Error(`not the same content: ${comparable(ours).slice(0, 2000)} ${comparable(theirs).slice(0, 2000)}`);
  }
}

async function sizes(all) {
  const total = { raw: 0, gzip: 0 };
  for (const bytes of all) {
    const zipped = new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip')));
    total.raw += bytes.length;
    total.gzip += (await zipped.arrayBuffer()).byteLength;
  }
  return total;
}

bench().then(
  (result) => (window.result = result),
  (error) => (window.result = { error: `${error}\n${error.stack}` }),
);
