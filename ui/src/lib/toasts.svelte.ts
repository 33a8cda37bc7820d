// Short messages in the corner: what was done, with a way back; what failed, with a way to try again.
export interface Way {
  text: string;
  keys?: string;
  take: () => void;
}

export interface Toast {
  id: number;
  text: string;
  failed: boolean;
  way: Way | null;
}

const MOST = 3;

let all = $state.raw<readonly Toast[]>([]);
let said = $state("");
let last = 0;

function put(text: string, failed: boolean, way: Way | null): number {
  const id = ++last;
  all = [...all, { id, text, failed, way }].slice(-MOST);
  // The same words twice have to differ to be read aloud twice.
  if (!failed) said = said === text ? `${text}\u00a0` : text;
  return id;
}

export const toasts = {
  get all() { return all; },
  /** The newest message, for those who hear the page. What failed speaks for itself. */
  get said() { return said; },
  tell: (text: string, way: Way | null = null): number => put(text, false, way),
  fail: (text: string, way: Way | null = null): number => put(text, true, way),
  dismiss(id: number): void { all = all.filter((toast) => toast.id !== id); },
};
