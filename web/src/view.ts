// What every lane shares: the window of time that is shown, the instant under the pointer, the search, the theme.

type Topic = "range" | "hover" | "search" | "theme" | "select";

export class View {
  readonly end: number;
  readonly tickS: number;
  a: number;
  b: number;
  hover: number | null = null;
  search = "";
  selection: [number, number] | null = null;
  private readonly listeners = new Map<Topic, Set<() => void>>();

  constructor(end: number, tickS: number) {
    this.end = Math.max(end, 1);
    this.tickS = tickS;
    this.a = 0;
    this.b = this.end;
  }

  on(topic: Topic, listener: () => void): void {
    if (!this.listeners.has(topic)) this.listeners.set(topic, new Set());
    this.listeners.get(topic)!.add(listener);
  }

  private tell(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  /** Shows [a, b), kept inside the capture and never narrower than twenty ticks. */
  show(a: number, b: number): void {
    const least = Math.min(20, this.end);
    let width = Math.min(Math.max(b - a, least), this.end);
    const middle = (a + b) / 2;
    a = Math.min(Math.max(0, middle - width / 2), this.end - width);
    if (a === this.a && a + width === this.b) return;
    this.a = a;
    this.b = a + width;
    this.tell("range");
  }

  /** Zooms by `factor` (below 1 is closer) around the instant `center`. */
  zoom(factor: number, center = (this.a + this.b) / 2): void {
    this.show(center - (center - this.a) * factor, center + (this.b - center) * factor);
  }

  /** Moves by a share of what is shown. */
  pan(share: number): void {
    const by = (this.b - this.a) * share;
    const a = Math.min(Math.max(0, this.a + by), this.end - (this.b - this.a));
    this.show(a, a + (this.b - this.a));
  }

  point(t: number | null): void {
    if (t === this.hover) return;
    this.hover = t;
    this.tell("hover");
  }

  find(text: string): void {
    this.search = text.trim().toLowerCase();
    this.tell("search");
  }

  select(range: [number, number] | null): void {
    this.selection = range;
    this.tell("select");
  }

  themed(): void {
    this.tell("theme");
  }

  seconds(ticks: number): number {
    return ticks * this.tickS;
  }
}
