// One span with everything a span can carry, one log record, one metric of each kind, exported by
// the official JavaScript SDK: node client.mjs http|proto|grpc URL
import { SpanKind, SpanStatusCode, TraceFlags, context, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [protocol, base] = process.argv.slice(2);

async function exporter(signal, name, path) {
  const module = await import(`@opentelemetry/exporter-${signal}-otlp-${protocol}`);
  return new module[name]({ url: protocol === 'grpc' ? base : `${base}/v1/${path}` });
}

const resource = resourceFromAttributes({ 'service.name': 'foreign', 'host.name': 'h1' });
const traces = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(await exporter('trace', 'OTLPTraceExporter', 'traces'))],
});
const logs = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({
    exporter: await exporter('logs', 'OTLPLogExporter', 'logs'),
  })],
});
const metrics = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({
    exporter: await exporter('metrics', 'OTLPMetricExporter', 'metrics'),
  })],
  views: [{
    instrumentName: 'exponential',
    aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
  }],
});

const linked = { traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '2', traceFlags: TraceFlags.SAMPLED };
const span = traces.getTracer('scope', '1.2.3').startSpan('work', {
  kind: SpanKind.SERVER,
  startTime: new Date(1700000000000),
  links: [{ context: linked, attributes: { why: 'retry' } }],
  attributes: { text: 'grün', whole: 7, real: 0.5, yes: true, list: ['a', 'b'], 'video.job.id': 'j1' },
});
span.addEvent('step', { number: 3 });
span.setStatus({ code: SpanStatusCode.ERROR, message: 'broken' });
span.end(new Date(1700000002000));

logs.getLogger('scope').emit({
  eventName: 'a.b',
  severityNumber: SeverityNumber.WARN,
  severityText: 'WARN',
  body: { hello: 'world', numbers: [1, 2] },
  attributes: { whole: 7 },
  context: trace.setSpan(context.active(), span),
});

const meter = metrics.getMeter('scope');
meter.createCounter('counter', { unit: '1', description: 'counts' }).add(3, { key: 'a' });
meter.createUpDownCounter('updown').add(-2);
meter.createObservableGauge('gauge').addCallback((result) => result.observe(1.5));
const explicit = meter.createHistogram('explicit', { advice: { explicitBucketBoundaries: [1, 2] } });
const exponential = meter.createHistogram('exponential');
for (const value of [0.5, 1.5, 5]) {
  explicit.record(value);
  exponential.record(value);
}

await Promise.all([traces.forceFlush(), logs.forceFlush(), metrics.forceFlush()]);
await Promise.all([traces.shutdown(), logs.shutdown(), metrics.shutdown()]);
console.log(JSON.stringify(span.spanContext()));
