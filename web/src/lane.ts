// What the timeline asks of each of its lanes, and what it tells them about the space they have.

export interface Lane {
  readonly element: HTMLElement;
  readonly title: string;
  /** Draws the window that the view shows, if the lane is open and near the screen. */
  readonly draw: () => void;
  /** Follows the pointer. */
  readonly point: () => void;
}

export interface Plot {
  /** Pixels: of a whole lane, left of its picture (the scale), right of it, and of the picture itself. */
  total(): number;
  left(): number;
  right(): number;
  width(): number;
  visible(element: Element): boolean;
}
