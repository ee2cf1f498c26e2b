import type { Transit } from './transit.ts';

/** Identifiers above this belong to the control packets of the mqtt package (SUBSCRIBE, UNSUBSCRIBE). */
export const HIGHEST_PUBLISH_ID = 64_999;

const FEWEST = 128;

/**
 * Packet identifiers of published messages, given out in turn, so that an identifier rests as long as possible before
 * it is used again and a late or repeated acknowledgement meets nobody.
 */
export class PacketIds {
  #transits: (Transit | undefined)[] = Array.from({ length: FEWEST + 1 });
  #last = 0;
  #used = 0;

  get used(): number {
    return this.#used;
  }

  /** Gives `transit` a free identifier. There must be one: windows are smaller than the range. */
  take(transit: Transit): number {
    if (this.#used * 2 >= this.#transits.length && this.#transits.length <= HIGHEST_PUBLISH_ID) this.#grow();
    let id = this.#last;
    do id = id + 1 < this.#transits.length ? id + 1 : 1;
    while (this.#transits[id] !== undefined);
    this.#transits[id] = transit;
    this.#last = id;
    this.#used++;
    return id;
  }

  /** The message published under this identifier, if it is still in flight. */
  find(id: number): Transit | undefined {
    return this.#transits[id];
  }

  free(id: number): void {
    this.#transits[id] = undefined;
    this.#used--;
  }

  #grow(): void {
    this.#transits.length = Math.min(this.#transits.length * 2, HIGHEST_PUBLISH_ID + 1);
  }
}
