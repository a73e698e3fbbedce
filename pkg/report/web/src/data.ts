// SPDX-License-Identifier: Apache-2.0
//
// The document that the page shows, as pkg/report/run_report.h describes it. Everything but the run may be missing: then the page says so,
// or leaves the part out.

/** Microseconds, or "> 5s" for what lies among requests without an answer. */
export type Latency = number | string;

export interface Stats {
  [name: string]: Latency | undefined;
}

export interface Figures {
  window?: {piece?: number; kind?: string; from: string; to: string};
  requests: number;
  succeeded?: number;
  errors: number;
  censored?: number;
  offered?: number;
  bytesIn?: number;
  errorRatio: string;
  rateOffered?: string;
  rateAchieved: string;
  latencyMicros?: Stats;
  latencyKind?: 'intended' | 'uncorrected';
  serviceMicros?: Stats;
  errorLatencyMicros?: Stats;
  ttfbMicros?: Stats;
  pacingMicros?: Stats;
  backlogMicros?: Stats;
  connectMicros?: Stats;
  handshakeMicros?: Stats;
  byStatus?: Record<string, number>;
  errorsByClass?: Record<string, number>;
  /** Of latencyMicros; the upper end is "open" where none could be told. */
  interval95?: Record<string, [number, number | string]>;
  saturated?: 'client' | 'server' | 'none';
  pacing?: 'precise' | 'narrowed' | 'coarse';
  floorMicros?: {p50?: number; p99?: number};
}

export interface Piece extends Figures {
  index: number;
  kind: string;
  from: string;
  to: string;
}

export interface Named extends Figures {
  name: string;
}

export interface Reason {
  about: 'validity' | 'verdict';
  reason: string;
  message: string;
}

