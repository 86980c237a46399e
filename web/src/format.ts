// How quantities are written for a person; the same rules as godyno's units.py.

function threeFigures(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2);
}

function scaled(value: number, scale: [string, number][]): string {
  if (value === 0) return `0 ${(scale.find(([, factor]) => factor >= 1) ?? scale[0])[0]}`;
  let [unit, factor] = scale[scale.length - 1];
  for (const [u, f] of scale) {
    if (Math.abs(value) < 999.5 * f) {
      [unit, factor] = [u, f];
      break;
    }
  }
  return `${threeFigures(value / factor)} ${unit}`;
}

export function showBytes(value: number): string {
  return scaled(value, [["B", 1], ["kB", 1e3], ["MB", 1e6], ["GB", 1e9], ["TB", 1e12]]);
}

export function showSeconds(value: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? "-" : "";
  if (magnitude >= 3599.5) {
    const minutes = Math.round(magnitude / 60);
    return `${sign}${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  }
  if (magnitude >= 119.5) {
    const whole = Math.round(magnitude);
    return `${sign}${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  }
  return scaled(value, [["ns", 1e-9], ["µs", 1e-6], ["ms", 1e-3], ["s", 1]]);
}

export function showCount(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  return threeFigures(value);
}

/** `value` in base unit `unit`, for a person. */
export function show(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  switch (unit) {
    case "By": return showBytes(value);
    case "By/s": return `${showBytes(value)}/s`;
    case "s": return showSeconds(value);
    case "ns": return showSeconds(value * 1e-9);
    case "1": return `${Math.abs(value) < 9.995 ? Number((value * 100).toPrecision(3)) : showCount(Math.round(value * 100))} %`;
    case "CPU": return `${Number(threeFigures(value))} CPU`;
    case "": return showCount(value);
    default: return `${showCount(value)} ${unit.replace(/^\{(.*)\}/, "$1")}`;
  }
}

/** An instant since the start, with as many digits as `step` (seconds between two neighbours) needs. */
export function showInstant(seconds: number, step: number): string {
  const digits = Math.min(9, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const magnitude = Math.abs(seconds);
  if (magnitude < 120) return `${seconds.toFixed(digits)} s`;
  const whole = Math.floor(magnitude + 1e-9);
  const fraction = digits ? (magnitude - whole).toFixed(digits).slice(1) : "";
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${fraction}`;
  return `${seconds < 0 ? "-" : ""}${hours ? `${hours}:` : ""}${rest}`;
}
