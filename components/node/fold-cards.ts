import type { SceneCard } from './node-scene.ts';

export type FoldedCards = { readonly shown: readonly SceneCard[]; readonly folded: readonly SceneCard[] };

/**
 * Leaves out healthy cards until the rest and one card that counts the folded fit `capacity`. What is not healthy and
 * what is selected is never folded, even where that goes beyond the capacity. Order is kept, nothing is lost:
 * `shown` and `folded` together are `cards`.
 */
export function foldCards(cards: readonly SceneCard[], capacity: number, selection: string | undefined): FoldedCards {
  if (cards.length <= capacity) {
    return { shown: cards, folded: [] };
  }
  const mustStay = (card: SceneCard): boolean => card.tone !== 'good' || card.selection === selection;
  let room = Math.max(0, capacity - 1 - cards.filter(mustStay).length);
  const shown: SceneCard[] = [];
  const folded: SceneCard[] = [];
  for (const card of cards) {
    if (mustStay(card)) {
      shown.push(card);
    } else if (room > 0) {
      room -= 1;
      shown.push(card);
    } else {
      folded.push(card);
    }
  }
  return { shown, folded };
}