export interface Objective {
  metric: string;
  limit: string;
  value: string;
  met: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

export interface ComparedMetric {
  metric: string;
  role: 'primary' | 'gate' | 'exploratory';
  a?: string;
  b?: string;
  /** Of what is no share: "1.1200". */
  ratio?: string;
  /** Of a share, in percentage points: "+0.200pp". */
  difference?: string;
  low?: string;
  high?: string;
  smallestVisible?: string;
  verdict: 'worse' | 'better' | 'equivalent' | 'inconclusive';
  reason?: string;
}

export interface Comparison {
  baseline?: {run?: string; digest?: string};
  verdict?: string;
  message?: string;
  confirmation?: string;
  method?: string;
  arms?: Arm[];
}

/** One side against another: a run against its baseline, or a variant against the first. */
export interface Arm {
  a: string;
  b: string;
  aTrials?: number;
  bTrials?: number;
  /** Of variants: trials in turn, and how many more would tell. */
  pairs?: number;
  verdict?: ComparedMetric['verdict'];
  message?: string;
  /** Of variants: what one adds to latency beside the other, in time. */
  added?: {part?: string; text?: string};
  metrics: ComparedMetric[];
}

export interface Variant {
  name: string;
  /** What was changed in the cluster while it was loaded. */
  applied?: string;
}

export interface Trial {
  index: number;
  variant?: string;
  validity?: string;
  rate?: string;
  p50?: string;
  p99?: string;
  errorRatio?: string;
  startTime?: string;
  /** Of a probe of a search: whether its rate held. */
  outcome?: 'held' | 'likely' | 'unlikely' | 'failed';
}

/** What a search for the highest rate came to. */
export interface Capacity {
  rate?: string;
  low?: string;
  high?: string;
  /** What did not hold at 'high': a metric, "backlog", "generator", "limit", or a reason of a probe's validity. */
  limitedBy?: string;
}

export interface Explanation {
  text: string;
  evidence?: string;
  confidence?: 'high' | 'medium' | 'possible';
  object?: string;
  field?: string;
}

export interface Mesh {
  type?: string;
  mode?: string;
  version?: string;
  clientMeshed?: string;
  serverMeshed?: string;
  effective?: string;
  /** Of the proxies beside generator and target. */
  proxyCpu?: {client?: string; server?: string};
  proxyMemory?: {client?: string; server?: string};
  policies?: {key: string; value: string; origin: string}[];
  policiesLeft?: number;
  findings?: string[];
  unknown?: string[];
}

export type ShapePiece = Record<string, Record<string, string | number>>;

export interface Load {
  target: {service?: {name: string; namespace?: string; port?: string | number}; url?: string; scheme?: string; host?: string};
  shape?: ShapePiece[];
  timeout?: string;
  warmup?: string;
  arrival?: string;
  pacing?: string;
  workers?: number | 'auto';
  concurrency?: {
    connections?: number;
    whenBusy?: string;
    maxConnections?: number;
    reconnectAfter?: {requests?: number; time?: string};
  };
  headersFrom?: string[];
  requests?: {
    name: string;
    method?: string;
    path?: string;
    weight?: number;
    headers?: string[];
    body?: string;
    expect?: (number | string)[];
  }[];
}

export type Column<T = number> = (T | null)[];

export interface Series {
  pointMs: number;
  timeoutMs: number;
  from: number[];
  to: number[];
  workers: Column;
  offered: Column;
  achieved: Column;
  failed: Column;
  p50: Column<Latency>;
  p90: Column<Latency>;
  max: Column<Latency>;
  inFlight: Column;
  backlog: Column;
  cores: Column;
  /** Of the target's pods together; absent when nobody sampled them. */
  targetCores?: Column;
  targetCoresLimit?: Column;
  targetMemoryMiB?: Column;
  targetMemoryLimitMiB?: Column;
  /** Percent of the periods in which a CPU limit stopped the pod that it stopped most. */
  targetThrottled?: Column;
}

/** One series of a source that the administrator named, at instants of its own. */
export interface Metric {
  name: string;
  source: string;
  unit?: string;
  labels?: string;
  from: number;
  step: number;
  values: Column;
}

/** What a profile asked for, over all series, and why something is missing. */
export interface AskedMetric {
  name: string;
  source: string;
  unit?: string;
  series?: number;
  min?: string;
  mean?: string;
  max?: string;
  problem?: string;
}

export interface Tail {
  pointMs: number;
  from: number[];
  to: number[];
  p99: Column<Latency>;
}

export interface Change {
  atMs: number | null;
  at: string;
  kind: string;
  object: string;
  text: string;
}

/** Of one pod, quantities as Kubernetes writes them, or "unknown". */
export interface Used {
  mean?: string;
  max?: string;
  limit?: string;
}

export interface Report {
  version: number;
  run: {
    name: string;
    namespace?: string;
    uid?: string;
    profile?: string;
    phase?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
    local: boolean;
  };
  validity?: string;
  verdict?: string;
  reasons?: Reason[];
  objectives?: Objective[];
  comparison?: Comparison;
  explanations?: Explanation[];
  trials?: Trial[];
  variants?: Variant[];
  capacity?: Capacity;
  results?: Figures;
  whole?: Figures;
  byPiece?: Piece[];
  byRequest?: Named[];
  load?: Load;
  curve?: {latency: [number, number][]; service?: [number, number][]};
  histogram?: {perDecade: number; first: number; ok: number[]; error: number[]; censored: number};
  series?: Series;
  tail?: Tail;
  metrics?: Metric[];
  changes?: Change[];
  gaps?: {fromMs: number | null; toMs: number | null}[];
  context?: {
    target?: {
      pods?: {min: number | string; max: number | string};
      images?: string[];
      restarts?: number | string;
      cpu?: Used;
      memory?: Used;
      throttled?: string;
    };
    samples?: {source?: string; every?: string; covered?: string; problem?: string};
    metrics?: AskedMetric[];
    mesh?: Mesh;
    nodes?: {name: string; role: string; kernel: string; kubelet: string; instanceType: string; cpuMax?: string; memoryMax?: string; steal?: string}[];
  };
  provenance?: {
    program?: string;
    operator?: string;
    image?: string;
    profileDigest?: string;
    addresses?: string[];
    labels?: Record<string, string>;
    workers?: {wanted?: number; ready?: number; finished?: number; startSkewMicros?: number; startAt?: string};
  };
  evidence?: {configMap: string; digest: string; chunks: number; bytes: number};
}

export function parseReport(text: string): Report {
  const report = JSON.parse(text) as Report;
  if (report.version !== 1) throw new Error('There is no run in this page: it is the empty form that reports are made of.');
  return report;
}
