/** Section 4: a node's share of the checksum. 32-bit unsigned. */
export function mix(id: number, parent: number): number {
  let h = Math.imul(id, 0x9e3779b1) ^ Math.imul(parent, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Number of live nodes and the sum of their mixes, kept as nodes come, go and move. */
export class Checksum {
  count = 0;
  sum = 0;

  add(id: number, parent: number): void {
    this.count++;
    this.sum = (this.sum + mix(id, parent)) >>> 0;
  }

  remove(id: number, parent: number): void {
    this.count--;
    this.sum = (this.sum - mix(id, parent)) >>> 0;
  }

  move(id: number, from: number, to: number): void {
    this.sum = (this.sum - mix(id, from) + mix(id, to)) >>> 0;
  }
}
