// Comments that were begun and not sent, kept while the page is open, wherever the reader goes in between.
import { SvelteMap } from "svelte/reactivity";

const drafts = new SvelteMap<string, string>();

export const draft = {
  of: (issueId: string): string => drafts.get(issueId) ?? "",
  keep(issueId: string, text: string): void {
    if (text === "") drafts.delete(issueId);
    else drafts.set(issueId, text);
  },
};
