/** Size and scale of the picture. */

/** Width of the scroll bars, as viewer.css draws them. */
const BAR = 12;

export interface Fitted { scale: number; scrollX: boolean; scrollY: boolean }

/** Scale for a page of `width` × `height` in a box; `fit` never enlarges. Pure. */
export function fit(width: number, height: number, boxWidth: number, boxHeight: number, zoom: 'fit' | number): Fitted {
  if (width <= 0 || height <= 0) return { scale: 1, scrollX: false, scrollY: false };
  if (zoom === 'fit') {
    const scale = Math.min(1, boxWidth / width);
    if (Math.floor(height * scale) <= boxHeight) return { scale, scrollX: false, scrollY: false };
    return { scale: Math.min(1, Math.max(0, boxWidth - BAR) / width), scrollX: false, scrollY: true };
  }
  let scrollX = Math.floor(width * zoom) > boxWidth;
  const scrollY = Math.floor(height * zoom) > boxHeight - (scrollX ? BAR : 0);
  scrollX ||= Math.floor(width * zoom) > boxWidth - (scrollY ? BAR : 0);
  return { scale: zoom, scrollX, scrollY };
}

export class Stage {
  scale = 1;
  private zoom: 'fit' | number = 'fit';
  private width = 0;
  private height = 0;

  constructor(private readonly view: HTMLElement, private readonly sizer: HTMLElement, private readonly changed: () => void) {
    new ResizeObserver(() => this.layout()).observe(view);
  }

  setZoom(zoom: 'fit' | number): void {
    this.zoom = zoom === 'fit' ? 'fit' : Math.min(5, Math.max(0.1, zoom));
    this.layout();
  }

  setPage(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.layout();
  }

  /** Page coordinates of a mouse position. */
  toPage(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const r = this.sizer.getBoundingClientRect();
    return { x: (event.clientX - r.left) / this.scale, y: (event.clientY - r.top) / this.scale };
  }

  private layout(): void {
    const { scale, scrollX, scrollY } = fit(this.width, this.height, this.view.offsetWidth, this.view.offsetHeight, this.zoom);
    this.view.style.overflowX = scrollX ? 'scroll' : 'hidden';
    this.view.style.overflowY = scrollY ? 'scroll' : 'hidden';
    this.sizer.style.width = `${Math.floor(this.width * scale)}px`;
    this.sizer.style.height = `${Math.floor(this.height * scale)}px`;
    this.sizer.classList.toggle('has-page', this.width > 0);
    document.documentElement.style.setProperty('--scale', String(scale));
    const different = scale !== this.scale;
    this.scale = scale;
    if (different) this.changed();
  }
}
