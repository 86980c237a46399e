// The data that the page carries: one gzip'd block in base64, a JSON header followed by columns of numbers. As it is
// base64, no name or line of output in it can ever be read as HTML.

/** A column of `n` numbers, `at` bytes after the header; `delta` says that each is added to the one before. */
export interface Column {
  at: number;
  n: number;
  type: "u32" | "i32" | "f32" | "f64";
  delta?: boolean;
}

/** One line of a chart. Without `hi` every value is exact, with it `lo` and `hi` bound each bucket of the pyramid. */
export interface SeriesData {
  label: string;
  t: Column;
  lo: Column;
  hi?: Column;
  peak: number;
  samples: number;
}

export interface ChartData {
  id: string;
  title: string;
  unit: string;
  group: string;
  open: boolean;
  stepped: boolean;
  note: string;
  series: SeriesData[];
}

export interface TrackData {
  label: string;
  first: number;
  n: number;
}

/** Spans in drawing order: those of a track together, in order of time, and never two at once on a track. */
export interface LaneData {
  id: string;
  title: string;
  note: string;
  open: boolean;
  by_name: boolean; // whether the time of its spans by name is worth a graph
  tracks: TrackData[];
  start: Column;
  end: Column;
  name: Column;
  color: Column;
  detail: Column;
  names: string[];
  colors: string[];
  details: string[];
}

export interface LinesData {
  t: Column;
  stream: Column;
  streams: string[];
  text: string[];
  note: string;
}

export interface StackLayer {
  id: string;
  title: string;
  unit: string;
  note: string;
  baseline: boolean; // of the capture that this one is compared with
  snapshot: boolean; // states at instants, not to be added up
  t: Column;
  stack: Column;
  weight: Column;
  pid: Column;
  tid: Column;
  goroutine: Column;
}

export interface StacksData {
  functions: string[];
  places: string[];
  first: Column;
  frames: Column;
  layers: StackLayer[];
}

export interface Header {
  format: number;
  tick_ns: number;
  start_ns: string;
  span_ticks: number;
  charts: ChartData[];
  lanes: LaneData[];
  lines: LinesData | null;
  stacks: StacksData | null;
  processes: Record<string, string>;
  goroutines: Record<string, string>; // by PID/GOROUTINE
}

export type Numbers = Uint32Array | Int32Array | Float32Array | Float64Array;

const arrays = { u32: Uint32Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };

export class Payload {
  readonly header: Header;
  private readonly buffer: ArrayBuffer;
  private readonly base: number;
  private readonly cache = new Map<string, Numbers>();

  constructor(buffer: ArrayBuffer) {
    const length = new DataView(buffer).getUint32(0, true);
    this.header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Header;
    this.buffer = buffer;
    this.base = Math.ceil((4 + length) / 8) * 8;
    if (this.header.format !== 1) throw new Error(`page data of format ${this.header.format} is not known`);
  }

  /** The numbers of a column; the same column is decoded once. */
  column(column: Column): Numbers {
    const key = `${column.at}:${column.n}:${column.type}`;
    let numbers = this.cache.get(key);
    if (!numbers) {
      numbers = new arrays[column.type](this.buffer, this.base + column.at, column.n);
      if (column.delta) {
        numbers = numbers.slice();
        for (let i = 1; i < numbers.length; i++) numbers[i] += numbers[i - 1];
      }
      this.cache.set(key, numbers);
    }
    return numbers;
  }
}

/** Reads base64 of gzip into bytes. */
export async function unpack(base64: string): Promise<ArrayBuffer> {
  const binary = atob(base64.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
