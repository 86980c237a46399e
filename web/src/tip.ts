// The box that says what is under the pointer. A click pins it, so that its text can be read whole and copied.

import { el } from "./dom.ts";

export class Tip {
  private readonly box = el("div", { class: "tip", role: "status", hidden: true });
  private pinned = false;

  constructor(host: HTMLElement) {
    host.append(this.box);
  }

  show(event: MouseEvent, name: string, when: string, detail: string): void {
    if (!this.pinned) this.put(event, name, when, detail);
  }

  pin(event: MouseEvent, name: string, when: string, detail: string): void {
    this.pinned = true;
    this.put(event, name, when, detail);
    this.box.classList.add("pinned");
    this.box.prepend(el("button", { type: "button", class: "close", "aria-label": "Close", click: () => this.unpin() }, "×"));
  }

  hide(): void {
    if (!this.pinned) this.box.hidden = true;
  }

  unpin(): void {
    this.pinned = false;
    this.box.classList.remove("pinned");
    this.box.hidden = true;
  }

  private put(event: MouseEvent, name: string, when: string, detail: string): void {
    this.box.replaceChildren(
      el("strong", {}, name.slice(0, 400)), el("div", {}, when), detail ? el("pre", {}, detail) : "");
    this.box.hidden = false;
    const { width, height } = this.box.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, window.innerWidth - width - 8);
    const below = event.clientY + 16 + height < window.innerHeight;
    this.box.style.left = `${Math.max(4, x)}px`;
    this.box.style.top = `${Math.max(4, below ? event.clientY + 16 : event.clientY - height - 12)}px`;
  }
}
